"""What the page shows of small photographs: every number again, from the stored tables alone."""

import csv
from pathlib import Path

import pytest
import torch

from labcode import quantization, studies, weights
from labcode.studies.cifar10 import carries, stored, target, target_view, view
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


def test_files_of_the_target_are_those_of_the_tables_and_of_the_store():
    shown = target_view.files()
    rows = studies.table("cifar10_target_lessons").set_index("seed")
    whole = studies.table("cifar10_target").set_index("seed")
    for seed in range(3):
        assert len(weights.read(target.packed_name(seed))) == rows.loc[seed, "bytes_on_disk"]
        of_file = rows.loc[seed, "test_accuracy"]
        assert shown.loc[target_view.TRAINED, f"seed {seed} (%)"] == round(100 * of_file, 1)
        changed = rows.loc[seed, "won"] - rows.loc[seed, "lost"]
        assert round(10_000 * (of_file - whole.loc[seed, "test_accuracy"])) == changed
    assert list(shown.index) == ["float32", "int8", "4 bits", "4 bits, trained"]


@pytest.mark.parametrize("seed", range(3))
def test_a_file_of_the_target_holds_the_networks_weights_in_four_bits(seed):
    folded = stored.folded(seed, target.NETWORK)
    layers = quantization.unpack_layers(weights.read(target.packed_name(seed)))
    assert sum(layer.weights.integers.numel() for layer in layers.values()) > 172_000
    for name, layer in layers.items():
        integers = layer.weights.integers.flatten(1)
        assert -8 <= integers.min() < integers.max() <= 7
        scale = layer.weights.scale.reshape(-1, 1)
        own = folded.get_submodule(name).weight.detach().flatten(1)
        both = torch.stack([(integers * scale).ravel(), own.ravel()])
        assert torch.corrcoef(both)[0, 1] > 0.95  # a pass of training moves weights little
