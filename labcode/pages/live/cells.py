"""Cells that several calculators show: numbers that are compared, accuracies that were measured."""

from __future__ import annotations

from collections.abc import Sequence

from labcode.show.numbers import log_share, number, percent, share, spread
from labcode.show.pictures import TONES, Tone
from labcode.show.tables import Cell


def compared(
    values: Sequence[int], formulas: Sequence[str], *, log: bool = False
) -> tuple[Cell, ...]:
    """Return numbers with bars against the largest and their shares of the first.

    Args:
        values: One whole number for each column.
        formulas: How each of them comes about.
        log: Whether the bars are on a logarithmic scale, which the caller must say.
    """
    length, most = log_share if log else share, max(values)
    return tuple(
        Cell(number(value), length(value, most), tone, percent(value, values[0]), formula, "large")
        for value, tone, formula in zip(values, TONES, formulas, strict=False)
    )


def accuracy(measured: tuple[float, float] | None, tone: Tone) -> Cell:
    """Return a mean accuracy with its standard deviation; the bar starts at 10 %, guessing.

    Args:
        measured: Both from 0 to 1; None where nothing was measured.
        tone: The bar's colour.
    """
    if measured is None:
        return Cell(remark="not measured")
    return Cell(spread(*measured), (measured[0] - 0.1) / 0.9, tone, kind="strong")
