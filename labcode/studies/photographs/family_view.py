"""The stored rows of the family and of the clock, as the pages show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labcode import studies
from labcode.training import Difference, Proportion, paired_difference, proportion

if TYPE_CHECKING:
    import pandas as pd


def member(version: int, form: str) -> pd.Series[Any]:
    """Return the stored row of a network of the family.

    Args:
        version: Of Lite, 0 to 2.
        form: One of `family.FORMS`.

    Raises:
        KeyError: There is no such row.

    >>> int(member(0, "float32")["correct"])
    762
    """
    table = studies.table("photographs_family")
    chosen = (table["version"] == version) & (table["form"] == form)
    if not chosen.any():
        raise KeyError(f"no row of Lite{version} in {form!r} is stored")
    return table[chosen].iloc[0]


def right(version: int, form: str) -> Proportion:
    """Return a network's share of right answers with its interval; see `member`."""
    found = member(version, form)
    return proportion(int(found["correct"]), int(found["n"]))


def loss(version: int, form: str) -> Difference:
    """Return a form's accuracy minus that of the same network in float32; see `member`."""
    found = member(version, form)
    return paired_difference(int(found["lost"]), int(found["won"]), int(found["n"]))


def gain(version: int, form: str) -> Difference:
    """Return a network's accuracy minus that of Lite0 in float32; see `member`."""
    found = member(version, form)
    lost, won = int(found["lost_to_lite0"]), int(found["won_over_lite0"])
    return paired_difference(lost, won, int(found["n"]))


def family() -> pd.DataFrame:
    """Return all networks in all forms, side by side."""
    import pandas as pd

    table = studies.table("photographs_family").sort_values("version", kind="stable")
    lines = {}
    for version, form in zip(table["version"], table["form"], strict=True):
        found = member(version, form)
        lines[f"Lite{version}, {form}"] = {
            "right": str(right(version, form)),
            "against Lite0": "" if (version, form) == (0, "float32") else str(gain(version, form)),
            "million multiply-adds": round(found["macs"] / 1e6),
            "megabytes": round(found["bytes"] / 1e6, 2),
        }
    return pd.DataFrame(lines).T


def milliseconds() -> pd.DataFrame:
    """Return what each network takes for one image, with quartiles, and how much faster int8 is."""
    import pandas as pd

    table = studies.table("photographs_milliseconds")
    lines = {}
    cases = dict.fromkeys(zip(table["version"], table["threads"], strict=True))
    for version, threads in cases:
        pair = table[(table["version"] == version) & (table["threads"] == threads)]
        forms = pair.set_index("form")
        line = {}
        for form, one in forms.iterrows():
            low, high = one["low_ms"], one["high_ms"]
            line[f"{form} (ms)"] = f"{one['median_ms']:.1f} ({low:.1f} to {high:.1f})"
        int8 = forms.loc["int8"]
        low, high = int8["faster_low"], int8["faster_high"]
        line["times faster"] = f"{int8['faster']:.2f} ({low:.2f} to {high:.2f})"
        plural = "s" if threads > 1 else ""
        lines[f"Lite{version}, {threads} thread{plural}"] = line
    return pd.DataFrame(lines).T
