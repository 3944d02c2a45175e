"""Browse the scoreboard: sort it, filter it, and put any two of its columns on a plane."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from labcode._checks import check_choice
from labcode.pages import data
from labcode.pages.live.result import Result
from labcode.pages.pictures.plane import Axis, Point, plane
from labcode.show import numbers
from labcode.show.numbers import number, rounded, scaled
from labcode.show.pictures import Picture
from labcode.show.tables import Table

NOISE = 0.005  # of an accuracy: about two standard errors of a difference on 1,000 digits
FRONT, EVERYTHING = "the Pareto front", "everything"


@dataclass(frozen=True)
class Entry:
    """A row of the scoreboard.

    Args:
        name: Network and technique.
        kind: Of which sort the technique is.
        accuracy: Mean test accuracy, from 0 to 1.
        spread: Standard deviation over the seeds.
        params: Parameters that are not zero.
        macs: Multiply-adds for one image.
        bytes_on_disk: Of a file with the weights: packed, or of a smaller dense network.
        onnx_bytes: Of the file that a runtime runs.
        activation_bytes: Peak activation memory for one image.
        faster: Times faster than the uncompressed LeNet-5, one image: the medians' ratio.
        faster_95: The same for the times that 95 % of the runs stay under.
    """

    name: str
    kind: str
    accuracy: float
    spread: float
    params: int
    macs: int
    bytes_on_disk: int
    onnx_bytes: int
    activation_bytes: int
    faster: float
    faster_95: float


@dataclass(frozen=True)
class Column:
    """A column: how to read it, whether more is better, how to write it, and what is noise.

    A value is better than another where it differs by more than ``noise``, in the column's unit.
    """

    value: Callable[[Entry], float]
    more: bool
    text: Callable[[float], str]
    noise: float = 0.0


COLUMNS = {
    "test accuracy": Column(lambda e: e.accuracy, True, lambda v: f"{100 * v:.2f} %", NOISE),
    "parameters": Column(lambda e: e.params, False, lambda v: number(round(v))),
    "MACs": Column(lambda e: e.macs, False, lambda v: number(round(v))),
    "bytes on disk": Column(lambda e: e.bytes_on_disk, False, lambda v: scaled(v, "B")),
    "bytes of the ONNX file": Column(lambda e: e.onnx_bytes, False, lambda v: scaled(v, "B")),
    "activation memory": Column(lambda e: e.activation_bytes, False, lambda v: scaled(v, "B")),
    "times faster": Column(lambda e: e.faster, True, lambda v: f"{rounded(v)} ×"),
    "times faster, slowest 5 %": Column(lambda e: e.faster_95, True, lambda v: f"{rounded(v)} ×"),
}
CAPTION = (
    "Measured beforehand: mean ± standard deviation of three seeds or more. Times faster than the "
    "uncompressed LeNet-5, in turn with it, in ONNX Runtime on one thread: the ratio of the "
    "medians (for early exits of the means), or of the times that 95 % of the runs stay under (the "
    "slowest 5 %). From the best in one column on, a row joins the front if it is better in the "
    "other than all that joined before it, in accuracy by more than half a point: the means of "
    "unlike networks on 1,000 digits seldom tell less. Numbers in the picture are places in the "
    "table, where there is room; rows on the front have a ●."
)
ENTRIES = tuple(Entry(*row) for row in data.load("compare_techniques")["rows"])
KINDS = (FRONT, EVERYTHING, *dict.fromkeys(entry.kind for entry in ENTRIES))


def compare_techniques(
    sort_by: str = "bytes on disk",
    show: str = FRONT,
    x_axis: str = "bytes on disk",
    y_axis: str = "test accuracy",
) -> Result:
    """Show the rows of one sort of technique, best first, and where they lie on a plane.

    Args:
        sort_by: One of `COLUMNS`.
        show: One of `KINDS`: which rows. The uncompressed networks always stay, but for the
            Pareto front, which is that of all rows.
        x_axis: One of `COLUMNS`.
        y_axis: One of `COLUMNS`.

    Returns:
        A picture with the Pareto front, as `pareto_front` finds it, and the table; numbers in the
        picture are places in the table.

    Raises:
        ValueError: An argument is not one of its values.

    >>> compare_techniques(show="quantization").summary.startswith("Of ")
    True
    """
    for name, value in {"sort_by": sort_by, "x_axis": x_axis, "y_axis": y_axis}.items():
        check_choice(name, value, tuple(COLUMNS))
    check_choice("show", show, KINDS)
    column, kinds = COLUMNS[sort_by], ("uncompressed", show)
    chosen = [e for e in ENTRIES if show in (FRONT, EVERYTHING) or e.kind in kinds]
    chosen.sort(key=column.value, reverse=column.more)
    front = pareto_front(chosen, COLUMNS[x_axis], COLUMNS[y_axis])
    listed = front if show == FRONT else chosen
    shown = tuple(dict.fromkeys((sort_by, x_axis, y_axis)))
    rows = tuple(_row(place, e, e in front, shown) for place, e in enumerate(listed, start=1))
    return Result(
        f"Of {len(chosen)} rows, {_are(len(front))} on the Pareto front of {x_axis} and {y_axis}.",
        (
            _picture(chosen, front, listed, x_axis, y_axis),
            Table(columns=("", *shown), rows=rows, style="rows"),
        ),
        CAPTION,
        values={"front": [e.name for e in front], "listed": [e.name for e in listed]},
    )


def pareto_front(entries: Sequence[Entry], x: Column, y: Column) -> list[Entry]:
    """Return the entries that no other one beats.

    One beats another if it is at least as good in both columns and better in one. What differs
    by noise alone is equal: from the best in the one column on, an entry is kept where it is
    better in the other, by more than noise, than all that were kept.
    """
    first, second = (y, x) if x.noise and not y.noise else (x, y)

    def merit(column: Column, entry: Entry) -> float:
        return column.value(entry) if column.more else -column.value(entry)

    best, kept = -math.inf, set()
    for entry in sorted(entries, key=lambda e: (-merit(first, e), -merit(second, e))):
        value = merit(second, entry)
        if value > best + second.noise or (merit(first, entry), value) in kept:
            kept.add((merit(first, entry), value))
            best = value
    return [entry for entry in entries if (merit(first, entry), merit(second, entry)) in kept]


def _are(number_of_rows: int) -> str:
    return "1 is" if number_of_rows == 1 else f"{number_of_rows} are"


def _picture(
    chosen: Sequence[Entry], front: Sequence[Entry], listed: Sequence[Entry], x: str, y: str
) -> Picture:
    """Return the rows as points; those that are listed have their place as a name."""
    places = {id(entry): str(place) for place, entry in enumerate(listed, start=1)}
    points = [
        Point(COLUMNS[x].value(e), COLUMNS[y].value(e), places.get(id(e), ""), e in front, e.name)
        for e in chosen
    ]
    best = "; ".join(entry.name for entry in front)
    label = f"{y} against {x} of {len(chosen)} rows. On the Pareto front: {best}."
    return plane(points, _axis(x), _axis(y), label)


def _axis(name: str) -> Axis:
    text = scaled if name in ("parameters", "MACs") else COLUMNS[name].text  # short, for a phone
    return Axis(name, text, by_factors=name != "test accuracy")


def _row(place: int, entry: Entry, on_front: bool, shown: Sequence[str]) -> tuple[str, ...]:
    cells = [
        numbers.spread(entry.accuracy, entry.spread, space="\u00a0")  # both stay in one line
        if name == "test accuracy"
        else COLUMNS[name].text(COLUMNS[name].value(entry))
        for name in shown
    ]
    return f"{place}. {entry.name}{' ●' if on_front else ''}", *cells
