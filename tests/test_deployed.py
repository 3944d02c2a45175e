"""What a runtime runs for each row of the scoreboard, and the gathered table itself."""

from dataclasses import astuple

import onnx
import pytest
import torch
from torch import nn

from labcode import data, studies
from labcode.counting import count
from labcode.models import lenet5
from labcode.pages.calculators.compare_techniques import ENTRIES
from labcode.quantization import fold_batch_norm
from labcode.runtime import peak_activation_bytes, to_onnx
from labcode.studies import scoreboard
from labcode.studies.low_rank import low_rank_trials
from labcode.studies.scoreboard import combinations
from labcode.studies.scoreboard.deployed import (
    INPUT_SHAPE,
    activation_bytes,
    deployed_file,
    deployed_model,
    is_int8,
)

SPARSE = ("pruned", "Deep Compression")  # their parameters are those that are not zero


def rows_of_the_book() -> dict[str, tuple[scoreboard.Row, ...]]:
    """The rows of each table."""
    names = [n for n in studies.names() if n.startswith("scoreboard_")]
    rows = {name: scoreboard.measured_rows(name) for name in names}
    whole = ("lenet5", "lenet_300_100", "small_cnn")
    return rows | {"uncompressed": tuple(scoreboard.baseline_row(n) for n in whole)}


def test_the_table_holds_the_rows_that_the_chapters_show() -> None:
    table = studies.table("scoreboard")
    rows = {row.name: row for found in rows_of_the_book().values() for row in found}
    names = (table["network"] + ", " + table["technique"]).tolist()
    assert sorted(names) == sorted(rows)
    for name, found in zip(names, table.itertuples(), strict=True):
        row = rows[name]
        assert found.test_accuracy == pytest.approx(row.mean, abs=1e-5)
        assert found.spread == pytest.approx(row.spread, abs=1e-5)
        assert (found.params, found.macs) == (row.params, row.macs)
        assert found.bytes_on_disk == row.bytes_on_disk
        assert found.seeds == len(row.accuracies) >= 3


def test_the_calculator_browses_the_same_numbers() -> None:
    table = studies.table("scoreboard")
    names = table["network"] + ", " + table["technique"]
    assert [entry.name for entry in ENTRIES] == names.tolist()
    assert [entry.kind for entry in ENTRIES] == table["kind"].tolist()
    columns = ["test_accuracy", "spread", "params", "macs", "bytes_on_disk", "onnx_bytes"]
    columns += ["activation_bytes", "times_faster", "times_faster_p95"]
    for entry, found in zip(ENTRIES, table[columns].itertuples(index=False), strict=True):
        assert astuple(entry)[2:] == tuple(found)


def test_macs_of_the_table_are_those_of_what_runs() -> None:
    for row in studies.table("scoreboard").itertuples():
        model = deployed_model(row.network, row.technique)
        macs = count(model, INPUT_SHAPE).macs
        early = row.technique.startswith("early exit")  # expected work, below that of all stages
        assert row.macs < macs if early else row.macs == macs


def test_params_of_the_table_are_those_of_what_runs() -> None:
    for row in studies.table("scoreboard").itertuples():
        model = deployed_model(row.network, row.technique)
        if is_int8(row.technique):  # batch norm is folded into the convolutions
            model = fold_batch_norm(model.eval(), INPUT_SHAPE)
        params = count(model, INPUT_SHAPE).params
        sparse = any(word in row.technique for word in SPARSE)
        assert row.params < 0.2 * params if sparse else row.params == params


def test_times_are_ratios_of_what_was_measured_in_turn() -> None:
    table = studies.table("scoreboard")
    p95 = table["baseline_p95_ms"] / table["p95_ms"]
    assert p95.tolist() == pytest.approx(table["times_faster_p95"].tolist(), rel=1e-4)
    times = table["baseline_ms"] / table["ms"]
    assert times.tolist() == pytest.approx(table["times_faster"].tolist(), rel=1e-4)
    assert (table["p95_ms"] > table["ms"])[table["kind"] != "early exit"].all()
    made = studies.provenance("scoreboard")
    assert {"machine", "versions", "threads", "runs", "date"} <= set(made)
    assert {"python", "torch", "onnxruntime"} <= set(made["versions"])


def test_combined_rows_are_those_of_their_own_tables() -> None:
    rows = {row.name: row for row in rows_of_the_book()["scoreboard_combinations"]}
    found = studies.table("deep_compression_lenet5_taught")
    smallest = found[found["part"] == found["part"].min()]
    taught = rows["lenet5, pruned, taught by three, shared, coded"]
    assert taught.accuracies == tuple(smallest["test_accuracy"])
    assert taught.bytes_on_disk == round(smallest["bytes_on_disk"].mean())


@pytest.mark.parametrize("rank", [16, 32])
def test_low_rank_rows_are_those_of_the_chapters_table(rank: int) -> None:
    rows = {row.name: row for row in rows_of_the_book()["scoreboard_low_rank"]}
    row = rows[f"lenet_300_100, first layer of rank {rank}"]
    found = studies.table("architecture_low_rank").query(
        "network == 'lenet_300_100' and closest == 'answers' and epochs == 8 and rank == @rank"
    )
    assert row.accuracies == tuple(found["test_accuracy"])
    # 784 x rank and rank x 300 in place of 784 x 300; two more layers and three biases as before
    weights = rank * (784 + 300) + 300 * 100 + 100 * 10
    assert (row.params, row.macs) == (weights + 300 + 100 + 10, weights)
    assert 4 * row.params < row.bytes_on_disk < 4 * row.params + 1000
    shape = low_rank_trials.cut_network("lenet_300_100", "weights", rank, 0)
    assert count(shape, INPUT_SHAPE).params == row.params


def test_a_combination_keeps_the_cut_networks_shape_and_packs_it(monkeypatch) -> None:
    for epochs in ("FINE_TUNING_EPOCHS", "EPOCHS", "SHARE_EPOCHS"):
        monkeypatch.setitem(getattr(combinations, epochs), "lenet5", 1)
    digits = data.load(n_train=60)
    taught = combinations.taught_half(digits, 0)
    before = [p.clone() for p in taught.parameters()]
    eight = combinations._eight_bits("eight", taught, digits)
    packed = combinations._packed("packed", taught, digits, 0)
    assert all(torch.equal(a, b) for a, b in zip(before, taught.parameters(), strict=True))
    assert eight["macs"] == packed["macs"] == 646_500
    assert eight["params"] < eight["bytes_on_disk"] < 1.1 * eight["params"]
    # 7.1 % of 108,700 weights stay, and biases of living neurons
    assert 0.071 * 108_700 * 0.99 < packed["params"] < 0.071 * 108_700 + 595
    assert packed["bytes_on_disk"] < eight["bytes_on_disk"] / 8


def peak(model: nn.Module, shape: tuple[int, int, int], **settings: int) -> int:
    return peak_activation_bytes(to_onnx(model, shape), **settings)


def test_peak_activation_memory_by_hand() -> None:
    # LeNet-5's first pooling reads 20 x 24 x 24 values and writes 20 x 12 x 12.
    assert peak(lenet5(), INPUT_SHAPE) == 4 * (20 * 24 * 24 + 20 * 12 * 12)
    assert peak(lenet5(), INPUT_SHAPE, bytes_each=1) == 20 * 24 * 24 + 20 * 12 * 12
    wide = nn.Sequential(nn.Flatten(), nn.Linear(12, 1000), nn.ReLU(), nn.Linear(1000, 1))
    assert peak(wide, (3, 2, 2)) == 4 * (12 + 1000)


def test_what_a_skip_connection_carries_takes_memory() -> None:
    class Skip(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wide, self.back = nn.Conv2d(2, 7, 1), nn.Conv2d(7, 2, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.back(torch.relu(self.wide(x)))

    # While ``back`` runs, 2 channels are carried, 7 are read and 2 are written.
    assert peak(Skip(), (2, 5, 5)) == 4 * 25 * (2 + 7 + 2)


def test_a_file_without_shapes_is_refused() -> None:
    file = to_onnx(nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2)), (1, 6, 6), any_batch=True)
    with pytest.raises(ValueError, match="no shape is known"):
        peak_activation_bytes(file)


def test_int8_takes_a_quarter_of_the_memory_and_early_exits_that_of_a_stage() -> None:
    floats = activation_bytes("lenet5", "uncompressed")
    assert floats == 4 * activation_bytes("lenet5", "int8, post-training")
    trunk = activation_bytes("exit_cnn", "without exits")
    assert activation_bytes("exit_cnn", "early exit, 16% of the work") <= 1.2 * trunk


def test_int8_rows_hold_int8_and_others_float32() -> None:
    kinds = {}
    cut = "half of the filters cut out"
    for technique in ("int8, post-training", f"{cut}, int8", "2-bit QAT", cut):
        graph = onnx.load_from_string(deployed_file("lenet5", technique)).graph
        kinds[technique] = {t.data_type for t in graph.initializer if len(t.dims) > 1}
    assert kinds.pop("int8, post-training") == {onnx.TensorProto.INT8}
    assert kinds.pop(f"{cut}, int8") == {onnx.TensorProto.INT8}
    assert set(map(frozenset, kinds.values())) == {frozenset({onnx.TensorProto.FLOAT})}


def test_a_row_without_a_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="no rule says which file runs for 'lenet5', 'magic'"):
        deployed_model("lenet5", "magic")
    with pytest.raises(ValueError, match="'backbone', 'magic blocks'"):
        deployed_model("backbone", "magic blocks")
    with pytest.raises(ValueError, match="'vgg16'"):
        deployed_file("vgg16", "uncompressed")
