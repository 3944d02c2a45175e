"""Pictures of digits, filters and feature maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from labcode.show.plotting import COLORS, label_line

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def show_tiles(
    tiles: Tensor,
    *,
    columns: int = 10,
    titles: Sequence[str] = (),
    signed: bool = False,
    side: float = 0.48,
) -> Figure:
    """Show many small pictures side by side.

    Args:
        tiles: Shape (N, H, W).
        columns: Pictures in a row.
        titles: A word above each of the first pictures.
        signed: Whether zero is white, with blue for positive and vermilion for negative values;
            else zero is white and the largest value black, in each picture.
        side: Width of a picture, in inches.

    Returns:
        The figure.
    """
    import matplotlib.pyplot as plt

    rows = -(-len(tiles) // columns)
    height = side * rows + (0.3 if titles else 0)
    figure, grid = plt.subplots(rows, columns, figsize=(side * columns, height), squeeze=False)
    for index, axes in enumerate(grid.flat):
        axes.set_visible(index < len(tiles))
        if index < len(tiles):
            draw_tile(axes, tiles[index], signed=signed)
        if index < len(titles):
            axes.set_title(titles[index], loc="center")
    return figure


def draw_tile(axes: Axes, tile: Tensor, *, signed: bool = False) -> None:
    """Draw one picture (H, W) without axes; `show_tiles` says what ``signed`` means."""
    from matplotlib.colors import LinearSegmentedColormap

    pixels = tile.detach().cpu().numpy()
    top = float(np.abs(pixels).max()) or 1.0
    two = [COLORS["orange"], "white", COLORS["blue"]]
    colours = LinearSegmentedColormap.from_list("signed", two) if signed else "gray_r"
    axes.imshow(pixels, cmap=colours, vmin=-top if signed else 0.0, vmax=top)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(False)
    axes.spines[:].set(visible=True, color="#bbbbbb", linewidth=0.6)  # where an empty tile ends


def line_with_spread(
    axes: Axes, runs: pd.DataFrame, x: str, y: str, name: str, color: str, *, dashed: bool = False
) -> None:
    """Draw the mean over seeds, a band from the lowest to the highest seed, and the line's name.

    Args:
        axes: Where to draw.
        runs: One row for each seed and point.
        x: Column along the horizontal axis.
        y: Column to average. Parts of a whole, from 0 to 1, are written in per cent.
        name: Written beside the line's end.
        color: Of line, band and name.
        dashed: Whether the line is dashed.
    """
    from matplotlib.ticker import PercentFormatter

    seeds = runs.groupby(x)[y].agg(["mean", "min", "max"])
    points = seeds.index.to_numpy(dtype=float)
    style = "--" if dashed else "-"
    axes.plot(points, seeds["mean"].to_numpy(), color=color, linestyle=style, marker=".")
    axes.fill_between(
        points, seeds["min"].to_numpy(), seeds["max"].to_numpy(), color=color, alpha=0.18, lw=0
    )
    if seeds["max"].max() <= 1:
        axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    label_line(axes, points[-1], float(seeds["mean"].iloc[-1]), name, color)


def bars_with_seeds(axes: Axes, runs: pd.DataFrame, by: str, y: str, order: Sequence[str]) -> None:
    """Draw a lying bar for each kind: its mean over seeds, with a dot for each seed.

    Args:
        axes: Where to draw; ``order`` runs from top to bottom.
        runs: One row for each kind and seed.
        by: Column that names the kind.
        y: Column to average, a part from 0 to 1, written in percent.
        order: The kinds to show.
    """
    for place, kind in enumerate(order):
        values = runs.loc[runs[by] == kind, y].to_numpy(dtype=float)
        axes.barh(place, values.mean(), color=COLORS["sky"], height=0.62)
        axes.plot(values, np.full(len(values), place), ".", color=COLORS["black"], ms=4)
        axes.annotate(
            f"{values.mean():.1%}", (values.max(), place), xytext=(6, 0),
            textcoords="offset points", va="center",
        )  # fmt: skip
    axes.set_yticks(range(len(order)), order)
    axes.set_ylim(len(order) - 0.5, -0.5)
    axes.set_xlim(0, 1.12)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1.0], ["0", "25", "50", "75", "100"])
    axes.grid(False, axis="y")
