"""What the page shows of small photographs: every number again, from the stored tables alone."""

import csv
from pathlib import Path

import pytest

from labcode import studies
from labcode.studies.cifar10 import carries, view
from labcode.studies.cifar10.tables import (
    FEW_BITS,
    LOW_RANK,
    PRUNED,
    SHARED,
    TUNED,
    TWO_BITS,
    UNTRAINED,
)
from labcode.studies.cifar10.view import PLAIN, Pair, Way
from labcode.training import Difference

FOLDER = Path(studies.__file__).parent / "tables" / "cifar10"
WAYS = sorted(
    {
        Way(run["method"], run["bits"], run["kept"], run["passes"], run.get("n_train", 0))
        for table in (UNTRAINED, TUNED, FEW_BITS, TWO_BITS, SHARED, LOW_RANK, PRUNED)
        for run in table.runs(*(studies.table(other.name) for other in table.needs))
    }
)


def accuracies(way: Way) -> list[float]:
    """Read a technique's accuracies from the files, without the code that is tested."""
    found = []
    for name in view.TABLES:
        with (FOLDER / f"{name}.csv").open(encoding="utf-8") as file:
            found += [
                float(line["test_accuracy"])
                for line in csv.DictReader(file)
                if line["method"] == way.method
                and tuple(float(line.get(name, 0)) for name in way._fields[1:]) == way[1:]
            ]
    return found


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_difference_is_that_of_the_mean_accuracies(way):
    mine, plain = accuracies(way), accuracies(PLAIN)
    assert len(mine) == len(plain) == 3
    found = view.difference(way)
    assert found.value == pytest.approx((sum(mine) - sum(plain)) / 3)
    assert found.low <= found.value <= found.high


def test_a_gain_is_that_of_the_mean_accuracies_and_no_surer_than_either():
    one, two = Way("cut", kept=0.5), Way("cut", kept=0.5, passes=1)
    found = view.gain(two, one)
    assert found.value == pytest.approx((sum(accuracies(two)) - sum(accuracies(one))) / 3)
    assert view.gain(one, one).value == 0
    same = view.gain(two, PLAIN)
    assert same.value == pytest.approx(view.difference(two).value)


def test_a_technique_that_is_not_stored_is_named():
    with pytest.raises(KeyError, match=r"rounded.*bits=5"):
        view.rows(Way("rounded", 5))


def test_what_is_compared_stands_in_its_order():
    table = view.compared({"b": Way("rounded", 4), "a": PLAIN})
    assert table.index.tolist() == ["b", "a"]
    assert table.loc["a", "difference"] == ""
    assert table.loc["b", "accuracy (%)"] == round(100 * sum(accuracies(Way("rounded", 4))) / 3, 1)


def mean_on_digits(place: carries.Digits) -> float:
    """Return the mean over the seeds, chosen column by column."""
    table = studies.table(place.table)
    for column, value in place.chosen.items():
        table = table[table[column] == value]
    assert len(set(table["seed"])) == len(table) >= 3
    return table[place.column].mean()


@pytest.mark.parametrize("name", carries.TECHNIQUES)
def test_both_sides_are_stored_for_three_seeds(name):
    digits, side, _ = carries.TECHNIQUES[name]
    photographs = side.rows() if isinstance(side, Pair) else view.rows(side)
    assert sorted(photographs["seed"]) == [0, 1, 2]
    second, first = (mean_on_digits(one) for one in (digits, digits.first or carries.UNCOMPRESSED))
    assert carries.on_digits(digits).value == pytest.approx(second - first)


@pytest.mark.parametrize(
    ("low", "high", "answer"),
    [
        (-0.019, 0.01, True),
        (-0.02, 0.01, None),
        (-0.05, -0.02, None),
        (-0.05, -0.021, False),
        (0.01, 0.03, True),
    ],
)
def test_little_is_lost_only_where_the_whole_interval_says_so(low, high, answer):
    assert carries.little_lost(Difference((low + high) / 2, low, high)) is answer


@pytest.mark.parametrize(
    ("digits", "photographs", "said"),
    [
        ((-0.01, 0.01), (-0.005, 0.001), "yes"),
        ((-0.3, -0.1), (-0.5, -0.2), "yes"),
        ((-0.01, 0.01), (-0.5, -0.2), "no"),
        ((-0.03, 0.01), (-0.005, 0.001), "cannot be told"),
        ((-0.01, 0.01), (-0.03, 0.01), "cannot be told"),
    ],
)
def test_it_carries_over_where_both_sides_agree(monkeypatch, digits, photographs, said):
    monkeypatch.setattr(carries, "on_digits", lambda _: Difference(0.0, *digits))
    monkeypatch.setattr(carries, "on_photographs", lambda _: Difference(0.0, *photographs))
    assert carries.carries("4 bits") == said


@pytest.mark.parametrize(
    ("digits", "photographs", "said"),
    [
        ((0.01, 0.03), (0.001, 0.002), "yes"),
        ((-0.03, -0.01), (-0.5, -0.2), "yes"),
        ((0.01, 0.03), (-0.5, -0.2), "no"),
        ((0.0, 0.03), (0.01, 0.02), "cannot be told"),
        ((0.01, 0.03), (-0.01, 0.02), "cannot be told"),
    ],
)
def test_a_gain_carries_over_where_both_intervals_leave_out_zero(
    monkeypatch, digits, photographs, said
):
    monkeypatch.setattr(carries, "on_digits", lambda _: Difference(0.0, *digits))
    monkeypatch.setattr(carries, "on_photographs", lambda _: Difference(0.0, *photographs))
    assert carries.carries("taught by the larger network") == said


def test_some_or_all_techniques_are_shown():
    assert carries.carried("2 bits", "4 bits").index.tolist() == ["2 bits", "4 bits"]
    assert carries.carried().index.tolist() == list(carries.TECHNIQUES)
