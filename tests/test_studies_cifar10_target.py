"""MLPerf Tiny's target: every number of the page again, from the stored files alone."""

import csv
from pathlib import Path

import pytest

from labcode import studies
from labcode.studies.cifar10 import target_view
from labcode.studies.cifar10.view import Pair
from labcode.training import Difference

FOLDER = Path(studies.__file__).parent / "tables" / "cifar10"


def lines_of(pair: Pair) -> list[dict[str, str]]:
    """Read a file's runs, without the code that is tested."""
    with (FOLDER / f"{pair.table}.csv").open(encoding="utf-8") as file:
        return [
            row
            for row in csv.DictReader(file)
            if all(
                row[key] == value if isinstance(value, str) else float(row[key]) == value
                for key, value in pair.chosen.items()
            )
        ]


@pytest.mark.parametrize("name", target_view.FILES)
def test_a_file_has_the_mean_of_three_seeds(name):
    found = lines_of(target_view.FILES[name])
    assert sorted(row["seed"] for row in found) == ["0", "1", "2"]
    share = sum(float(row["test_accuracy"]) for row in found) / 3
    seen = target_view.accuracy(name)
    assert seen.value == pytest.approx(share)
    alone = 1.96 * (share * (1 - share) / 10_000) ** 0.5  # of the pictures, without the seeds
    assert seen.high - seen.low >= 2 * alone * 0.99
    size = sum(int(row["bytes_on_disk"]) for row in found) / 3
    assert target_view.files().loc[name, "kB"] == pytest.approx(size / 1000, abs=0.0501)


def test_each_row_of_the_tables_is_shown_once():
    for table in ("cifar10_target_files", "cifar10_target_lessons"):
        mine = [pair for pair in target_view.FILES.values() if pair.table == table]
        shown = [tuple(line.values()) for pair in mine for line in lines_of(pair)]
        assert len(shown) == len(set(shown)) == len(studies.table(table))


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.85, 0.86, True), (0.84, 0.8499, False), (0.84, 0.85, None), (0.849, 0.86, None)],
)
def test_the_target_is_reached_where_the_whole_interval_says_so(monkeypatch, low, high, said):
    monkeypatch.setattr(target_view, "accuracy", lambda _: Difference((low + high) / 2, low, high))
    assert target_view.reached("float32") is said
