"""What goes with one channel where two branches are added and a third is put behind them."""

from __future__ import annotations

from labcode._checks import check_between
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import grid, heading, lines, words
from labcode.show.pictures import Picture, Shape

CHANNELS, SIDE = 4, 2  # of both branches and their sum; of the branch that is put behind it
CELL, TOP = 26.0, 26.0  # pixels: of a channel, above the first
PLACES = {"stem": 30.0, "body": 92.0, "sum": 154.0, "side": 216.0, "head reads": 292.0}
SIGNS = {61.0: "+", 123.0: "="}


def removed_channel(which: int = 0) -> Figure:
    """Draw the channels of a sum and a concatenation, and those that go with one of them.

    Args:
        which: The channel that goes, 0 to 3.

    Raises:
        ValueError: There is no such channel.

    >>> removed_channel()
    A channel goes: 0 of stem, of body and of their sum; the head reads 5 of 6.
    """
    check_between("which", which, 0, CHANNELS - 1)
    own, behind = list(range(CHANNELS)), list(range(CHANNELS, CHANNELS + SIDE))
    columns = {"stem": own, "body": own, "sum": own, "side": list(range(SIDE))}
    columns["head reads"] = [*own, *behind]
    shapes: list[Shape] = [heading(x, 12, name) for name, x in PLACES.items()]
    for name, channels in columns.items():
        top = TOP + CHANNELS * CELL if name == "side" else TOP

        def tone(row: int, _: int, name: str = name) -> str:
            if name == "side" or row >= CHANNELS:
                return "cell c"
            return "cell b" if row == which else "cell a"

        rows = [[channel] for channel in channels]
        shapes += grid(PLACES[name] - CELL / 2, top, rows, CELL, tone)
    shapes += [words(x, TOP + CHANNELS * CELL / 2, sign) for x, sign in SIGNS.items()]
    foot = TOP + (CHANNELS + SIDE) * CELL + 16
    shapes += lines(4, foot, ("orange: goes; side reads the sum,", "head reads both"), "start")
    left = CHANNELS + SIDE - 1
    label = (
        f"A channel goes: {which} of stem, of body and of their sum; the head reads {left} of "
        f"{CHANNELS + SIDE}."
    )
    return Figure((Picture(340, foot + 30, label, tuple(shapes)),))
