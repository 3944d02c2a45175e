"""What a runtime runs for each row of the scoreboard, and the gathered table itself."""

import onnx
import pytest
import torch
from torch import nn

from labcode import measured, scoreboard
from labcode.calculators.scoreboard_grid import ROWS
from labcode.counting import count
from labcode.deployed import INPUT_SHAPE, deployed_file, deployed_model, peak_activation_bytes
from labcode.models import lenet5


def rows_of_the_book() -> dict[str, scoreboard.Row]:
    names = [n for n in measured.names() if n.startswith("scoreboard_")]
    rows = [row for name in names for row in scoreboard.measured_rows(name)]
    rows += [scoreboard.baseline_row(n) for n in ("lenet5", "lenet_300_100", "small_cnn")]
    return {row.name: row for row in rows}


def test_the_table_holds_the_rows_that_the_chapters_show() -> None:
    table, rows = measured.table("scoreboard"), rows_of_the_book()
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
    table = measured.table("scoreboard")
    assert [row[0] for row in ROWS] == (table["network"] + ", " + table["technique"]).tolist()
    columns = ["kind", "test_accuracy", "spread", "params", "macs", "bytes_on_disk", "onnx_bytes"]
    columns += ["activation_bytes", "times_faster"]
    for row, found in zip(ROWS, table[columns].itertuples(index=False), strict=True):
        assert row[1] == found[0]
        assert row[2:] == pytest.approx(tuple(found)[1:], abs=1e-5)


def test_macs_of_the_table_are_those_of_what_runs() -> None:
    for row in measured.table("scoreboard").itertuples():
        model = deployed_model(row.network, row.technique)
        macs = count(model, INPUT_SHAPE).macs
        early = row.technique.startswith("early exit")  # expected work, below that of all stages
        assert row.macs < macs if early else row.macs == macs


def test_peak_activation_memory_by_hand() -> None:
    # LeNet-5's first pooling reads 20 x 24 x 24 values and writes 20 x 12 x 12.
    assert peak_activation_bytes(lenet5(), INPUT_SHAPE) == 4 * (20 * 24 * 24 + 20 * 12 * 12)
    wide = nn.Sequential(nn.Flatten(), nn.Linear(12, 1000), nn.ReLU(), nn.Linear(1000, 1))
    assert peak_activation_bytes(wide, (3, 2, 2)) == 4 * (12 + 1000)


def test_int8_rows_hold_int8_and_others_float32() -> None:
    kinds = {}
    for technique in ("int8, post-training", "2-bit QAT", "half of the filters cut out"):
        graph = onnx.load_from_string(deployed_file("lenet5", technique)).graph
        kinds[technique] = {t.data_type for t in graph.initializer if len(t.dims) > 1}
    assert kinds.pop("int8, post-training") == {onnx.TensorProto.INT8}
    assert set(map(frozenset, kinds.values())) == {frozenset({onnx.TensorProto.FLOAT})}


def test_a_row_without_a_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="no rule says which file runs for 'lenet5', 'magic'"):
        deployed_model("lenet5", "magic")
    with pytest.raises(ValueError, match="'vgg16'"):
        deployed_file("vgg16", "uncompressed")


def test_measuring_memory_leaves_no_hook() -> None:
    model = lenet5()
    peak_activation_bytes(model, INPUT_SHAPE)
    assert not any(layer._forward_hooks for layer in model.modules())
    assert model(torch.zeros(1, *INPUT_SHAPE)).shape == (1, 10)
