"""Pictures of digits, filters and feature maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from labcode.plotting import COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def show_tiles(
    tiles: Tensor,
    *,
    columns: int = 10,
    titles: Sequence[str] = (),
    signed: bool = False,
    side: float = 0.72,
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
    height = side * rows + (0.25 if titles else 0)
    figure, grid = plt.subplots(rows, columns, figsize=(side * columns, height), squeeze=False)
    for index, axes in enumerate(grid.flat):
        axes.axis("off")
        if index < len(tiles):
            draw_tile(axes, tiles[index], signed=signed)
        if index < len(titles):
            axes.set_title(titles[index], fontsize=8, loc="center")
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


def with_spread(
    axes: Axes, x: Sequence[float], runs: Tensor, color: str, *, dashed: bool = False
) -> None:
    """Draw a line through the means of several runs, with the band from lowest to highest.

    Args:
        axes: Where to draw.
        x: Shape (points,).
        runs: Shape (runs, points).
        color: Of the line and the band.
        dashed: Whether the line is dashed.
    """
    values = runs.numpy()
    axes.plot(x, values.mean(axis=0), color=color, linestyle="--" if dashed else "-", marker=".")
    axes.fill_between(x, values.min(axis=0), values.max(axis=0), color=color, alpha=0.2, lw=0)
