"""A low-rank layer: one large matrix, or two thin ones."""

from __future__ import annotations

from labcode import cost
from labcode._checks import check_between
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import heading, note, words
from labcode.show.numbers import number
from labcode.show.pictures import Picture, Rect, Shape

LONG = 150.0  # pixels: of the longer side of the matrix


def low_rank(in_features: int = 784, out_features: int = 300, rank: int = 16) -> Figure:
    """Draw a linear layer as one matrix, and as two with a thin middle, to scale.

    Args:
        in_features: Length of the input.
        out_features: Length of the output.
        rank: Numbers in the middle.

    >>> [panel.label for panel in low_rank().panels]  # doctest: +NORMALIZE_WHITESPACE
    ['One matrix: 300 × 784, 235,200 weights.',
     'Two thin matrices: 300 × 16 and 16 × 784, 17,344 weights.']
    """
    r = check_between("rank", rank, 1, min(in_features, out_features))
    whole = cost.linear(in_features, out_features, bias=False).params
    first = cost.linear(in_features, r, bias=False).params
    second = cost.linear(r, out_features, bias=False).params
    scale = LONG / max(in_features, out_features)
    wide, high, thin = in_features * scale, out_features * scale, max(3.0, r * scale)
    one: list[Shape] = [
        heading(83, 12, "one matrix"),
        Rect("box a", 8, 34, wide, high, 2),
        note(8, 34 + high + 14, f"{out_features} × {in_features}:", "start"),
        note(8, 34 + high + 31, f"{number(whole)} weights", "start"),
    ]
    two: list[Shape] = [
        heading(120, 12, "two thin ones"),
        Rect("full b", 30, 34, thin, high, 1),
        words(42 + thin, 34 + high / 2, "×"),
        Rect("full c", 54 + thin, 34 + (high - thin) / 2, wide, thin, 1),
        note(30, 34 + high + 14, f"{out_features} × {r} and {r} × {in_features}:", "start"),
        note(30, 34 + high + 31, f"{number(first + second)} weights", "start"),
    ]
    height = 34 + high + 44
    return Figure(
        (
            Picture(
                166,
                height,
                f"One matrix: {out_features} × {in_features}, {number(whole)} weights.",
                tuple(one),
            ),
            Picture(
                244,
                height,
                f"Two thin matrices: {out_features} × {r} and {r} × {in_features}, "
                f"{number(first + second)} weights.",
                tuple(two),
            ),
        )
    )
