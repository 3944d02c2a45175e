"""Pictures of the pruning chapters: accuracy against what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from labcode.basics.pictures import line_with_spread

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

TICKS = (0.5, 1, 2, 5, 10, 20, 50, 100)  # percent


def kept_lines(
    axes: Axes,
    runs: pd.DataFrame,
    by: str,
    colors: Mapping[str, str],
    *,
    log: bool = True,
    what: str = "weights",
) -> None:
    """Draw accuracy against the kept share, a line with its spread over seeds for each kind.

    Args:
        axes: Where to draw.
        runs: One row for each kind, kept share (a column "kept", 0 to 1) and seed, with a column
            "test_accuracy".
        by: Column that names the kind.
        colors: The kinds to draw, with their colours; kinds without rows are left out.
        log: Whether the kept share is on a logarithmic axis.
        what: What is kept, for the axis' name.
    """
    percent = runs.assign(kept=(100 * runs["kept"]).round(2))
    for name, color in colors.items():
        found = percent[percent[by] == name]
        if len(found):
            line_with_spread(axes, found, "kept", "test_accuracy", "", color)
    axes.set_xlabel(f"{what} kept (%)")
    if log:
        low, high = percent["kept"].min(), percent["kept"].max()
        shown = [tick for tick in TICKS if low <= tick <= high]
        axes.set_xscale("log")
        axes.set_xticks(shown, [f"{tick:g}" for tick in shown])
        axes.minorticks_off()


def name_lines(
    axes: Axes, colors: Mapping[str, str], places: Mapping[str, tuple[float, float]]
) -> None:
    """Write names in their lines' colours, at places given in parts of the axes (0 to 1)."""
    for name, place in places.items():
        axes.annotate(name, place, xycoords="axes fraction", color=colors[name])
