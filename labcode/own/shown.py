"""The forms of a network as one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from labcode.own.forms import Variant

if TYPE_CHECKING:
    import pandas as pd


def table(forms: Sequence[Variant]) -> pd.DataFrame:
    """Return a line for each form of a network, ready to be shown.

    Args:
        forms: From `variants`.

    Returns:
        Kilobytes (1,000 bytes), milliseconds for one picture, the share of judging pictures whose
        answer stays in percent, and a remark; a cell is empty where there is nothing to say.

    >>> found = table([Variant("int8", 5_000_000, 0.9, 12.34), Variant("cut", refusal="no")])
    >>> found.loc["int8"].tolist()
    [5000, 12.3, 90, '']
    """
    import pandas as pd

    rows = [
        {
            "form": one.name,
            "kilobytes": _rounded(one.size, 1e-3, 0),
            "ms": _rounded(one.milliseconds, 1, 1),
            "same answers (%)": _rounded(one.agreement, 100, 0),
            "remark": one.refusal or one.note,
        }
        for one in forms
    ]
    return pd.DataFrame(rows, dtype=object).set_index("form")


def _rounded(value: float | None, factor: float, digits: int) -> float | str:
    return "" if value is None else round(value * factor, digits or None)
