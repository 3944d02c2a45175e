"""The style of calculators, for the site and for widgets alike."""

from __future__ import annotations

from importlib.resources import files

# In their order: a later one may refine an earlier one.
SHEETS = ("form", "answer", "planes", "narrow")


def style_sheet() -> str:
    """Return the style of calculators, which the site loads for all its pages.

    >>> ".live-bar" in style_sheet()
    True
    """
    folder = files("labcode.pages.live").joinpath("sheets")
    return "\n".join(folder.joinpath(f"{name}.css").read_text("utf-8") for name in SHEETS)
