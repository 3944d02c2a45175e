"""The look of the book's pictures: one palette, readable labels, a light card in both themes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's palette, told apart with every common kind of colour blindness.
# Source: jfly.uni-koeln.de/color, without the yellow, which is too pale for lines.
COLORS = {
    "blue": "#0072B2",
    "orange": "#D55E00",
    "green": "#009E73",
    "pink": "#CC79A7",
    "sky": "#56B4E9",
    "amber": "#E69F00",
    "black": "#222222",
}


def use_house_style() -> None:
    """Set matplotlib's defaults to the look of the book, for this session."""
    import matplotlib.pyplot as plt
    from cycler import cycler

    plt.rcParams.update(
        {
            "axes.grid": True,
            "axes.prop_cycle": cycler(color=list(COLORS.values())),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlelocation": "left",
            "axes.titlesize": "medium",
            "figure.constrained_layout.use": True,
            "figure.dpi": 150,  # sharp on a phone, and a panel has some 60 kB at most
            "figure.facecolor": "white",
            "figure.figsize": (4.8, 3.2),  # a phone makes 390 pixels of the width:
            "font.size": 11,  # letters of 12 pixels there
            "grid.alpha": 0.3,
            "image.cmap": "gray_r",
            "legend.frameon": False,
        }
    )


def label_line(axes: Axes, x: float, y: float, text: str, color: str) -> None:
    """Write a line's name beside its end, instead of a legend.

    Args:
        axes: Where the line is drawn.
        x: Where it ends, in data units.
        y: Where it ends, in data units.
        text: Its name.
        color: Its colour.
    """
    axes.annotate(text, (x, y), xytext=(4, 0), textcoords="offset points", color=color, va="center")
