"""Browse the measured grid of small SqueezeNets."""

from __future__ import annotations

from typing import TypeVar

from labcode.pages.calculators.design_space_grid import GRID, SEEDS
from labcode.pages.live.draw import TONES, bar, heading, number, table
from labcode.pages.live.result import Result

Key = tuple[float, float, str]
Option = TypeVar("Option", float, str)
BYPASSES = ("plain", "simple", "complex")


def design_space(
    squeeze_ratio: str = "0.25", share_3x3: str = "50 %", bypass: str = "plain"
) -> Result:
    """Show what was measured of one design, and whether another one beats it in everything.

    Args:
        squeeze_ratio: Squeeze filters over expand filters, such as "0.25".
        share_3x3: Share of the expand filters that are 3x3, such as "50 %".
        bypass: "plain", "simple" or "complex".

    Returns:
        Mean validation accuracy ± standard deviation over the seeds, multiply-adds and bytes.

    Raises:
        ValueError: A setting is none of the grid.

    >>> design_space().text.splitlines()[0].startswith("Squeeze ratio 0.25, 50 % 3×3, plain: ")
    True
    """
    ratios = {f"{ratio:g}": ratio for ratio, _, _ in GRID}
    shares = {f"{100 * share:g} %": share for _, share, _ in GRID}
    key: Key = (
        _pick("squeeze_ratio", squeeze_ratio, ratios),
        _pick("share_3x3", share_3x3, shares),
        _pick("bypass", bypass, {name: name for name in BYPASSES}),
    )
    better = beaten_by(key)
    verdict = f"{_name(better)} is better in all" if better else "no other is better in all"
    accuracy, spread, macs, size = GRID[key]
    lead = (
        f"{_name(key)}: {100 * accuracy:.1f} ± {100 * spread:.1f} %, {number(macs)} "
        f"multiply-adds, {number(size)} bytes; {verdict} three."
    )
    rivals: list[Key] = [(key[0], key[1], other) for other in BYPASSES]
    if better and better not in rivals:
        rivals.append(better)
    rows = [(_short(rival, key), _cells(rival, rival == key)) for rival in rivals]
    heads = ("Accuracy", "Multiply-adds", "Bytes")
    body = table([heading(head, tone) for head, tone in zip(heads, TONES, strict=True)], rows)
    caption = (
        f"Measured beforehand: {SEEDS} networks for each number, on 500 validation images, mean ± "
        "standard deviation. Bars start at zero; the longest is the largest of the grid."
    )
    lines = [lead, *(f"{_short(rival, key)}: {_plain(rival)}" for rival in rivals)]
    html = f'<p class="live-lead">{lead}</p>\n{body}\n<p class="live-caption">{caption}</p>'
    return Result(html, "\n".join(lines))


def beaten_by(key: Key) -> Key | None:
    """Return a design that is as good in all three and better in one: the most accurate."""
    accuracy, _, macs, size = GRID[key]
    found = [
        other
        for other, (a, _, m, s) in GRID.items()
        if a >= accuracy and m <= macs and s <= size and (a, -m, -s) != (accuracy, -macs, -size)
    ]
    return max(found, key=lambda other: GRID[other][0], default=None)


def _pick(name: str, value: str, options: dict[str, Option]) -> Option:
    if value not in options:
        raise ValueError(f"{name} must be one of {', '.join(options)}, got {value!r}")
    return options[value]


def _name(key: Key) -> str:
    return f"Squeeze ratio {key[0]:g}, {100 * key[1]:g} % 3×3, {key[2]}"


def _short(rival: Key, key: Key) -> str:
    """Name a row: by its bypass alone where the rest is what was chosen."""
    named = f"{rival[2]} bypass" if rival[2] != "plain" else "plain"
    named = named if rival[:2] == key[:2] else f"{rival[0]:g}, {100 * rival[1]:g} %, {named}"
    return named[0].upper() + named[1:]


def _plain(key: Key) -> str:
    accuracy, spread, macs, size = GRID[key]
    return (
        f"{100 * accuracy:.1f} ± {100 * spread:.1f} %, {number(macs)} multiply-adds, "
        f"{number(size)} bytes"
    )


def _cells(key: Key, strong: bool) -> list[str]:
    accuracy, spread, macs, size = GRID[key]
    most_macs, most_bytes = (max(values[i] for values in GRID.values()) for i in (2, 3))
    shown = (f"{100 * accuracy:.1f} ± {100 * spread:.1f} %", number(macs), number(size))
    parts = (accuracy, macs / most_macs, size / most_bytes)
    return [
        (f"<b>{text}</b>" if strong else text) + bar(part, tone)
        for text, part, tone in zip(shown, parts, TONES, strict=True)
    ]
