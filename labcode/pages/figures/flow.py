"""Blocks of networks as flow charts: boxes one below the other, forks whose branches meet again.

A chart is a list of parts. Each part says how far it reaches to the left and right of the wire
that runs through it, and how high it is, and draws itself at a place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from labcode.pages.figures.letters import width_of
from labcode.pages.figures.marks import LINE, arrow, heading, note, path_line, words
from labcode.show.pictures import Circle, Picture, Rect, Shape

WIRE, SIDE, RADIUS = 18.0, 12.0, 9.0  # pixels: between two parts, between branches, of a joint
HIGH, EDGE = 26.0, 5.0  # of a box with one line, around the whole chart


class Reach(NamedTuple):
    """How far a part reaches from its wire, and how high it is, in pixels."""

    left: float
    right: float
    height: float


@dataclass(frozen=True)
class Box:
    """A layer.

    Args:
        text: Its name.
        note: A second line.
        tone: Its colour.
        width: In pixels; as wide as its words if None.
    """

    text: str
    note: str = ""
    tone: str = "a"
    width: float | None = None

    def reach(self) -> Reach:
        """Return its size; the wire runs through its middle."""
        needed = max(width_of(self.text), width_of(self.note)) + 16
        half = (self.width or max(44.0, needed)) / 2
        return Reach(half, half, HIGH + LINE * bool(self.note))

    def draw(self, x: float, y: float) -> list[Shape]:
        """Draw it below a place."""
        half, _, height = self.reach()
        shapes: list[Shape] = [
            Rect(f"box {self.tone}", x - half, y, 2 * half, height, 5),
            words(x, y + HIGH / 2, self.text),
        ]
        return [*shapes, note(x, y + HIGH / 2 + LINE - 2, self.note)] if self.note else shapes


@dataclass(frozen=True)
class Says:
    """Words beside the wire, such as the shape of a map."""

    text: str

    def reach(self) -> Reach:
        """Return their size; they stand to the right."""
        return Reach(2, 7 + width_of(self.text), LINE)

    def draw(self, x: float, y: float) -> list[Shape]:
        """Draw the words and the wire."""
        wire = path_line((x, y), (x, y + LINE))
        return [wire, note(x + 7, y + LINE / 2 + 1, self.text, "start")]


@dataclass(frozen=True)
class End:
    """Words at an end of the wire: what goes in, or what comes out."""

    text: str

    def reach(self) -> Reach:
        """Return their size."""
        half = width_of(self.text) / 2
        return Reach(half, half, LINE)

    def draw(self, x: float, y: float) -> list[Shape]:
        """Draw the words."""
        return [note(x, y + LINE / 2, self.text)]


@dataclass(frozen=True)
class Fork:
    """Branches that leave the wire and meet again.

    Args:
        branches: Parts of each branch; none for a plain wire, a shortcut.
        join: "+" or "×" for a joint, another word for a box that all branches run into.
        through: The branch that continues the wire; the middle of all if None.
    """

    branches: tuple[Sequence[Part], ...]
    join: str = "+"
    through: int | None = None

    def _places(self) -> list[float]:
        """Return where the wire of each branch runs, from the wire of the fork."""
        at, places = 0.0, []
        for branch in self.branches:
            left, right, _ = reach_of(branch)
            places.append(at + left)
            at += left + right + SIDE
        axis = places[self.through] if self.through is not None else (at - SIDE) / 2
        return [place - axis for place in places]

    def reach(self) -> Reach:
        """Return the size of all branches and of what joins them."""
        places, reaches = self._places(), [reach_of(branch) for branch in self.branches]
        left = max(reach.left - place for reach, place in zip(reaches, places, strict=True))
        right = max(reach.right + place for reach, place in zip(reaches, places, strict=True))
        inner = max(reach.height for reach in reaches)
        return Reach(left, right, 8 + inner + self._below())

    def _below(self) -> float:
        return WIRE - 4 + 2 * RADIUS if self._small() else WIRE + HIGH

    def _small(self) -> bool:
        return len(self.join) == 1

    def draw(self, x: float, y: float) -> list[Shape]:
        """Draw the branches, and join them below the longest."""
        places = [x + place for place in self._places()]
        foot = y + self.reach().height - self._below()  # where the longest branch ends
        shapes: list[Shape] = []
        for place, branch in zip(places, self.branches, strict=True):
            shapes.append(path_line((x, y), (x, y + 8), (place, y + 8)))
            if branch:
                shapes += draw_all(branch, place, y + 8, wire_first=True)
            shapes += self._to_joint(place, y + 8 + reach_of(branch).height, x, foot)
        return shapes + self._joint(x, foot, places)

    def _to_joint(self, place: float, start: float, x: float, foot: float) -> list[Shape]:
        """Return the wire from the end of a branch to where all meet."""
        if not self._small():
            return arrow((place, start), (place, foot + WIRE))
        middle = foot + WIRE - 4 + RADIUS
        if abs(place - x) < 1:
            return arrow((place, start), (place, middle - RADIUS))
        edge = x + (RADIUS if place > x else -RADIUS)
        return arrow((place, start), (place, middle), (edge, middle))

    def _joint(self, x: float, foot: float, places: list[float]) -> list[Shape]:
        if self._small():
            middle = foot + WIRE - 4 + RADIUS
            return [Circle("thin", x, middle, RADIUS), words(x, middle, self.join)]
        half = max(width_of(self.join) / 2 + 8, *(abs(place - x) + 14 for place in places))
        return Box(self.join, tone="c", width=2 * half).draw(x, foot + WIRE)


Part = Box | Says | End | Fork


def reach_of(parts: Sequence[Part]) -> Reach:
    """Return the size of parts one below the other, with the wires between them."""
    reaches = [part.reach() for part in parts]
    if not reaches:
        return Reach(5, 5, 0)
    wires = sum(WIRE for part in parts if _needs_wire(part))
    return Reach(
        max(reach.left for reach in reaches),
        max(reach.right for reach in reaches),
        sum(reach.height for reach in reaches) + wires,
    )


def _needs_wire(part: Part) -> bool:
    """Tell whether an arrow leads to a part; words beside the wire bring their own."""
    return isinstance(part, (Box, End))


def draw_all(parts: Sequence[Part], x: float, y: float, *, wire_first: bool = False) -> list[Shape]:
    """Return parts one below the other.

    Args:
        parts: From the top down.
        x: Where the wire runs.
        y: Where it begins.
        wire_first: Whether a wire leads to the first part, too.
    """
    shapes: list[Shape] = []
    for at, part in enumerate(parts):
        if _needs_wire(part):
            shapes += arrow((x, y), (x, y + WIRE)) if at or wire_first else []
            y += WIRE if at or wire_first else 0
        shapes += part.draw(x, y)
        y += part.reach().height
    return shapes


def chart(label: str, parts: Sequence[Part], *, title: str = "", width: float = 0.0) -> Picture:
    """Return a chart as a picture, in the middle of ``width`` pixels if that is more than it needs.

    >>> chart("A layer: one box.", [End("x"), Box("conv"), End("y")]).height
    106
    """
    left, right, height = reach_of(parts)
    height -= WIRE if parts and _needs_wire(parts[0]) else 0
    top = EDGE + (LINE + 8 if title else 0)
    needed = max(left + right, width_of(title, bold=True)) + 2 * EDGE
    whole = round(max(width, needed))
    x = (whole - left - right) / 2 + left
    shapes = draw_all(parts, x, top)
    if title:
        shapes.append(heading(whole / 2, EDGE + LINE / 2, title))
    return Picture(whole, round(top + height + EDGE), label, tuple(shapes))
