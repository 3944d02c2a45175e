"""Keeping every s-th row and column: the pixels left, and what the next layer costs."""

from __future__ import annotations

from labcode import cost
from labcode._checks import check_int
from labcode.pages.live.draw import (
    heading,
    number,
    percent,
    quantities,
    rect,
    svg,
    table,
    times,
    tinted,
)
from labcode.pages.live.result import Result

SIDE = 96.0  # pixels of the picture
MOST_SQUARES = 32  # with more rows than this only a corner of the picture is drawn


def downsampling(
    input_size: int = 28,
    keep_every: int = 2,
    in_channels: int = 20,
    out_channels: int = 50,
    kernel_size: int = 5,
) -> Result:
    """Compare a convolution on a full map with the same one after downsampling.

    Args:
        input_size: Height and width of the map, in pixels.
        keep_every: Every so many rows and columns one is kept, by dropping or by pooling.
        in_channels: Channels of the map.
        out_channels: Channels of the convolution's output.
        kernel_size: Height and width of its filters, in pixels.

    Returns:
        Pixels, and the convolution's parameters and multiply-adds, before and after.

    Raises:
        ValueError: A number is out of range, or the kernel is larger than a map.

    >>> print(downsampling())
    Keeping every 2nd row and column leaves 196 of 784 pixels (25 %).
    The next convolution: 25,000 parameters on both, 14,400,000 multiply-adds on the full map, \
2,500,000 (17.4 %) after it.
    """
    step = check_int("keep_every", keep_every)
    size = check_int("input_size", input_size)
    kept = (size - 1) // step + 1
    full = cost.conv2d(in_channels, out_channels, kernel_size, size)
    try:
        less = cost.conv2d(in_channels, out_channels, kernel_size, kept)
    except ValueError as error:
        raise ValueError(f"after downsampling, {error}") from None
    lead = (
        f"Keeping every {ordinal(step)} row and column leaves {kept**2:,} of {size**2:,} pixels "
        f"({percent(kept**2, size**2)})."
    )
    text = (
        f"{lead}\nThe next convolution: {full.params:,} parameters on both, {full.macs:,} "
        f"multiply-adds on the full map, {less.macs:,} ({percent(less.macs, full.macs)}) after it."
    )
    filters = times(out_channels, in_channels, f"{kernel_size}²")
    macs = [times(spent.params, *(spent.output_size or ())) for spent in (full, less)]
    rows = (
        ("Pixels", quantities([size**2, kept**2], [times(size, size), times(kept, kept)])),
        ("Parameters of the next layer", quantities([full.params, less.params], [filters] * 2)),
        ("Its multiply-adds", quantities([full.macs, less.macs], macs)),
    )
    heads = [heading("Full map", "a"), heading(f"Every {ordinal(step)}", "b")]
    picture = tinted(kept_pixels(size, step), "b")
    body = f'<div class="live-beside">{picture}\n{table(heads, rows)}</div>'
    return Result(f'<p class="live-lead">{lead}</p>\n{body}', text)


def ordinal(value: int) -> str:
    """Return which one in a row.

    >>> [ordinal(value) for value in (1, 2, 3, 4, 11, 12, 22)]
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '22nd']
    """
    teens = 10 <= value % 100 <= 20
    return number(value) + ("th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th"))


def kept_pixels(size: int, step: int) -> str:
    """Return a picture of the map with the kept pixels filled."""
    drawn = min(size, MOST_SQUARES)
    side = SIDE / drawn
    gap = min(1.0, side / 6)
    squares = "".join(
        rect(column * side + gap / 2, row * side + gap / 2, side - gap, side - gap, "live-full")
        for row in range(0, drawn, step)
        for column in range(0, drawn, step)
    )
    ground = rect(0, 0, SIDE, SIDE, "live-faint")
    what = "The map" if drawn == size else f"A corner of {drawn} × {drawn} pixels of the map"
    label = f"{what}: of each {step} × {step} pixels one is kept"
    return svg(SIDE, SIDE, label, ground + squares)
