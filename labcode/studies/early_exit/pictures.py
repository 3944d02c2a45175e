"""Pictures of the chapters on dynamic computation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from labcode.basics.pictures import draw_tile

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def gallery(images: Tensor, exits: Tensor, *, columns: int = 10) -> Figure:
    """Show some images that leave at each exit, a row an exit.

    Args:
        images: Shape (N, 1, H, W).
        exits: The exit that each image takes, from 0, (N,).
        columns: Images in a row: the first that leave there.
    """
    import matplotlib.pyplot as plt

    rows = int(exits.max()) + 1
    figure, grid = plt.subplots(rows, columns, figsize=(0.42 * columns, 0.5 * rows), squeeze=False)
    for k, line in enumerate(grid):
        shown = images[exits == k][:columns, 0]
        for index, axes in enumerate(line):
            axes.axis("off")
            if index < len(shown):
                draw_tile(axes, shown[index])
        line[0].text(
            -0.25, 0.5, f"exit {k + 1}", transform=line[0].transAxes, ha="right", va="center"
        )
    return figure


def cost_curve(
    axes: Axes,
    runs: pd.DataFrame,
    by: str,
    color: str,
    *,
    whole: float,
    x: str = "macs",
    style: str = ".-",
    band: bool = True,
) -> None:
    """Draw mean test accuracy against mean cost over seeds, with a band of one spread.

    Args:
        axes: Where to draw.
        runs: A row for each setting and seed, with a column "test_accuracy".
        by: The column that tells the settings apart; the line goes through them in its order.
        color: Of the line.
        whole: The cost that counts as 100 %.
        x: The column with the cost.
        style: Of the line and its marks.
        band: Whether to draw the band.
    """
    found = runs.groupby(by).agg(
        x=(x, "mean"), y=("test_accuracy", "mean"), s=("test_accuracy", "std")
    )
    place, mean, spread = 100 * found["x"] / whole, 100 * found["y"], 100 * found["s"].fillna(0)
    axes.plot(place, mean, style, color=color)
    if band:
        axes.fill_between(place, mean - spread, mean + spread, color=color, alpha=0.15, lw=0)


def dots_and_means(
    axes: Axes, groups: Mapping[str, Sequence[float]], colors: Mapping[str, str]
) -> None:
    """Draw one line a group: a dot for each seed's value, and a stroke at their mean.

    Args:
        axes: Where to draw; the first group is on top.
        groups: Values by name.
        colors: Colour of each name.
    """
    for place, (name, values) in enumerate(groups.items()):
        axes.plot(list(values), [place] * len(values), ".", color=colors[name], ms=6)
        mean = sum(values) / len(values)
        axes.plot([mean, mean], [place - 0.28, place + 0.28], color=colors[name])
    axes.set_yticks(range(len(groups)), list(groups))
    axes.invert_yaxis()
