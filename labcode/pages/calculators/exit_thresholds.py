"""A threshold for early exits, on answers that were really measured."""

from __future__ import annotations

from labcode._checks import check_between, check_choice
from labcode.pages import data
from labcode.pages.live.result import Result
from labcode.show.numbers import number, percent
from labcode.show.pictures import Tone
from labcode.show.tables import Cell, Head, Table

STORED = data.load("exit_thresholds")
MACS: list[int] = STORED["macs"]  # up to each exit
PLAIN_MACS: int = STORED["plain_macs"]  # of the network without early exits
# Whether each exit is right about each image, a row an exit.
RIGHT = [[hit == "1" for hit in hits] for hits in STORED["right"]]
# How sure each early exit is of each image, from 0 to 1, by rule, a row an exit.
SURE = {
    rule: [[int(step) / 65_535 for step in row.split()] for row in rows]
    for rule, rows in STORED["sure"].items()
}
EXITS, IMAGES = len(RIGHT), len(RIGHT[0])


def taken(rule: str, threshold: float) -> list[int]:
    """Return the exit that each image takes, from 0: the first that is sure enough."""
    scores = SURE[rule]
    return [
        next((k for k in range(EXITS - 1) if scores[k][i] >= threshold), EXITS - 1)
        for i in range(IMAGES)
    ]


def exit_thresholds(threshold: int = 900, rule: str = "confidence") -> Result:
    """Show which images leave where, and what that costs and loses.

    Args:
        threshold: How sure an exit must be, in thousandths, 0 to 1000.
        rule: "confidence", "entropy" or "margin".

    Returns:
        For each exit the share of the images that leaves there and how many of these are right;
        expected multiply-adds and accuracy.

    Raises:
        ValueError: The threshold is out of range, or there is no such rule.

    >>> exit_thresholds(0).values["leave"]
    [500, 0, 0, 0]
    """
    check_between("threshold", threshold, 0, 1000)
    exits = taken(check_choice("rule", rule, tuple(SURE)), threshold / 1000)
    hits = [RIGHT[k][i] for i, k in enumerate(exits)]
    leave = [exits.count(k) for k in range(EXITS)]
    good = [sum(hit for hit, at in zip(hits, exits, strict=True) if at == k) for k in range(EXITS)]
    expected, last = round(sum(MACS[k] for k in exits) / IMAGES), sum(RIGHT[-1])
    work = percent(expected, PLAIN_MACS)
    rows = [
        (f"Exit {k + 1}", _cell(leave[k], leave[k] / IMAGES, _remark(good[k], leave[k])))
        for k in range(EXITS)
    ]
    rows += [
        ("Expected multiply-adds", _cell(expected, expected / MACS[-1], work, "b")),
        (
            f"Right, of {IMAGES}",
            _cell(sum(hits), sum(hits) / IMAGES, f"all at the last exit: {last}", "c"),
        ),
    ]
    return Result(
        f"{percent(sum(hits), IMAGES)} right for {work} of the multiply-adds of the network "
        "without early exits.",
        (Table(columns=("", Head("Images", "a")), rows=tuple(rows), style="list"),),
        f"Counted over the {IMAGES} validation images: what the stored network really answered "
        "about each of them at each exit.",
        values={"leave": leave, "right": good, "macs": expected},
    )


def _remark(good: int, leave: int) -> str:
    return f"{percent(good, leave)} right" if leave else "nobody leaves here"


def _cell(value: int, share: float, remark: str, tone: Tone = "a") -> Cell:
    return Cell(number(value), share, tone, remark, kind="strong")
