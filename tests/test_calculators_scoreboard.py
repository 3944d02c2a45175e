"""The scoreboard in the page: a true Pareto front, true order, and points where they belong."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from labcode.pages.calculators.plane import HEIGHT, WIDTH, Axis, Point, plane
from labcode.pages.calculators.scoreboard import (
    COLUMNS,
    ENTRIES,
    KINDS,
    Column,
    Entry,
    compare_techniques,
    pareto_front,
)

SMALL = Column(lambda e: e.params, False, str)
GOOD = Column(lambda e: e.accuracy, True, str)


def entry(name: int, params: int, accuracy: float) -> Entry:
    return Entry(str(name), "any", accuracy, 0.0, params, 1, 1, 1, 1, 1.0, 1.0)


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=12))
def test_the_front_is_what_no_other_point_beats(places) -> None:
    entries = [entry(i, x, y) for i, (x, y) in enumerate(places)]
    front = pareto_front(entries, SMALL, GOOD)
    assert front
    for one in entries:
        beaten = any(
            (o.params <= one.params and o.accuracy >= one.accuracy)
            and (o.params < one.params or o.accuracy > one.accuracy)
            for o in entries
        )
        assert (one in front) == (not beaten)


@pytest.mark.parametrize("sort_by", COLUMNS)
@pytest.mark.parametrize("show", KINDS)
def test_rows_are_sorted_and_chosen(sort_by: str, show: str) -> None:
    text = str(compare_techniques(sort_by=sort_by, show=show, x_axis="MACs")).splitlines()
    names = [re.sub(r"^\d+\. | ●", "", line.rpartition(": ")[0]) for line in text[1:]]
    chosen = [e for e in ENTRIES if show in ("everything", e.kind) or e.kind == "uncompressed"]
    if show == "the Pareto front":
        chosen = pareto_front(ENTRIES, COLUMNS["MACs"], COLUMNS["test accuracy"])
    assert sorted(names) == sorted(e.name for e in chosen)
    values = [COLUMNS[sort_by].value(next(e for e in chosen if e.name == n)) for n in names]
    assert values == sorted(values, reverse=COLUMNS[sort_by].more)


def test_points_lie_in_the_picture_in_the_order_of_their_values() -> None:
    points = [Point(10.0**k, k, str(k), False) for k in range(5)]
    axis = Axis("size", str, by_factors=True)
    html = plane(points, axis, Axis("k", str, by_factors=False), "powers")
    found = [tuple(map(float, m)) for m in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', html)]
    steps = [b[0] - a[0] for a, b in pairwise(found)]
    assert steps == pytest.approx([steps[0]] * 4, abs=0.6)  # equal factors are equal steps
    assert all(a[1] > b[1] for a, b in pairwise(found))  # upwards is smaller y
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in found)


def test_names_that_would_hide_one_another_are_left_out_but_for_the_fronts() -> None:
    near = [Point(1.0, 1.0, "7", False), Point(1.001, 1.0, "8", True), Point(9.0, 9.0, "9", False)]
    axis = Axis("size", str, by_factors=True)
    html = plane(near, axis, axis, "near")
    shown = [n for n in ("7", "8", "9") if f">{n}</text>" in html]
    assert shown == ["8", "9"]
    assert html.count("<circle") == 3


def test_all_points_are_drawn_where_only_the_front_is_listed() -> None:
    assert compare_techniques().html.count("<circle") == len(ENTRIES)


@pytest.mark.parametrize("argument", ["sort_by", "show", "x_axis", "y_axis"])
def test_what_is_no_column_is_refused(argument: str) -> None:
    with pytest.raises(ValueError, match=f"{argument} must be one of .*, got 'beauty'"):
        compare_techniques(**{argument: "beauty"})
