"""The stored baselines are what their results say, and damage is noticed."""

import hashlib
import importlib
import json
import shutil
import statistics
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from labcode.data import load
from labcode.training import evaluate
from labcode.weights import WeightsError, baselines, store
from labcode.weights.tensors import pack, unpack

NETWORKS = ("lenet5", "lenet_300_100", "small_cnn")
ROOT = Path(store.__file__).parent
STORED = ROOT / "files"
ROWS = baselines.results()
by_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.network}-{row.seed}")


@pytest.fixture(scope="module")
def data():
    return load("mnist5k")


@pytest.fixture
def tool(monkeypatch):
    """Return tools/baselines.py as a module."""
    monkeypatch.syspath_prepend(Path(__file__).parent.parent)
    return importlib.import_module("tools.baselines")


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """Let labcode read a copy of the stored files, which a test may damage."""
    shutil.copytree(STORED, tmp_path / "files")
    shutil.copy(ROOT / store.MANIFEST, tmp_path)
    monkeypatch.setattr(store, "_root", lambda: tmp_path)
    return tmp_path


def test_there_are_three_seeds_of_each_network():
    assert [(row.network, row.seed) for row in ROWS] == [(n, s) for n in NETWORKS for s in range(3)]
    assert {row.file for row in ROWS} <= {path.name for path in STORED.iterdir()}


@pytest.mark.slow
@by_row
def test_the_stored_weights_reach_the_stored_results(row, data):
    """Another processor rounds differently, which may turn one image over."""
    model = baselines.load(row.network, seed=row.seed)
    test, validation = evaluate(model, data.test), evaluate(model, data.validation)
    assert (row.test_n, row.validation_n, row.dataset) == (test.n, validation.n, data.name)
    assert abs(test.correct - row.test_correct) <= 1
    assert abs(validation.correct - row.validation_correct) <= 1
    assert test.loss == pytest.approx(row.test_loss, rel=1e-3)
    assert validation.loss == pytest.approx(row.validation_loss, rel=1e-3)
    assert row.test_accuracy == row.test_correct / 1000
    assert row.validation_accuracy == row.validation_correct / 500


@by_row
def test_params_macs_and_bytes_are_those_of_the_network(row):
    model = baselines.load(row.network, seed=row.seed)
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, 1, 28, 28))
    assert row.params == sum(p.numel() for p in model.parameters())
    assert 2 * row.macs == counter.get_total_flops()
    path = STORED / row.file
    assert row.bytes == path.stat().st_size
    assert row.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    stored = sum(value.numel() for value in model.state_dict().values())  # batch norm's as well
    assert 2 * stored < row.bytes < 2 * stored + 2000  # float16 and a short header


@by_row
def test_the_file_says_what_it_is(row):
    with safe_open(STORED / row.file, framework="pt") as file:
        about = file.metadata()
        assert all(file.get_tensor(name).dtype == torch.float16 for name in file.keys())  # noqa: SIM118
    assert about["format"] == "pt"
    assert (about["network"], about["seed"]) == (row.network, str(row.seed))
    assert (about["dataset"], about["input_shape"]) == ("mnist5k", "1x28x28")
    # The file keeps the function's name of the day when it was trained, the manifest today's.
    assert about["made_by"].split(".")[-2:] == row.made_by.split(".")[-2:]


def test_who_made_the_rows_can_be_found():
    for row in ROWS:
        module, _, name = row.made_by.rpartition(".Recipe.")
        assert callable(getattr(importlib.import_module(module).Recipe, name))


def test_the_baseline_is_good_enough_to_compress():
    accuracies = [row.test_accuracy for row in baselines.results("lenet5")]
    assert statistics.mean(accuracies) >= 0.985
    assert statistics.mean(accuracies) > statistics.mean(
        row.test_accuracy for row in baselines.results("lenet_300_100")
    )


def test_the_stored_recipes_are_the_ones_in_the_code(tool):
    for row in ROWS:
        written = baselines.provenance(row.network, seed=row.seed)
        now = json.loads(json.dumps(tool.settings(baselines.recipe(row.network))))
        assert written["recipe"] == now
        assert set(written["versions"]) == {"python", "torch", "numpy", "safetensors", "mlxtend"}
        assert written["date"] >= "2026"


def test_a_loaded_baseline_is_ready_to_use():
    torch.manual_seed(0)
    expected = torch.rand(2)
    torch.manual_seed(0)
    model = baselines.load("lenet5", seed=1)
    assert torch.equal(torch.rand(2), expected)  # the caller's random numbers stay
    assert not any(module.training for module in model.modules())
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert all(p.requires_grad for p in model.parameters())
    other = baselines.load("lenet5", seed=2)
    assert not torch.equal(model.conv1.weight, other.conv1.weight)


@pytest.mark.parametrize("seed", [3, -1, "0", True, None])
def test_an_unknown_seed_is_refused(seed):
    with pytest.raises(ValueError, match="seed must be one of 0, 1, 2 for lenet5, got"):
        baselines.load("lenet5", seed=seed)


@pytest.mark.parametrize("function", [baselines.load, baselines.results, baselines.recipe])
def test_an_unknown_name_is_refused(function):
    with pytest.raises(
        ValueError, match="name must be one of 'lenet5', 'lenet_300_100', 'small_cnn', got 'vgg'"
    ):
        function("vgg")


@pytest.mark.parametrize(
    "damage",
    [lambda b: b[:-1], lambda b: b[:100], lambda b: b"", lambda b: b[:-9] + b"\x00" + b[-8:]],
)
def test_a_damaged_file_is_refused(copy, damage):
    path = copy / "files/lenet5-seed0.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(WeightsError, match=r"lenet5-seed0\.safetensors is damaged: its checksum"):
        baselines.load("lenet5")
    baselines.load("lenet5", seed=1)  # the others still work


def test_a_missing_file_is_refused(copy):
    (copy / "files/lenet5-seed0.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"lenet5-seed0\.safetensors is missing"):
        baselines.load("lenet5")
    (copy / "manifest.json").unlink()
    with pytest.raises(WeightsError, match=r"manifest\.json is missing"):
        baselines.results()


@pytest.mark.parametrize("text", ["{", "[]", '{"x": {"network": 1}}', '{"x": []}'])
def test_a_damaged_manifest_is_refused(copy, text):
    (copy / "manifest.json").write_text(text)
    with pytest.raises(WeightsError, match=r"manifest\.json is damaged"):
        baselines.results()


def test_damaged_results_are_refused(copy):
    entries = store.manifest()
    del entries["lenet5-seed1.safetensors"]["results"]["test_n"]
    (copy / "manifest.json").write_text(json.dumps(entries))
    with pytest.raises(WeightsError, match=r"damaged \(results of lenet5-seed1.*test_n"):
        baselines.results("lenet5")


@pytest.mark.parametrize("packed", [b"no tensors", b""])
def test_bytes_that_are_no_safetensors_are_refused(packed):
    with pytest.raises(WeightsError, match="weights does not hold the weights of a LeNet5"):
        unpack(baselines.recipe("lenet5").build(), packed)


def test_the_weights_of_another_network_are_refused():
    packed = (STORED / "lenet_300_100-seed0.safetensors").read_bytes()
    with pytest.raises(WeightsError, match=r"does not hold the weights of a LeNet5: .*conv1"):
        unpack(baselines.recipe("lenet5").build(), packed)


def test_packing_rounds_to_float16_and_nothing_else():
    layer, twin = nn.Linear(7, 3), nn.Linear(7, 3)
    unpack(twin, pack(layer, {"network": "layer"}))
    for before, after in zip(layer.parameters(), twin.parameters(), strict=True):
        assert torch.equal(before.half().float(), after)
    with torch.no_grad():
        layer.weight[0, 0] = 70_000
    with pytest.raises(ValueError, match="weight holds a value that does not fit into float16"):
        pack(layer, {})


def test_a_recipe_repeats_itself_and_trains_what_it_starts_from():
    short = replace(baselines.recipe("lenet_300_100"), epochs=1)
    data = load("mnist5k", n_train=100)
    torch.manual_seed(0)
    first, history = short.train(data, seed=5, device="cpu")
    torch.manual_seed(1)
    second, _ = short.train(data, seed=5, device="cpu")
    other, _ = short.train(data, seed=6, device="cpu")
    assert torch.equal(first.fc1.weight, second.fc1.weight)
    assert not torch.equal(first.fc1.weight, other.fc1.weight)
    start = short.initial(data, seed=5).fc1.weight
    assert torch.equal(start, short.initial(data, seed=5).fc1.weight)
    assert 0 < float((first.fc1.weight - start).detach().abs().max()) < 0.05  # a step or two
    assert not first.training
    assert history.epochs[0].validation_accuracy is not None


def test_a_recipe_fits_itself_to_the_data():
    short = replace(baselines.recipe("lenet_300_100"), epochs=1)
    model, _ = short.train(load("digits", n_train=50), device="cpu")
    assert model.input_shape == (1, 8, 8)
    with pytest.raises(ValueError, match="input_size must be at least 16 x 16"):
        baselines.recipe("lenet5").train(load("digits"))


@pytest.mark.slow
def test_make_baselines_writes_files_that_load(tool, tmp_path, monkeypatch, capsys):
    data = load("mnist5k", n_train=100)
    short = [replace(r, epochs=1) for r in baselines.RECIPES.values()]
    tool.make(data, short, (0, 1), tmp_path)
    monkeypatch.setattr(store, "_root", lambda: tmp_path)
    rows = baselines.results()
    assert [(row.network, row.seed) for row in rows] == [(n, s) for n in NETWORKS for s in (0, 1)]
    for row in rows:
        found = evaluate(baselines.load(row.network, seed=row.seed), data.test)
        assert found.correct == row.test_correct
    assert "lenet5 seed 0" in capsys.readouterr().out


@pytest.mark.slow
def test_one_network_is_trained_again_and_the_others_stay(tool, tmp_path, monkeypatch):
    data = load("mnist5k", n_train=100)
    short = [replace(baselines.recipe(name), epochs=1) for name in ("lenet_300_100", "small_cnn")]
    monkeypatch.setattr(store, "_root", lambda: tmp_path)
    tool.make(data, short, (0,), tmp_path)
    before = baselines.results()
    longer = replace(short[0], epochs=2)
    tool.make(data, [longer], (0, 1), tmp_path)
    after = baselines.results()
    assert [(row.network, row.seed) for row in after] == [
        ("lenet_300_100", 0),
        ("lenet_300_100", 1),
        ("small_cnn", 0),
    ]
    assert before[0].sha256 != after[0].sha256
    assert before[1] == after[2]
    assert baselines.provenance("lenet_300_100")["recipe"]["epochs"] == 2
