"""The workbench's scripts do what labcode does: pruning, sharing, packing; and what is stored."""

import gzip
import json

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from labcode import data, pruning
from labcode.coding import pack, report, unpack
from labcode.models import lenet5
from labcode.pages.workbench.export import HELD_OUT, stored_files
from labcode.pages.workbench.site import site_files
from labcode.quantization import kmeans, share_weights, symmetric_params
from labcode.weights import baselines
from tests.workbench_scripts import Scripts, layers_of

RUNTIME = 3_650_000  # bytes of ONNX Runtime, compressed


@pytest.fixture(scope="module")
def scripts(tmp_path_factory) -> Scripts:
    return Scripts(tmp_path_factory.mktemp("workbench"))


@pytest.fixture(scope="module")
def trained() -> nn.Module:
    return baselines.load("lenet5")


def small(rng: np.random.Generator) -> nn.Module:
    """A random network of a chain of three layers, some of them tiny."""
    first, second, outputs = (int(n) for n in rng.integers(1, 12, 3))
    side = int(rng.integers(1, 5))
    return nn.Sequential(
        nn.Conv2d(1, first, side), nn.Conv2d(first, second, side), nn.Linear(4 * second, outputs)
    )


def thinned(values: Tensor, rng: np.random.Generator) -> Tensor:
    """Values of some kind that a reader's steps can leave: few, even, half, pruned, all, none."""
    kept = rng.choice([0.0, 0.02, 0.1, 0.5, 1.0])
    kind = rng.choice(["any", "half", "few", "even", "one"])
    made = {
        "any": values,
        "half": values.half().float(),
        "few": (values * 8).round() / 8,
        "even": (values * 40).round() * 0.01,
        "one": torch.full_like(values, 0.3),
    }[kind]
    mask = torch.from_numpy(rng.random(values.shape) < kept)
    if values.ndim > 1 and rng.random() < 0.5:  # whole rows go, as after tidying
        mask &= torch.from_numpy(rng.random(len(values)) < 0.5).view(-1, *[1] * (values.ndim - 1))
    return torch.where(mask, made, -0.0 if rng.random() < 0.2 else 0.0)


def random_states(seed: int, n: int, build=small) -> list[nn.Module]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        torch.manual_seed(int(rng.integers(2**31)))
        model = build(rng)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.copy_(thinned(torch.randn(parameter.shape), rng))
        found.append(model)
    return found


def hold_packs_equal(scripts: Scripts, models: list[nn.Module]) -> None:
    """What the scripts pack is what Python unpacks, and as small as what Python packs."""
    for number, model in enumerate(models):
        scripts.put(f"state{number}", model)
    scripts.run(
        f"""
        for (let number = 0; number < {len(models)}; number++) {{
          const {{ layers, state }} = read(`state${{number}}`);
          const {{ bytes, layers: sizes, frame }} = pack(layers, state);
          fs.writeFileSync(`${{number}}.diet`, bytes);
          put(`${{number}}.sizes`, {{ sizes, frame }});
          const tensors = layers.flatMap(({{ name, shape, filters }}) => [
            {{ name: `${{name}}.weight`, shape }}, {{ name: `${{name}}.bias`, shape: [filters] }}]);
          const back = unpack(bytes, tensors.sort((a, b) => (a.name < b.name ? -1 : 1)));
          for (const {{ name }} of layers) {{
            const found = back.get(`${{name}}.weight`);
            if (!found.every((value, i) => value === state.weights[name][i] + 0)) throw name;
          }}
        }}
        """
    )
    for number, model in enumerate(models):
        file = (scripts.folder / f"{number}.diet").read_bytes()
        other = type(model)(*model.children()) if isinstance(model, nn.Sequential) else lenet5()
        before = {name: value.clone() for name, value in model.state_dict().items()}
        found = unpack(file, other).state_dict()
        for name, value in before.items():
            assert torch.equal(found[name], value), name
        assert file == pack(model)
        check_sizes(scripts, number, file, model)


def check_sizes(scripts: Scripts, number: int, file: bytes, model: nn.Module) -> None:
    """The bytes that a layer is said to take are those that Python's report finds."""
    said = scripts.json(f"{number}.sizes")
    facts = report(file, model).tensors
    assert sum(layer["bytes"] for layer in said["sizes"]) + said["frame"] == len(file)
    for layer in said["sizes"]:
        for end, part in (("weight", "weights"), ("bias", "biases")):
            assert layer[part] == sum(facts[f"{layer['name']}.{end}"].sizes.values())


@pytest.mark.slow
def test_python_reads_what_the_page_packed(scripts) -> None:
    hold_packs_equal(scripts, random_states(0, 60))


@pytest.mark.slow
def test_python_reads_what_the_page_packed_of_lenet5(scripts) -> None:
    hold_packs_equal(scripts, random_states(1, 8, lambda rng: lenet5()))


def test_packing_refuses_what_is_not_finite(scripts) -> None:
    model = lenet5()
    model.conv1.weight.data[0, 0, 0, 0] = torch.nan
    scripts.put("broken", model)
    scripts.run(
        """
        const { layers, state } = read("broken");
        let said = "";
        try { pack(layers, state); } catch (error) { said = error.message; }
        put("said", said);
        """
    )
    assert scripts.json("said") == "conv1.weight must be finite, but holds NaN or infinity"


def test_pruning_by_size_keeps_what_python_keeps(scripts, trained) -> None:
    rng = np.random.default_rng(0)
    weights = dict(pruning.prunable(trained))
    thresholds = [float(np.float32(rng.uniform(0, 0.15))) for _ in range(3)]
    thresholds += [float(rng.choice(weights["fc1.weight"].detach().abs().numpy().ravel()))]
    scripts.put("trained", trained)
    scripts.run(
        f"""
        const {{ layers, state }} = read("trained");
        for (const [number, threshold] of {json.dumps(thresholds)}.entries()) {{
          write(`all${{number}}`, layers, pruning.pruneBySize(layers, state, null, threshold));
          write(`one${{number}}`, layers, pruning.pruneBySize(layers, state, "fc1", threshold));
        }}
        """
    )
    for number, threshold in enumerate(thresholds):
        for name, asked in (("all", threshold), ("one", {"fc1.weight": threshold})):
            wanted = pruning.Masks.from_thresholds(trained, asked)
            found = scripts.masks(f"{name}{number}", trained)
            values = scripts.tensors(f"{name}{number}", trained)
            for weight in found:
                mask = wanted[weight] if weight in wanted else torch.ones_like(found[weight])
                mask = mask & (weights[weight] != 0)
                assert torch.equal(found[weight], mask), weight
                assert torch.equal(values[weight], weights[weight].detach() * mask)


def test_chance_takes_the_same_share_of_each_layer_and_another_seed_others(
    scripts, trained
) -> None:
    scripts.put("trained", trained)
    scripts.run(
        """
        const { layers, state } = read("trained");
        const thin = pruning.pruneBySize(layers, state, null, 0.05);
        write("thin", layers, thin);
        for (const seed of [1, 2]) {
          write(`chance${seed}`, layers, pruning.pruneByChance(layers, thin, null, 0.3, seed));
          write(`twin${seed}`, layers, pruning.twin(layers, thin, "random masks", seed));
          write(`anew${seed}`, layers, pruning.twin(layers, thin, "new weights", seed));
        }
        """
    )
    thin = scripts.masks("thin", trained)
    chance, twin = (
        [scripts.masks(f"{name}{seed}", trained) for seed in (1, 2)] for name in ("chance", "twin")
    )
    anew = [scripts.tensors(f"anew{seed}", trained) for seed in (1, 2)]
    weights = pruning.prunable(trained)
    for name, mask in thin.items():
        kept = int(mask.sum())
        for drawn in chance:
            assert int(drawn[name].sum()) == kept - round(0.3 * kept)
            assert not (drawn[name] & ~mask).any()
        assert all(int(drawn[name].sum()) == kept for drawn in twin)
        assert not torch.equal(chance[0][name], chance[1][name])
        assert not torch.equal(twin[0][name], twin[1][name])
        values = scripts.tensors("twin1", trained)[name]
        assert torch.equal(values, weights[name].detach() * twin[0][name])
        assert torch.equal(anew[0][name] != 0, mask)
        bound = (3 / weights[name][0].numel()) ** 0.5  # labcode.models.lenet5 starts so
        assert 0.9 * bound < float(anew[0][name].abs().max()) <= bound
        assert not torch.equal(anew[0][name], anew[1][name])
    uniform = anew[0]["fc1.weight"][thin["fc1.weight"]]
    assert float(uniform.std()) == pytest.approx((3 / 800) ** 0.5 / 3**0.5, rel=0.02)


def test_the_weakest_filters_go_with_all_that_reads_them(scripts, trained) -> None:
    scripts.put("trained", trained)
    scripts.run(
        """
        const { layers, state } = read("trained");
        const once = pruning.pruneFilters(layers, state, "conv1", 5);
        write("conv1", layers, pruning.pruneFilters(layers, once, "conv1", 3));
        write("conv2", layers, pruning.pruneFilters(layers, state, "conv2", 20));
        const refusals = [["fc2", 1], ["conv1", 20], ["fc3", 1]].map(([name, count]) => {
          try {
            return pruning.pruneFilters(layers, state, name, count);
          } catch (error) {
            return error.message;
          }
        });
        put("refusals", refusals);
        """
    )
    weights = dict(trained.named_parameters())
    norms = {
        n: weights[f"{n}.weight"].detach().double().flatten(1).abs().sum(1)
        for n in ("conv1", "conv2")
    }
    for name, count, reader in (("conv1", 8, "conv2"), ("conv2", 20, "fc1")):
        found = scripts.tensors(name, trained)
        lost = norms[name].argsort()[:count]
        wanted = {n: p.detach().clone() for n, p in weights.items()}
        wanted[f"{name}.weight"][lost] = 0
        wanted[f"{name}.bias"][lost] = 0
        by_channel = wanted[f"{reader}.weight"].view(
            len(wanted[f"{reader}.weight"]), len(norms[name]), -1
        )
        by_channel[:, lost] = 0
        for n, value in wanted.items():
            assert torch.equal(found[n], value), n
    last, most, unknown = scripts.json("refusals")
    assert last == "fc2 is the last layer: each of its outputs is a class"
    assert most == "count must be from 0 to 19 of conv1, got 20"
    assert unknown == "name must be null or one of conv1, conv2, fc1, fc2, got fc3"


def test_kmeans_is_pythons(scripts) -> None:
    rng = np.random.default_rng(0)
    rows = [rng.normal(size=n).astype(np.float32) for n in (1, 2, 3, 20, 500, 5000)]
    rows += [np.round(rng.normal(size=400), 1).astype(np.float32)]  # ties
    for number, row in enumerate(rows):
        row.tofile(scripts.folder / f"row{number}")
    scripts.run(
        f"""
        const found = [];
        for (let number = 0; number < {len(rows)}; number++) {{
          const row = new Float32Array(bytesOf(`row${{number}}`).buffer);
          for (const k of [2, 4, 8, 256]) found.push([...sharing.kmeans(row, k)]);
        }}
        put("centroids", found);
        """
    )
    wanted = [kmeans(torch.from_numpy(row), k) for row in rows for k in (2, 4, 8, 256)]
    for found, expected in zip(scripts.json("centroids"), wanted, strict=True):
        np.testing.assert_allclose(found, expected.numpy(), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("bits", [1, 2, 3, 5, 8])
def test_shared_weights_are_pythons(scripts, trained, bits: int) -> None:
    scripts.put("trained", trained)
    scripts.run(
        f"""
        const {{ layers, state }} = read("trained");
        const thin = pruning.pruneBySize(layers, state, null, 0.04);
        for (const kind of ["kmeans", "even"]) {{
          const found = sharing.share(layers, thin, null, {bits}, kind);
          write(kind, layers, found);
          put(`${{kind}}.codes`, layers.map(({{ name }}) => found.codes[name].codebook.length));
        }}
        """
    )
    model = lenet5()
    model.load_state_dict(trained.state_dict())
    masks = pruning.Masks.from_thresholds(model, 0.04)
    masks.apply(model)
    thin = {name: p.detach().clone() for name, p in model.named_parameters()}
    shared = share_weights(model, bits)
    found = scripts.tensors("kmeans", trained)
    for name, weight in pruning.prunable(model).items():
        close = torch.isclose(found[name], weight.detach(), rtol=1e-6, atol=0)
        assert float(close.float().mean()) > 0.9999  # at an edge, one may fall to the other side
        assert len(found[name].unique()) == len(shared.codebooks[name]) + 1
    check_even(scripts.tensors("even", trained), thin, masks, bits)


def check_even(found: dict[str, Tensor], thin: dict[str, Tensor], masks: Tensor, bits: int) -> None:
    for name in masks:
        weight = thin[name]
        if bits == 1:
            size = weight[masks[name]].abs().mean()
            wanted = torch.where(weight >= 0, size, -size) * masks[name]
            torch.testing.assert_close(found[name], wanted, rtol=1e-5, atol=0)
        else:
            wanted = symmetric_params(float(weight.abs().max()), bits).approximate(weight)
            assert torch.equal(found[name], wanted + 0.0), name


def test_tidying_leaves_the_answers(scripts) -> None:
    images = data.load("mnist5k").test.images[:50]
    model = lenet5()
    model.load_state_dict(baselines.load("lenet5").state_dict())
    pruning.select(model, pruning.magnitude(model), 0.02).apply(model)
    with torch.no_grad():  # what reads nothing, what nothing reads, and a bias that shines through
        model.conv1.weight[3], model.conv1.bias[3] = 0, 0.7
        model.conv2.weight[7], model.conv2.bias[7] = 0, -0.4
        model.fc1.weight[:, 16 * 9 : 16 * 10] = 0
        model.fc1.weight[11], model.fc1.bias[11] = 0, 0.9
        model.fc1.weight[12], model.fc1.bias[12] = 0, -0.9
        model.fc2.weight[:, 11:14] = 0.1
    scripts.put("idle", model)
    scripts.run(
        """
        const { layers, state } = read("idle");
        const tidy = tidying.tidy(layers, state);
        write("tidy", layers, tidy);
        write("rest", layers, tidying.roundRest(layers, tidy, 3));
        put("gone", layers.map(({ name }) => tidy.gone[name].reduce((sum, is) => sum + is, 0)));
        put("again", tidying.tidy(layers, tidy) === tidy);
        """
    )
    other = lenet5()
    other.load_state_dict(scripts.tensors("tidy", model))
    with torch.inference_mode():
        torch.testing.assert_close(other(images), model(images), rtol=1e-4, atol=1e-4)
    assert int(other.fc1.weight.count_nonzero()) < int(model.fc1.weight.count_nonzero())
    assert not other.conv1.weight[3].any()
    assert not other.conv1.bias[3]
    gone = scripts.json("gone")
    assert gone[0] >= 1
    assert gone[1] >= 2
    assert gone[3] == 0
    assert scripts.json("again")
    assert len(pack(other)) < len(pack(model))
    rest = scripts.tensors("rest", model)
    for name, value in other.named_parameters():
        assert torch.equal(rest[name], rest[name].half().float()), name
        if value.ndim > 1:
            assert torch.equal(rest[name], value.detach().half().float()), name
        else:
            assert len(rest[name][rest[name] != 0].unique()) <= 8


def test_a_histogram_counts_each_weight_once(scripts, trained) -> None:
    scripts.put("trained", trained)
    scripts.run(
        """
        const { layers, state } = read("trained");
        const thin = pruning.pruneBySize(layers, state, null, 0.05);
        const { edges, kept, pruned } = pruning.histogram(thin, "conv2", 21);
        put("histogram", { edges: [...edges], kept: [...kept], pruned: [...pruned] });
        """
    )
    found = scripts.json("histogram")
    weights = trained.conv2.weight.detach().double().numpy().ravel()
    edges = np.array(found["edges"])
    assert edges[-1] == pytest.approx(np.abs(weights).max())
    for name, chosen in (("kept", np.abs(weights) > 0.05), ("pruned", np.abs(weights) <= 0.05)):
        wanted, _ = np.histogram(weights[chosen], edges)
        assert sum(found[name]) == chosen.sum()
        np.testing.assert_allclose(found[name], wanted, atol=2)  # of two bins, those on their edge


@pytest.mark.slow
def test_what_is_stored_is_what_the_code_makes_today() -> None:
    stored, fresh = site_files(), stored_files()
    for name, made in fresh.items():
        found = stored[f"stored/{name}"]
        if name.endswith(".bin"):  # compressed alike by the same zlib alone
            found, made = gzip.decompress(found), gzip.decompress(made)
        if name.endswith(".onnx"):
            found, made = (str(onnx.load_from_string(file)) for file in (found, made))
        assert found == made, f"{name}: run `make workbench`"
    described = json.loads(stored["stored/networks.json"])["lenet5"]["layers"]
    assert described == layers_of(lenet5())


def test_held_out_digits_are_of_the_test_split_and_balanced() -> None:
    found = np.frombuffer(gzip.decompress(site_files()["stored/held-out.bin"]), np.uint8)
    labels, pixels = found[:HELD_OUT], found[HELD_OUT:].reshape(HELD_OUT, -1)
    assert all(sorted(labels[start : start + 10]) == list(range(10)) for start in range(0, 500, 10))
    test = {image.tobytes() for image in _bytes(data.load("mnist5k").test.images)}
    train = {image.tobytes() for image in _bytes(data.load("mnist5k").train.images)}
    assert all(image.tobytes() in test - train for image in pixels)


def test_all_that_the_workbench_loads_is_at_most_6_mb() -> None:
    size = sum(len(gzip.compress(file, 6)) for file in site_files().values())
    assert RUNTIME + size < 6_000_000


def _bytes(images: Tensor) -> np.ndarray:
    return (images * 255).round().to(torch.uint8).flatten(1).numpy()
