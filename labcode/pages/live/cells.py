"""Cells that several calculators show: numbers that are compared, accuracies that were measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labcode.show.numbers import log_share, number, percent, share, spread
from labcode.show.pictures import TONES, Tone
from labcode.show.tables import Cell, Head, Table

Measured = tuple[float, float]  # mean and standard deviation, from 0 to 1


class NotMeasuredError(ValueError):
    """A setting that no stored result has.

    Args:
        argument: The argument that gives way: its control goes to the nearest measured value.
        reason: Why there is no answer, in whole words.
    """

    def __init__(self, argument: str, reason: str) -> None:
        """Keep the argument beside the reason."""
        super().__init__(reason)
        self.argument = argument


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


def accuracies(
    found: Mapping[str, Measured | None], tones: Mapping[str, Tone], head: Head
) -> tuple[Table, str]:
    """Return a table of what was measured, and a sentence that names what was not.

    Args:
        found: Mean and standard deviation of each way; None where nothing was measured.
        tones: The colour of each way's bar; the bars start at 10 %, guessing.
        head: What stands above the numbers.

    Returns:
        The table, and the sentence with a space before it: nothing if nothing is missing.
    """
    rows = tuple(
        (name, Cell(spread(*measured), (measured[0] - 0.1) / 0.9, tones[name], kind="strong"))
        for name, measured in found.items()
        if measured is not None
    )
    missing = "; ".join(name for name, measured in found.items() if measured is None)
    table = Table(columns=("", head), rows=rows, style="list")
    return table, f" Not measured here, so not shown: {missing}." if missing else ""
