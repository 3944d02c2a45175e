"""Whole networks by the clock: ratios whose truth is known, and what the stored tables hold."""

import random
from itertools import product
from statistics import median

import pytest

import labcode
from labcode import studies
from labcode.runtime import Ratio, times_as_long
from labcode.studies.clock import view
from labcode.studies.clock.networks import (
    MOBILENET,
    NETWORKS,
    RESNET18,
    SE_RESNET18,
    STANDARD,
    WAITING,
)
from labcode.studies.clock.tables import PROCESSOR, SPINNING, WALL
from labcode.studies.clock.view import Candidate

FORMS = ("float32", "int8")
MEASURED = {PROCESSOR.name: (NETWORKS, (1,)), WALL.name: (NETWORKS, (1, 2))}


def test_a_slow_round_strikes_both_and_leaves_the_ratio() -> None:
    shorter = [1.0, 1.0, 50.0, 1.0, 7.0, 1.0, 1.0]
    found = times_as_long([3 * time for time in shorter], shorter)
    assert (found.value, found.low, found.high) == (3, 3, 3)


def test_the_interval_holds_the_median_as_often_as_it_says() -> None:
    """Of skewed ratios too: 95 in 100 at least, and not all of them."""
    chance, held = random.Random(0), 0
    for _ in range(1000):
        ratios = [2 * chance.lognormvariate(0, 0.5) for _ in range(20)]  # the true median is 2
        found = times_as_long(ratios, [1.0] * 20)
        held += found.low <= 2 <= found.high
    assert 940 <= held < 985  # 95.9 % by the binomial, and three standard errors


@pytest.mark.parametrize(("rounds", "place"), [(6, 0), (8, 0), (9, 1), (20, 5), (60, 21)])
def test_the_interval_begins_where_tables_of_the_sign_test_have_it(rounds: int, place: int) -> None:
    found = times_as_long(list(range(1, rounds + 1)), [1.0] * rounds)
    assert (found.low, found.high) == (1 + place, rounds - place)


def test_what_is_no_pair_of_rounds_is_refused() -> None:
    with pytest.raises(ValueError, match="as many rounds, 6 or more, got 6 and 5"):
        times_as_long([1.0] * 6, [1.0] * 5)
    with pytest.raises(ValueError, match="got 5 and 5"):
        times_as_long([1.0] * 5, [1.0] * 5)


def test_a_ratio_says_its_interval() -> None:
    assert str(Ratio(1.042, 0.98, 1.1)) == "1.04 times (0.98 to 1.10)"


@pytest.mark.parametrize("name", MEASURED)
def test_each_network_stands_there_in_both_forms_on_all_threads(name: str) -> None:
    table, made = studies.table(name), studies.provenance(name)
    candidates = [Candidate(*one) for one in product(MEASURED[name][0], FORMS, MEASURED[name][1])]
    for candidate in candidates:
        found = view.row(table, candidate)
        rounds = [float(ms) for ms in found["rounds_ms"].split()]
        assert len(rounds) == made["rounds"]
        assert float(found["median_ms"]) == pytest.approx(median(rounds), rel=2e-3)
    assert len(table) == len(candidates)


def test_each_kind_of_waiting_was_timed_alone_and_beside_others() -> None:
    table, made = studies.table(SPINNING.name), studies.provenance(SPINNING.name)
    keys = zip(table["network"], table["spinning"], table["beside"], strict=True)
    names = [network.id for network in WAITING]
    assert sorted(keys) == sorted(product(names, (False, True), ("nothing", "others")))
    for rounds, stored in zip(table["rounds_ms"], table["median_ms"], strict=True):
        times = [float(ms) for ms in rounds.split()]
        assert len(times) == made["rounds"]
        assert stored == pytest.approx(median(times), rel=2e-3)


def test_a_candidate_that_is_not_there_is_named() -> None:
    with pytest.raises(KeyError, match="threads=3"):
        view.row(studies.table(PROCESSOR.name), Candidate(MOBILENET, threads=3))


def test_the_counts_beside_the_times_are_those_of_the_networks() -> None:
    table = studies.table(PROCESSOR.name)
    for network in (MOBILENET, RESNET18, SE_RESNET18):
        counted = labcode.count(network.build(), (3, network.pixels, network.pixels))
        stored = view.row(table, Candidate(network))
        assert (stored["macs"], stored["params"]) == (counted.macs, counted.params)
    assert view.fewer_macs(table, STANDARD, MOBILENET) == pytest.approx(8.56, abs=0.01)


def test_squeeze_and_excitation_adds_two_small_layers_to_each_block() -> None:
    extra = SE_RESNET18.build(), RESNET18.build()
    more, plain = (sum(p.numel() for p in model.parameters()) for model in extra)
    blocks = [64, 64, 128, 128, 256, 256, 512, 512]
    assert more - plain == sum(2 * c * (c // 16) + c // 16 + c for c in blocks)
