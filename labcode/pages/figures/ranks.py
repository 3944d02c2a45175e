"""A low-rank layer: one large matrix, or two thin ones; and the same for a convolution."""

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
        *_product(30, thin, high, wide),
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


def _product(x: float, thin: float, high: float, wide: float) -> list[Shape]:
    """Return two thin matrices with a sign between them: one as high, one as wide as the whole."""
    return [
        Rect("full b", x, 34, thin, high, 1),
        words(x + 12 + thin, 34 + high / 2, "×"),
        Rect("full c", x + 24 + thin, 34 + (high - thin) / 2, wide, thin, 1),
    ]


def low_rank_convolution(channels: int = 64, filters: int = 64, rank: int = 32) -> Figure:
    """Draw a 3x3 convolution as a matrix of one row a filter, and as two thinner ones.

    Args:
        channels: Of the input.
        filters: Of the convolution.
        rank: Filters that are left in front of the 1x1 convolution.

    Source: Zhang et al., "Accelerating very deep convolutional networks" (arXiv:1505.06798).

    >>> [panel.label for panel in low_rank_convolution().panels]  # doctest: +NORMALIZE_WHITESPACE
    ['A convolution as a matrix: 64 filters, each a row of 64 × 3 × 3 = 576 weights.',
     'Its two parts: 32 filters of 64 × 3 × 3, and a 1×1 convolution from 32 to 64 channels.']
    """
    r = check_between("rank", rank, 1, min(channels * 9, filters))
    long = cost.conv2d(channels, 1, 3, 3, bias=False).params  # weights of one filter
    scale = LONG / long
    high, thin = max(60.0, filters * scale), max(20.0, 60.0 * r / filters)
    one: list[Shape] = [
        heading(83, 12, f"{filters} filters"),
        Rect("box a", 8, 34, LONG, high, 2),
        note(8, 34 + high + 14, f"each a row of {channels} × 3 × 3", "start"),
    ]
    two: list[Shape] = [
        heading(122, 12, "two thinner ones"),
        *_product(8, thin, high, LONG),
        note(8, 34 + high + 14, f"1×1, {r} to {filters}", "start"),
        note(32 + thin, 34 + high + 31, f"{r} filters of {channels} × 3 × 3", "start"),
    ]
    height = 34 + high + 44
    whole = f"{filters} filters, each a row of {channels} × 3 × 3 = {number(long)} weights."
    parts = (
        f"{r} filters of {channels} × 3 × 3, and a 1×1 convolution from {r} to {filters} channels."
    )
    return Figure(
        (
            Picture(176, height, f"A convolution as a matrix: {whole}", tuple(one)),
            Picture(244, height, f"Its two parts: {parts}", tuple(two)),
        )
    )
