"""Measured tables: told where they come from, and true where truth can be computed."""

from pathlib import Path

import pytest

from labcode import cost, studies

ROOT = Path(__file__).resolve().parent.parent
KERNEL = {"standard": 3, "grouped": 3, "depthwise": 3, "pointwise": 1}
GROUPS = {
    "standard": lambda channels: 1,
    "grouped": lambda channels: channels // 4,
    "depthwise": lambda channels: channels,
    "pointwise": lambda channels: 1,
}


def test_an_unknown_table_is_named() -> None:
    with pytest.raises(KeyError, match=r"no measured table 'nothing'; there are: .*roofline"):
        studies.table("nothing")
    with pytest.raises(KeyError, match="no measured table 'nothing'"):
        studies.provenance("nothing")


@pytest.mark.parametrize("name", studies.names())
def test_a_table_says_where_it_comes_from(name: str) -> None:
    record = studies.provenance(name)
    assert record["versions"]
    assert (ROOT / record.get("script", f"benchmarks/{name}.py")).exists()
    assert len(studies.table(name)) > 1


def test_the_roofline_counts_are_those_of_the_formulas() -> None:
    table = studies.table("roofline").query("kind in @KERNEL")
    assert set(table["kind"]) == set(KERNEL)
    for row in table.itertuples():
        kernel, groups = KERNEL[row.kind], GROUPS[row.kind](row.channels)
        sizes = (row.channels, row.channels, kernel, row.size)
        layer = cost.conv2d(*sizes, padding=kernel // 2, groups=groups)
        values = 2 * row.channels * row.size**2 + layer.params
        assert (row.params, row.macs, row.bytes) == (layer.params, layer.macs, 4 * values)


def test_the_roofline_was_measured_fairly() -> None:
    table, record = studies.table("roofline"), studies.provenance("roofline")
    assert record["threads"] == 1
    assert record["runs"] >= 20
    assert record["clock"] in ("wall", "cpu")
    assert (table["low_ms"] > 0).all()
    assert (table["low_ms"] <= table["median_ms"]).all()
    assert (table["median_ms"] <= table["high_ms"]).all()


def test_every_kind_was_measured_at_every_stage() -> None:
    table = studies.table("roofline").query("kind in @KERNEL")
    stages = {
        kind: set(zip(g["channels"], g["size"], strict=True)) for kind, g in table.groupby("kind")
    }
    assert len(stages["standard"]) >= 6
    assert all(found == stages["standard"] for found in stages.values())


def test_labcode_counts_the_tiny_models_as_one_does_by_hand() -> None:
    causes = studies.table("count_causes").set_index("model")
    convolution, attention = 4 * 3 * 3 * 3 * 3 * 3, 4 * 5 * 8 * 8 + 2 * 5 * 5 * 8
    truth = causes["by_hand"].drop("attention")
    assert (truth == convolution).all()
    assert causes.loc["attention", "by_hand"] == attention
    assert (causes["labcode"] == causes["by_hand"]).all()
