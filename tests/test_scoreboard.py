"""The scoreboard: fair rows, and the arithmetic that it shows."""

import statistics
from dataclasses import replace

import pandas as pd
import pytest
from safetensors.torch import save_file

from labcode import studies
from labcode.studies import scoreboard
from labcode.studies.scoreboard import Row, Scoreboard, baseline_row, techniques
from labcode.studies.scoreboard.side_by_side import side_by_side
from labcode.weights import baselines


def test_a_row_needs_three_seeds_and_true_accuracies() -> None:
    with pytest.raises(ValueError, match="three seeds are needed, got 2"):
        Row("x", (0.9, 0.9), 1, 1, 1)
    with pytest.raises(ValueError, match=r"from 0 to 1, got \(98\.5"):
        Row("x", (98.5, 98.4, 98.6), 1, 1, 1)


def test_mean_and_spread_agree_with_numpy_and_are_shown() -> None:
    import numpy as np

    values = (0.981, 0.987, 0.99)
    row = Row("net", values, 431_080, 2_293_000, 1_724_320)
    assert row.mean == pytest.approx(np.mean(values))
    assert row.spread == pytest.approx(np.std(values, ddof=1))
    for shown in (str(Scoreboard((row,))), Scoreboard((row,))._repr_html_()):
        assert "98.60 ± 0.46 %" in shown
        assert "431,080" in shown
        assert "2,293,000" in shown


@pytest.mark.parametrize("network", ["lenet5", "lenet_300_100"])
def test_the_baselines_row_is_the_stored_one_with_real_bytes(network, tmp_path) -> None:
    row = baseline_row(network)
    stored = baselines.results(network)
    assert row.mean == statistics.mean(r.test_correct / r.test_n for r in stored)
    save_file(baselines.load(network).state_dict(), tmp_path / "w.safetensors")
    assert row.bytes_on_disk == (tmp_path / "w.safetensors").stat().st_size
    assert 4 * row.params < row.bytes_on_disk < 4 * row.params + 1000


def stored(seeds: list[int]) -> pd.DataFrame:
    columns = {"network": "lenet5", "technique": "half_filters", "macs": 50, "bytes_on_disk": 10}
    rows = [columns | {"seed": s, "test_accuracy": 0.9, "params": 100 + s} for s in seeds]
    return pd.DataFrame(rows)


def test_measured_rows_gather_the_seeds_of_a_technique(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studies, "table", lambda name: stored([0, 1, 2]))
    (row,) = scoreboard.measured_rows("any")
    assert row == scoreboard.Row(
        "LeNet-5, half of the filters cut out", (0.9, 0.9, 0.9), 101, 50, 10
    )


def test_a_seed_that_stands_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studies, "table", lambda name: stored([0, 1, 1]))
    with pytest.raises(ValueError, match="any: a seed stands twice in LeNet-5, half of"):
        scoreboard.measured_rows("any")


def test_a_technique_without_a_row_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studies, "table", lambda name: stored([0, 1, 2]))
    with pytest.raises(ValueError, match="scoreboard_combinations has no row of LeNet-5, half of"):
        scoreboard.row_of(techniques.HALF_INT8)


def test_techniques_side_by_side_are_the_rows_that_the_seeds_give() -> None:
    chosen = (techniques.LENET5, techniques.SMALL_CNN_INT8, techniques.EXITS)
    table = side_by_side(*chosen)
    assert list(table.index) == [technique.name for technique in chosen]
    for technique in chosen:
        row, found = scoreboard.row_of(technique), table.loc[technique.name]
        assert found["test accuracy (%)"] == pytest.approx(100 * row.mean, abs=0.0051)
        assert found["±"] == pytest.approx(100 * row.spread, abs=0.0051)
        assert found["kB"] == pytest.approx(row.bytes_on_disk / 1000, abs=0.051)
        assert found["million MACs"] == pytest.approx(row.macs / 1e6, abs=0.0051)
    assert table.loc[techniques.LENET5.name, "times faster"] == 1


def test_a_row_that_is_not_stored_is_refused() -> None:
    unknown = replace(techniques.INT8, id="int3")
    with pytest.raises(KeyError, match="int3"):
        side_by_side(techniques.LENET5, unknown)
