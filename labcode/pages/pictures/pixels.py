"""A picture of a small grey image, pixel by pixel."""

from __future__ import annotations

from collections.abc import Sequence

from labcode.show.pictures import Path, Picture

SIZE = 5  # of a pixel in the picture


def pixels(rows: Sequence[str], label: str) -> Picture:
    """Return an image; for each shade one path of all its pixels.

    Args:
        rows: How dark each pixel is, a hexadecimal digit a pixel from 0 to f (15).
        label: What the picture shows, in words.

    >>> [path.d for path in pixels(["0f", "00"], "a dot").shapes]
    ['M5 0h5v5h-5z']
    """
    shapes: dict[str, str] = {}
    for y, row in enumerate(rows):
        for x, shade in enumerate(row):
            if shade != "0":
                square = f"M{x * SIZE} {y * SIZE}h{SIZE}v{SIZE}h-{SIZE}z"
                shapes[shade] = shapes.get(shade, "") + square
    paths = [Path("full", d, f"{int(shade, 16) / 15:.2f}") for shade, d in shapes.items()]
    return Picture(SIZE * len(rows[0]), SIZE * len(rows), label, tuple(paths))
