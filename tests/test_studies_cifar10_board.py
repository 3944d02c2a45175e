"""The scoreboard of photographs: each row again from the stored files, and what runs is counted."""

import csv
from pathlib import Path

import pytest

from labcode import counting, studies
from labcode.studies.cifar10 import board, shapes, stored, view
from labcode.studies.cifar10.board import LINES, Line
from labcode.training import paired_difference

FOLDER = Path(studies.__file__).parent / "tables" / "cifar10"


def lines_of(line: Line) -> list[dict[str, str]]:
    """Read a row's runs from the files, without the code that is tested."""
    if isinstance(line.stored, view.Pair):
        names, chosen = [line.stored.table], {**line.stored.chosen}
    else:
        names, chosen = view.TABLES, {**line.stored._asdict()}
    found = []
    for name in names:
        with (FOLDER / f"{name}.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                row.setdefault("n_train", "0")
                if all(_same(row[key], value) for key, value in chosen.items()):
                    found.append(row)
    return found


def _same(text: str, value: object) -> bool:
    return text == value if isinstance(value, str) else float(text) == value


@pytest.mark.parametrize("name", LINES)
def test_a_row_has_the_mean_of_three_seeds(name):
    found = lines_of(LINES[name])
    assert sorted(row["seed"] for row in found) == ["0", "1", "2"]
    shown = board.scoreboard().loc[name]
    accuracy = sum(float(row["test_accuracy"]) for row in found) / 3
    assert shown["accuracy (%)"] == pytest.approx(100 * accuracy, abs=0.0501)  # it is rounded
    change = sum(int(row["won"]) - int(row["lost"]) for row in found) / 3 / view.N_TEST
    difference = LINES[name].difference()
    assert difference.value == pytest.approx(change, abs=1e-9)
    assert difference.low <= change <= difference.high


@pytest.mark.parametrize("name", LINES)
def test_an_interval_over_seeds_is_no_shorter_than_that_of_one_seeds_pictures_alone(name):
    if name == "ResNet-8":
        return
    found, whole = lines_of(LINES[name]), LINES[name].difference()
    alone = [paired_difference(int(row["lost"]), int(row["won"]), view.N_TEST) for row in found]
    shortest = min(one.high - one.low for one in alone)
    assert whole.high - whole.low > shortest / 3**0.5


def test_every_timed_file_is_that_of_a_row_and_every_row_names_one():
    named = {line.file for line in LINES.values()}
    assert named == {*shapes.FILES, board.EXITS} == set(studies.table("cifar10_times")["file"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name for name, line in LINES.items() if line.file in shapes.FILES]
)
def test_what_runs_has_the_multiply_adds_of_its_row(name):
    line = LINES[name]
    model = shapes.FILES[line.file].build()
    found = counting.count(model, stored.SHAPE).macs
    assert {int(row["macs"]) for row in lines_of(line)} == {found}


def test_the_scoreboard_says_nothing_where_nothing_was_timed():
    shown = board.scoreboard()
    for name, line in LINES.items():
        assert (shown.loc[name, "times faster"] == "") == (line.file == board.EXITS)
    assert shown.loc["ResNet-8", "times faster"] == 1
    assert shown.loc["ResNet-8", "difference"] == ""


def test_exits_took_turns_with_the_network_in_one_file():
    found = studies.table("cifar10_exit_times").set_index("exit")
    assert found.index.tolist() == [0, 1, 2, 3]
    with (FOLDER / "cifar10_exits.csv").open(encoding="utf-8") as file:
        alone = {int(row["exit"]): int(row["macs"]) for row in csv.DictReader(file)}
    assert all(found.loc[number, "macs"] == alone[number] for number in (1, 2, 3))
    assert found.loc[0, "macs"] == 12_501_632
    for _, row in found.iterrows():
        assert row["quarter_ms"] <= row["ms"] <= row["three_quarters_ms"]
        assert row["share_low"] <= row["share"] <= row["share_high"]
        of_medians = row["ms"] / found.loc[0, "ms"]  # not quite the median of the ratios
        assert row["share"] == pytest.approx(of_medians, rel=0.05)
    assert found.loc[0, ["share", "share_low", "share_high"]].tolist() == [1, 1, 1]
