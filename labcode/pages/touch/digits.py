"""The digits that the pieces begin with: real ones, as bytes from 0 (paper) to 255 (ink)."""

from __future__ import annotations

from importlib.resources import files

from labcode.pages import data

SIDE = 28
DOUBTFUL = "like a 9"  # of the sevens that the calculator of soft labels has
DOUBTFUL_LABEL = 7


def sample(number: int) -> bytes:
    """Return one of the ten digits of the page *Draw a digit*, 784 bytes.

    Args:
        number: 0 to 9, which digit.
    """
    stored = files("labcode.pages.drawing").joinpath("stored", "samples.bin").read_bytes()
    return stored[SIDE**2 * number : SIDE**2 * (number + 1)]


def doubtful() -> bytes:
    """Return a seven of which a network is not sure, 784 bytes in 16 shades."""
    pictures = data.load("soft_label")["pictures"]
    rows = next(stored["pixels"] for stored in pictures if stored["name"] == DOUBTFUL)
    return bytes(17 * int(shade, 16) for row in rows for shade in row)


def shades(values: list[float], side: int) -> list[str]:
    """Return numbers from 0 to 1 as rows of hexadecimal digits, as `pixels` draws them.

    >>> shades([0.0, 1.0, 0.5, 0.0], 2)
    ['0f', '80']
    """
    letters = "".join(f"{round(15 * value):x}" for value in values)
    return [letters[start : start + side] for start in range(0, len(letters), side)]
