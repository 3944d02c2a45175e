"""Browse the measured grid of small SqueezeNets."""

from __future__ import annotations

from labcode._checks import check_choice
from labcode.pages import data
from labcode.pages.live.result import Result
from labcode.show.numbers import number, spread
from labcode.show.pictures import TONES
from labcode.show.tables import AnyCell, Cell, Head, Kind, Table

Key = tuple[float, float, str]
BYPASSES = ("plain", "simple", "complex")
STORED = data.load("design_space")
# Squeeze ratio, share of 3x3, bypass: mean and standard deviation of the validation accuracy
# over the seeds, multiply-adds, bytes of the file.
GRID: dict[Key, tuple[float, float, int, int]] = {
    (ratio, share, bypass): tuple(found) for ratio, share, bypass, *found in STORED["rows"]
}


def design_space(
    squeeze_ratio: str = "0.25", share_3x3: str = "50 %", bypass: str = "plain"
) -> Result:
    """Show what was measured of one design, and whether another one beats it.

    Args:
        squeeze_ratio: Squeeze filters over expand filters, such as "0.25".
        share_3x3: Share of the expand filters that are 3x3, such as "50 %".
        bypass: "plain", "simple" or "complex".

    Returns:
        Mean validation accuracy ± standard deviation over the seeds, multiply-adds and bytes.

    Raises:
        ValueError: A setting is not in the grid.

    >>> design_space().summary.startswith("Squeeze ratio 0.25, 50 % 3×3, plain: ")
    True
    """
    ratios = {f"{ratio:g}": ratio for ratio, _, _ in GRID}
    shares = {f"{100 * share:g} %": share for _, share, _ in GRID}
    key: Key = (
        ratios[check_choice("squeeze_ratio", squeeze_ratio, tuple(ratios))],
        shares[check_choice("share_3x3", share_3x3, tuple(shares))],
        check_choice("bypass", bypass, BYPASSES),
    )
    better = beaten_by(key)
    verdict = f"{_name(better)} beats it" if better else "no other beats it"
    accuracy, macs, size = _shown(key)
    rivals: list[Key] = [(key[0], key[1], other) for other in BYPASSES]
    if better and better not in rivals:
        rivals.append(better)
    heads = map(Head, ("Accuracy", "Multiply-adds", "Bytes"), TONES)
    return Result(
        f"{_name(key)}: {accuracy}, {macs} multiply-adds, {size} bytes; {verdict}.",
        (Table(columns=("", *heads), rows=tuple(_row(rival, key) for rival in rivals)),),
        f"Measured beforehand: {STORED['seeds']} networks for each number, on 500 validation "
        "images, mean ± standard deviation. Where bars are drawn, they start at zero, and the "
        "longest is the largest of the grid.",
        values={"chosen": key, "better": better, "rivals": rivals},
    )


def beaten_by(key: Key) -> Key | None:
    """Return a design that is as good in all three and better in one: the most accurate."""
    accuracy, _, macs, size = GRID[key]
    found = [
        other
        for other, (a, _, m, s) in GRID.items()
        if a >= accuracy and m <= macs and s <= size and (a, -m, -s) != (accuracy, -macs, -size)
    ]
    return max(found, key=lambda other: GRID[other][0], default=None)


def _name(key: Key) -> str:
    return f"Squeeze ratio {key[0]:g}, {100 * key[1]:g} % 3×3, {key[2]}"


def _short(rival: Key, key: Key) -> str:
    """Name a row: by its bypass alone where the rest is what was chosen."""
    named = f"{rival[2]} bypass" if rival[2] != "plain" else "plain"
    named = named if rival[:2] == key[:2] else f"{rival[0]:g}, {100 * rival[1]:g} %, {named}"
    return named[0].upper() + named[1:]


def _shown(key: Key) -> tuple[str, str, str]:
    accuracy, deviation, macs, size = GRID[key]
    return spread(accuracy, deviation, 1), number(macs), number(size)


def _row(rival: Key, key: Key) -> tuple[AnyCell, ...]:
    accuracy, _, macs, size = GRID[rival]
    most_macs, most_bytes = (max(found[i] for found in GRID.values()) for i in (2, 3))
    parts = (accuracy, macs / most_macs, size / most_bytes)
    kind: Kind = "strong" if rival == key else "plain"
    cells = zip(_shown(rival), parts, TONES, strict=True)
    return _short(rival, key), *(Cell(*cell, kind=kind) for cell in cells)
