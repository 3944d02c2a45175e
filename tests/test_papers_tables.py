"""Every published number of six papers: complete, and each verdict as it should be."""

import math
import re
from collections import Counter
from decimal import Decimal
from functools import cache

import pytest

from labcode.papers import CITED, EQUAL, papers, published, reproduce, to_frame
from labcode.papers import deep_compression as dc
from labcode.papers.mobilenet_v1 import shares
from labcode.papers.row import printed_number
from labcode.papers.squeezenet import packed_bytes, path, pruned_total

TABLES = {  # the tables that the course promises
    "mobilenet_v1": [f"Table {number}" for number in range(1, 11)],
    "squeezenet": ["Table 1", "Table 2", "Table 3", "sec 5.2", "Figure 3"],
    "shufflenet_v1": ["Table 1", "Table 2", "Table 5"],
    "senet": ["Table 2", "Table 3", "Table 10", "sec 4"],
    "deep_compression": ["Table 1", "Table 2", "Table 3", "Table 4", "Table 5"],
}

# Counted once by hand from the verdicts; a change of any of them must be looked at.
KINDS = {  # equal, explained, not reproducible, cited
    "mobilenet_v1": (63, 14, 0, 20),
    "squeezenet": (47, 18, 4, 45),
    "shufflenet_v1": (16, 4, 3, 25),
    "senet": (13, 15, 3, 26),
    "alexnet": (3, 5, 0, 3),
    "deep_compression": (38, 60, 23, 179),
}


@cache
def found(paper: str):
    return reproduce(paper)


ANALYTIC = [
    (paper, number)
    for paper in papers()
    for number, row in enumerate(found(paper))
    if row.verdict != CITED
]


def digits(text: str) -> tuple[Decimal, Decimal]:
    """Return a printed number and the worth of its last digit."""
    number = Decimal(re.sub(r"^~| ?[KM]?B?$", "", text))
    return number, Decimal(1).scaleb(number.as_tuple().exponent)


@pytest.mark.parametrize(("paper", "number"), ANALYTIC)
def test_the_verdict_is_what_the_numbers_say(paper, number):
    row = found(paper)[number]
    equal = row.computed == row.published
    if isinstance(row.computed, (int, float)):
        printed, last = digits(row.published)
        equal = abs(Decimal(row.computed) - printed) <= last / 2
        assert row.difference == pytest.approx(float(Decimal(row.computed) - printed))
    assert equal == (row.verdict == EQUAL)
    if not equal:
        assert row.kind in ("explained", "not reproducible")
        assert len(row.verdict) > len(row.kind) + 10  # it says why


@pytest.mark.parametrize("paper", papers())
def test_the_verdicts_are_those_that_were_looked_at(paper):
    kinds = Counter(row.kind for row in found(paper))
    assert (
        tuple(kinds[kind] for kind in (EQUAL, "explained", "not reproducible", CITED))
        == KINDS[paper]
    )
    assert kinds.total() == sum(KINDS[paper])


@pytest.mark.parametrize("paper", TABLES)
def test_no_published_row_is_left_out(paper):
    table = published.table(paper)
    for name in TABLES[paper]:
        own = table[table["source"].str.contains(rf"{name}\b", regex=True)]
        rows = [row for row in found(paper) if row.table == name]
        assert len(rows) == len(own) > 0
    assert {row.table for row in found(paper)} == set(TABLES[paper])


@pytest.mark.parametrize("paper", papers())
def test_nothing_that_needs_imagenet_or_a_clock_is_computed(paper):
    for row in found(paper):
        measured = ("top1", "top5", "error", "acc@", "time", "speedup")
        if any(word in row.quantity for word in measured):
            assert row.verdict == CITED


def test_squeezenets_first_table_is_exact():
    counts = [row for row in found("squeezenet") if row.quantity.startswith("params")]
    assert len(counts) == 22
    assert all(row.computed == int(row.published) for row in counts)
    assert pruned_total() == 421_098


def test_the_packed_file_adds_up():
    # 417,122 weights of 12 bits, 3,976 biases of 32, 26 codebooks of 256 x 32
    assert packed_bytes(8) == 417_122 * 1.5 + 3_976 * 4 + 26 * 1024
    assert packed_bytes(8) - packed_bytes(6) == 417_122 / 4 + 26 * (256 - 64) * 4


def test_the_way_from_240_mb_is_arithmetic_that_adds_up():
    steps = path()
    for step in steps:
        formula = re.sub("[a-z]+", "", step.arithmetic.replace(",", "").replace(" x ", " * "))
        assert eval(formula) / 1e6 == pytest.approx(step.megabytes)
        assert step.times_smaller == pytest.approx(steps[0].megabytes / step.megabytes)
    assert [step.printed_megabytes for step in steps] == ["240", "4.8", "", "0.66", "0.47"]
    assert [step.printed_times for step in steps] == ["1", "50", "", "363", "510"]
    assert [int(240 / float(mb)) for mb in ("4.8", "0.66", "0.47")] == [50, 363, 510]


def test_squeezenets_printed_sizes_are_mebibytes_rounded_up():
    rows = [row for row in found("squeezenet") if row.quantity.startswith("size")]
    sizes = {row.published: row.computed for row in rows if row.network.startswith("SqueezeNet")}
    for printed in ("4.8", "13", "19", "5.7", "21"):
        tenths = 1 if "." in printed else 0
        mebibytes = sizes[printed] * 1e6 / 2**20
        assert math.ceil(mebibytes * 10**tenths) / 10**tenths == float(printed)


def test_one_count_fits_senets_second_table():
    reasons = Counter(
        row.verdict.rsplit(", ")[-1]
        for row in found("senet")
        if row.table == "Table 2" and "batch norm" in row.verdict
    )
    assert reasons == {"cut off": 8, "rounded": 2}


def test_mobilenets_shares_add_up_and_the_printed_column_does_not():
    ours = shares()
    assert sum(part[0] for part in ours.values()) == pytest.approx(100)
    assert sum(part[1] for part in ours.values()) == pytest.approx(100)
    rows = [row for row in found("mobilenet_v1") if row.quantity == "share of mult-adds"]
    assert sum(printed_number(row.published) for row in rows) == pytest.approx(99.29)


def test_deep_compressions_printed_layers_do_not_add_up_to_its_totals():
    rates = {name: 1 / dc.layers_total(name, "P+Q+H").rate for name in ("LeNet-5", "VGG-16")}
    assert round(rates["LeNet-5"], 1) == 36.6  # printed: 39
    assert round(rates["VGG-16"]) == 53  # printed: 49


def test_a_rate_by_hand():
    # LeNet-5's conv1: 66 % of 500 weights, 8 + 5 bits, a codebook of 256 values
    bits = 0.66 * 500 * 13 + 256 * 32
    assert dc.layer_rate("LeNet-5", "conv1", "P+Q")[0] == pytest.approx(bits / (500 * 32))


def test_the_frame_has_every_row():
    rows = found("alexnet")
    frame = to_frame(rows)
    assert len(frame) == len(rows)
    assert list(frame["kind"]) == [row.kind for row in rows]
