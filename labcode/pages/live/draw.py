"""Small pieces of HTML that calculators draw with: numbers, bars, formulas and tables.

A piece reads well without its style too: what a picture shows also stands beside it as text.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Literal

Tone = Literal["a", "b", "c"]  # three colours that colour-blind readers tell apart
TONES: tuple[Tone, ...] = ("a", "b", "c")
PREFIXES = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


def number(value: int) -> str:
    """Return a whole number with its thousands set apart.

    >>> number(62378344)
    '62,378,344'
    """
    return f"{value:,}"


def rounded(value: float, digits: int = 3) -> str:
    """Return ``value`` to a few digits, and never as a power of ten.

    >>> rounded(0.36111), rounded(1234567.0), rounded(20.0)
    ('0.361', '1,234,567', '20')
    """
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def scaled(value: float, unit: str) -> str:
    """Return ``value`` with the prefix of its unit that keeps it short.

    >>> scaled(1_428_000_000, "FLOP"), scaled(244.4e6, "B")
    ('1.43 GFLOP', '244 MB')
    """
    for factor, prefix in PREFIXES:
        if value >= factor:
            return f"{rounded(value / factor)} {prefix}{unit}"
    return f"{rounded(value)} {unit}"


def times(*factors: int | str) -> str:
    """Return a product as it is written by hand.

    >>> times(4, 3, "3²")
    '4 × 3 × 3²'
    """
    return " × ".join(number(f) if isinstance(f, int) else f for f in factors)


def bar(fraction: float, tone: Tone) -> str:
    """Return a bar that is filled from 0 to 1; the number it shows must stand beside it."""
    width = max(0.0, min(1.0, fraction)) * 100
    return (
        f'<span class="live-bar live-{tone}" aria-hidden="true">'
        f'<span style="width:{width:.2f}%"></span></span>'
    )


def log_fraction(value: float, largest: float) -> float:
    """Return how long a bar on a logarithmic scale is, from 0 for 1 to 1 for ``largest``.

    >>> log_fraction(1000, 1_000_000)
    0.5
    """
    if value <= 1 or largest <= 1:
        return float(value >= largest > 0)
    return math.log(value) / math.log(largest)


def quantity(value: int, fraction: float, tone: Tone, formula: str, remark: str = "") -> str:
    """Return a number with its bar, its formula and a remark."""
    tail = f'<span class="live-remark">{remark}</span>' if remark else ""
    return (
        f'<b class="live-number">{number(value)}</b> {tail}{bar(fraction, tone)}'
        f'<div class="live-formula">{formula}</div>'
    )


def quantities(values: Sequence[int], formulas: Sequence[str], *, log: bool = False) -> list[str]:
    """Return numbers that are compared: bars against the largest, shares of the first.

    Args:
        values: One number for each column.
        formulas: How each of them comes about.
        log: Whether the bars are on a logarithmic scale, which the caller must say.

    Returns:
        One piece of HTML for each column, in the colours of `TONES`.
    """
    most = max(values)
    return [
        quantity(
            value,
            log_fraction(value, most) if log else value / most,
            tone,
            formula,
            percent(value, values[0]),
        )
        for value, tone, formula in zip(values, TONES, formulas, strict=False)
    ]


def heading(text: str, tone: Tone) -> str:
    """Return the name of a column with the colour of its bars."""
    return f'<span class="live-dot live-{tone}" aria-hidden="true"></span>{escape(text)}'


def percent(part: float, whole: float) -> str:
    """Return a share of a whole.

    >>> percent(39, 108)
    '36.1 %'
    """
    return f"{rounded(100 * part / whole)} %"


def tinted(html: str, tone: Tone) -> str:
    """Return ``html`` with its pictures in a colour."""
    return f'<span class="live-{tone}">{html}</span>'


def table(
    columns: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]], caption: str = ""
) -> str:
    """Return a table of cells that are HTML already, each row with its head."""
    heads = "".join(f'<th scope="col">{column}</th>' for column in columns)
    body = "\n".join(
        f'<tr><th scope="row">{name}</th>' + "".join(_cell(cell) for cell in cells) + "</tr>"
        for name, cells in rows
    )
    title = f"<caption>{caption}</caption>" if caption else ""
    return (
        f'<table class="live-table" style="--live-columns:{len(columns)}">{title}\n'
        f"<thead><tr><td></td>{heads}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody></table>"
    )


def _cell(html: str) -> str:
    return f"<td>{html}</td>"


def impossible(why: str) -> str:
    """Return the reason for which one column has no numbers."""
    return f'<span class="live-error">{escape(why)}</span>'


def svg(width: float, height: float, label: str, body: str) -> str:
    """Return a picture, in pixels, that says in words what it shows."""
    return (
        f'<svg class="live-picture" role="img" aria-label="{escape(label)}" '
        f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}">{body}</svg>'
    )


def rect(x: float, y: float, width: float, height: float, style: str) -> str:
    """Return a rectangle of an `svg`; ``style`` is a class of the style sheet."""
    return (
        f'<rect class="{style}" x="{x:.4g}" y="{y:.4g}" width="{width:.4g}" height="{height:.4g}"/>'
    )
