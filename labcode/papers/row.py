"""One published number beside the number that we compute, and the verdict on the pair."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

EQUAL = "equal to the digits printed"
CITED = "cited"
KINDS = (EQUAL, "explained", "not reproducible", CITED)


@dataclass(frozen=True)
class Found:
    """What we compute for a published number, and why it may differ.

    Args:
        value: Our number, or text such as a shape; None where we have none.
        reason: Why it differs from the printed one.
        instead: What another convention gives; it must have the printed digits, and then the
            reason is an explanation.
        explained: The reason explains the difference although no other number shows it, as
            for a misprint. Else a difference with a reason counts as not reproducible.
    """

    value: float | str | None
    reason: str = ""
    instead: float | str | None = None
    explained: bool = False


@dataclass(frozen=True)
class Row:
    """A published number, ours, and the verdict.

    `verdict` is "equal to the digits printed", "explained: ...", "not reproducible: ..." or
    "cited" (it cannot be computed without the authors' data, weights or machine).
    """

    table: str
    network: str
    config: str
    quantity: str
    published: str
    unit: str
    computed: float | str | None
    verdict: str

    @property
    def kind(self) -> str:
        """The verdict without its reason."""
        return self.verdict.split(":")[0]

    @property
    def difference(self) -> float | None:
        """Computed minus published; None where one of them is not a number."""
        number = printed_number(self.published)
        if number is None or not isinstance(self.computed, (int, float)):
            return None
        return self.computed - number


def printed_number(text: str) -> float | None:
    """Return the number at the start of a printed value, None if there is none.

    >>> printed_number("~2.5"), printed_number("38M"), printed_number("16/64/64")
    (2.5, 38.0, None)
    """
    match = re.fullmatch(r"~?(\d+(?:\.\d+)?) ?(?:[KM]|KB|MB)?", text.strip())
    return float(match.group(1)) if match else None


def agrees(published: str, value: float | str) -> bool:
    """Tell whether a value, rounded to the printed digits, is what was printed.

    >>> agrees("4.2", 4.209), agrees("4.2", 4.26), agrees("16/64/64", "16/64/64")
    (True, False, True)
    """
    if isinstance(value, str):
        return value == published
    number = printed_number(published)
    if number is None:
        return False
    decimals = re.search(r"\.(\d+)", published)
    step = 10.0 ** -(len(decimals.group(1)) if decimals else 0)
    return abs(value - number) <= step / 2 * (1 + 1e-9)


def verdict(published: str, found: Found | None) -> str:
    """Return the verdict on a published number.

    Args:
        published: The number as printed.
        found: What we compute; None where nothing can be computed.

    Returns:
        The text of `Row.verdict`.

    Raises:
        ValueError: The numbers differ and no reason is given, or the number that should
            explain the difference does not.

    >>> verdict("240", Found(243.9, "two digits", instead=240.0))
    'explained: two digits'
    """
    if found is None:
        return CITED
    if found.value is not None and agrees(published, found.value):
        return EQUAL
    if not found.reason:
        raise ValueError(f"published {published!r} and computed {found.value!r} differ unexplained")
    if found.instead is not None and not agrees(published, found.instead):
        raise ValueError(f"{found.instead!r} does not explain the published {published!r}")
    if found.explained or found.instead is not None:
        return f"explained: {found.reason}"
    return f"not reproducible: {found.reason}"


def make_row(table: str, printed: dict[str, str], found: Found | None) -> Row:
    """Return the row of one published number (a row of `labcode.papers.published.table`)."""
    return Row(
        table=table,
        network=printed["model"],
        config=printed["config"],
        quantity=printed["quantity"],
        published=printed["value"],
        unit=printed["unit"],
        computed=None if found is None else found.value,
        verdict=verdict(printed["value"], found),
    )


def to_digits(value: float, digits: int) -> float:
    """Round to a number of significant digits.

    >>> to_digits(724.4, 2)
    720.0
    """
    return float(f"{value:.{digits - 1}e}")


def cut_off(value: float, decimals: int = 0) -> float:
    """Drop the digits behind a decimal place, instead of rounding.

    >>> cut_off(510.6), cut_off(2.4507, 1)
    (510.0, 2.4)
    """
    factor = 10.0**decimals
    return math.floor(value * factor) / factor


def to_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """Return rows as a pandas DataFrame, with the difference and the kind of verdict.

    Args:
        rows: The rows, from any paper.

    Returns:
        Columns table, network, config, quantity, published, unit, computed, difference,
        verdict and kind.
    """
    import pandas as pd

    columns = ["table", "network", "config", "quantity", "published", "unit", "computed"]
    columns += ["difference", "verdict", "kind"]
    return pd.DataFrame([[getattr(row, c) for c in columns] for row in rows], columns=columns)
