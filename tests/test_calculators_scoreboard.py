"""The scoreboard in the page: a true Pareto front, true order, and points where they belong."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcode.pages.calculators.compare_techniques import (
    COLUMNS,
    ENTRIES,
    KINDS,
    Column,
    Entry,
    compare_techniques,
    pareto_front,
)
from labcode.pages.pictures.plane import HEIGHT, WIDTH, Axis, Point, plane
from labcode.show.pictures import Named, Words

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


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(1, 20)), min_size=1, max_size=12))
def test_differences_below_the_noise_are_none(places) -> None:
    entries = [entry(i, x, y) for i, (x, y) in enumerate(places)]
    rough = Column(GOOD.value, True, str, noise=3.0)
    front = pareto_front(entries, SMALL, rough)
    assert front == pareto_front(entries, rough, SMALL)  # on whichever axis it is
    for one, other in pairwise(sorted(front, key=lambda e: (e.params, e.accuracy))):
        assert other.accuracy - one.accuracy > 3 or one.params == other.params
    for one in entries:  # some row of the front is as small, and as good but for noise
        assert any(o.params <= one.params and o.accuracy >= one.accuracy - 3 for o in front)


def test_ticks_are_round_and_few() -> None:
    for low, high in ((7_690, 1_724_920), (0.95, 0.99), (1, 5.4), (3, 3), (28_480, 2_293_000)):
        for by_factors in (False, True):
            ticks = Axis("size", str, by_factors).ticks(low, high)
            assert len(ticks) <= 6
            assert all(low <= tick <= high for tick in ticks)
            if high > 3 * low:
                assert len(ticks) >= 2


def test_a_point_says_its_name_when_it_is_touched() -> None:
    html = compare_techniques(show="quantization").html
    assert html.count('<g class="live-named"><title>') == html.count("<title>")
    assert "<title>LeNet-5, 2-bit QAT</title>" in html
    assert "(log scale)" in html


@pytest.mark.parametrize("sort_by", COLUMNS)
@pytest.mark.parametrize("show", KINDS)
def test_rows_are_sorted_and_chosen(sort_by: str, show: str) -> None:
    result = compare_techniques(sort_by=sort_by, show=show, x_axis="MACs")
    names, front = result.values["listed"], result.values["front"]
    assert [row[0] for row in result.parts[1].rows] == [
        f"{place}. {name}{' ●' if name in front else ''}"
        for place, name in enumerate(names, start=1)
    ]
    chosen = [e for e in ENTRIES if show in ("everything", e.kind) or e.kind == "uncompressed"]
    if show == "the Pareto front":
        chosen = pareto_front(ENTRIES, COLUMNS["MACs"], COLUMNS["test accuracy"])
    assert sorted(names) == sorted(e.name for e in chosen)
    values = [COLUMNS[sort_by].value(next(e for e in chosen if e.name == n)) for n in names]
    assert values == sorted(values, reverse=COLUMNS[sort_by].more)


def test_points_lie_in_the_picture_in_the_order_of_their_values() -> None:
    points = [Point(10.0**k, k, str(k), False, f"power {k}") for k in range(5)]
    axis = Axis("size", str, by_factors=True)
    picture = plane(points, axis, Axis("k", str, by_factors=False), "powers")
    dots = [shape.shapes[-1] for shape in picture.shapes if isinstance(shape, Named)]
    found = [(dot.cx, dot.cy) for dot in dots]
    steps = [b[0] - a[0] for a, b in pairwise(found)]
    assert steps == pytest.approx([steps[0]] * 4, abs=1e-9)  # equal factors are equal steps
    assert all(a[1] > b[1] for a, b in pairwise(found))  # upwards is smaller y
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in found)


def test_names_that_would_hide_one_another_are_left_out_but_for_the_fronts() -> None:
    places = [(1.0, 1.0, "7", False), (1.001, 1.0, "8", True), (9.0, 9.0, "9", False)]
    near = [Point(*place, name="a row") for place in places]
    axis = Axis("size", str, by_factors=True)
    shapes = plane(near, axis, axis, "near").shapes
    names = {shape.text for shape in shapes if isinstance(shape, Words)}
    assert names & {"7", "8", "9"} == {"8", "9"}
    assert sum(isinstance(shape, Named) for shape in shapes) == 3


def test_all_points_are_drawn_where_only_the_front_is_listed() -> None:
    assert compare_techniques().html.count("<title>") == len(ENTRIES)


@pytest.mark.parametrize("argument", ["sort_by", "show", "x_axis", "y_axis"])
def test_what_is_no_column_is_refused(argument: str) -> None:
    with pytest.raises(ValueError, match=f"{argument} must be one of .*, got 'beauty'"):
        compare_techniques(**{argument: "beauty"})
