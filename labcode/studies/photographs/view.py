"""Rows of the stored table, as the pages show them: each with its difference to float32."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from labcode import studies
from labcode.training import Difference, paired_difference

if TYPE_CHECKING:
    import pandas as pd

Key = tuple[Any, ...]  # method, then bits, then kept


def row(method: str, bits: int = 0, kept: float = 1.0) -> pd.Series[Any]:
    """Return the stored row of a method.

    Args:
        method: One of `trials.METHODS`.
        bits: Of the weights.
        kept: Part of the inner channels that stays.

    Raises:
        KeyError: There is no such row.

    >>> int(row("uncompressed")["n"])
    875
    """
    table = _methods()
    chosen = (table["method"] == method) & (table["bits"] == bits) & (table["kept"] == kept)
    if not chosen.any():
        raise KeyError(f"no row of {method!r} with bits={bits} and kept={kept:g} is stored")
    return table[chosen].iloc[0]


def _methods() -> pd.DataFrame:
    """Return all methods; learned rounding, which takes longest, is stored by itself."""
    import pandas as pd

    stored = ("photographs_methods", "photographs_learned")
    return pd.concat([studies.table(name) for name in stored], ignore_index=True)


def difference(method: str, bits: int = 0, kept: float = 1.0) -> Difference:
    """Return a method's accuracy minus that of float32, with its interval; see `row`."""
    found = row(method, bits, kept)
    return paired_difference(int(found["lost"]), int(found["won"]), int(found["n"]))


def compared(wanted: Mapping[str, Key]) -> pd.DataFrame:
    """Return some rows side by side.

    Args:
        wanted: What a row is called to the arguments of `row`.
    """
    import pandas as pd

    lines = {}
    for name, key in wanted.items():
        found = row(*key)
        plain = key[0] == "uncompressed"
        lines[name] = {
            "accuracy (%)": round(100 * found["correct"] / found["n"], 1),
            "difference (points)": "" if plain else str(difference(*key)).replace(" points", ""),
            "same answers (%)": round(100 * found["agree"] / found["n"], 1),
            "MB": round(found["bytes"] / 1e6, 2),
        }
    return pd.DataFrame(lines).T
