"""Is the difference between two networks more than chance? On the same images, both together."""

from __future__ import annotations

import math
from typing import NamedTuple

from labcode._checks import check_int
from labcode.show.numbers import signed

Z = 1.959964  # of the normal distribution: 95 % lie within


class Difference(NamedTuple):
    """A difference of two accuracies on the same images, with its 95 % interval, in parts of 1.

    Args:
        value: The second network's accuracy minus the first one's.
        low: Lower end of the interval.
        high: Upper end.
    """

    value: float
    low: float
    high: float

    @property
    def told_apart(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0

    def __str__(self) -> str:
        """Say it in percentage points.

        >>> print(Difference(-0.012, -0.02, -0.004))
        -1.2 points (-2.0 to -0.4)
        """
        low, high = signed(100 * self.low), signed(100 * self.high)
        return f"{100 * self.value:+z.1f} points ({low} to {high})"


def paired_difference(lost: int, won: int, n: int) -> Difference:
    """Return the difference of two networks' accuracies, from the images that only one gets right.

    Images that both get right, or both wrong, say nothing about which is better; so the interval
    is much shorter than that of two accuracies from different images. It holds what comes from
    having only these images. It says nothing of other seeds.

    Args:
        lost: Images that the first network alone gets right.
        won: Images that the second network alone gets right.
        n: All images.

    Returns:
        The difference and its interval.

    Raises:
        TypeError: A number is not an integer.
        ValueError: A number is negative, or ``lost`` and ``won`` are more than ``n``.

    Source: Agresti and Min, "Simple improved confidence intervals for comparing matched
        proportions", Statistics in Medicine 24 (2005): half an image is added to each of the four
        counts.

    >>> print(paired_difference(lost=30, won=10, n=1000))
    -2.0 points (-3.2 to -0.7)
    """
    check_int("lost", lost, minimum=0)
    check_int("won", won, minimum=0)
    if check_int("n", n) < lost + won:
        raise ValueError(f"n must be at least lost + won, {lost + won}, got {n}")
    down, up, total = lost + 0.5, won + 0.5, n + 2
    middle = (up - down) / total
    error = math.sqrt((up + down) / total - middle**2) / math.sqrt(total)
    return Difference((won - lost) / n, middle - Z * error, middle + Z * error)
