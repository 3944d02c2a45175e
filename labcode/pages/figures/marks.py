"""The small vocabulary of all drawings: words, arrows, boxes, grids of numbers, stacks of maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labcode.pages.figures.letters import SIZE
from labcode.show.pictures import Anchor, Line, Path, Polygon, Polyline, Rect, Shape, Words, points

HEAD = 5.0  # half the width of an arrow's head, in pixels
MIDDLE = 0.36 * SIZE  # from the middle of a line of words down to its foot
LINE = 17.0  # from one line of words to the next

Styled = Callable[[int, int], str]  # row, column -> style


def words(x: float, y: float, text: str, anchor: Anchor = "middle", style: str = "word") -> Words:
    """Return words whose middle is at the height ``y``."""
    return Words(style, x, y + MIDDLE, text, anchor)


def note(x: float, y: float, text: str, anchor: Anchor = "middle") -> Words:
    """Return words of less weight."""
    return words(x, y, text, anchor, "note")


def heading(x: float, y: float, text: str, anchor: Anchor = "middle") -> Words:
    """Return words of more weight."""
    return words(x, y, text, anchor, "strong")


def lines(x: float, y: float, texts: Sequence[str], anchor: Anchor = "middle") -> list[Shape]:
    """Return lines of words, one below the other, the first at the height ``y``."""
    return [note(x, y + LINE * at, text, anchor) for at, text in enumerate(texts)]


def arrow(*places: tuple[float, float]) -> list[Shape]:
    """Return a line with a head through places; its last piece goes straight across or up or down.

    >>> len(arrow((0, 0), (0, 20)))
    2
    """
    (x, y), (to_x, to_y) = places[-2:]
    across, down = _sign(to_x - x), _sign(to_y - y)
    neck = (to_x - HEAD * 1.6 * across, to_y - HEAD * 1.6 * down)
    side = (HEAD * 0.8 * down, HEAD * 0.8 * across)
    corners = (
        (to_x, to_y),
        (neck[0] + side[0], neck[1] + side[1]),
        (neck[0] - side[0], neck[1] - side[1]),
    )
    return [
        Polyline("line", points(*places[:-1], neck)),
        Polygon("head", points(*corners)),
    ]


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def box(x: float, y: float, width: float, height: float, text: str, tone: str = "a") -> list[Shape]:
    """Return a box with words in its middle; (x, y) is its upper left corner."""
    return [
        Rect(f"box {tone}", x, y, width, height, 5),
        words(x + width / 2, y + height / 2, text),
    ]


def grid(
    x: float,
    y: float,
    rows: Sequence[Sequence[object]],
    cell: float,
    style: Styled | str = "cell",
) -> list[Shape]:
    """Return a grid with a number or a word in each cell.

    Args:
        x: The left side, in pixels.
        y: The upper side.
        rows: What stands in the cells; an empty word leaves one empty.
        cell: The side of a cell.
        style: Of all cells, or of each by its row and column.

    Returns:
        One path for all cells of a style, then the words.

    >>> grid(0, 0, [["", ""]], 20)
    [Path(style='cell', d='M0 0h20v20h-20zM20 0h20v20h-20z', fill_opacity=None)]
    """
    drawn: dict[str, list[tuple[float, float]]] = {}
    inside: list[Shape] = []
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            named = style if isinstance(style, str) else style(r, c)
            left, top = x + c * cell, y + r * cell
            drawn.setdefault(named, []).append((left, top))
            if (text := signed(value)) != "":
                inside.append(words(left + cell / 2, top + cell / 2, text))
    return [*(squares(named, places, cell) for named, places in drawn.items()), *inside]


def squares(style: str, places: Sequence[tuple[float, float]], side: float) -> Path:
    """Return squares of one size and style, by their upper left corners."""
    return Path(style, "".join(_square(x, y, side) for x, y in places))


def _square(x: float, y: float, side: float) -> str:
    return f"M{x:g} {y:g}h{side:g}v{side:g}h-{side:g}z"


def signed(value: object) -> str:
    """Return a value as it is printed: a real minus sign before a negative number.

    >>> signed(-3), signed("a")
    ('−3', 'a')
    """
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text.replace("-", "−") if isinstance(value, (int, float)) else text


def outline(x: float, y: float, width: float, height: float, tone: str = "b") -> Rect:
    """Return a frame that marks a part of a grid."""
    return Rect(f"mark {tone}", x, y, width, height, 2)


def maps(
    x: float, y: float, side: float, count: int, tone: str = "a", *, step: float = 4.0
) -> list[Shape]:
    """Return a stack of maps, the first in front; (x, y) is the front map's upper left corner."""
    back_to_front = reversed(range(count))
    return [
        Rect(f"map {tone}", x + step * at, y - step * at, side, side, 1) for at in back_to_front
    ]


def path_line(*places: tuple[float, float], style: str = "line") -> Polyline:
    """Return a line through places."""
    return Polyline(style, points(*places))


def rule(x: float, y: float, to_x: float, to_y: float) -> Line:
    """Return a thin straight line."""
    return Line("thin", x, y, to_x, to_y)
