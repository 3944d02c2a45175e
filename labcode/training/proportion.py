"""How sure is an accuracy? The share of right answers with its interval."""

from __future__ import annotations

import math
from typing import NamedTuple

from labcode._checks import check_int
from labcode.training.paired import Z


class Proportion(NamedTuple):
    """A share with its 95 % interval, in parts of 1.

    Args:
        value: The share.
        low: Lower end of the interval.
        high: Upper end.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Say it in percent.

        >>> print(Proportion(0.871, 0.847, 0.892))
        87.1 % (84.7 to 89.2)
        """
        return f"{100 * self.value:.1f} % ({100 * self.low:.1f} to {100 * self.high:.1f})"


def proportion(right: int, n: int) -> Proportion:
    """Return the share of right answers with its 95 % interval.

    It holds what comes from having only these images. For two networks on the same images,
    `paired_difference` says more.

    Args:
        right: Images that were answered right.
        n: All images.

    Raises:
        TypeError: A number is not an integer.
        ValueError: ``right`` is negative or more than ``n``, or ``n`` is below 1.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference",
        Journal of the American Statistical Association 22 (1927).

    >>> print(proportion(762, 875))
    87.1 % (84.7 to 89.1)
    """
    check_int("right", right, minimum=0)
    if check_int("n", n) < right:
        raise ValueError(f"n must be at least right, {right}, got {n}")
    share, spread = right / n, Z * Z / n
    middle = (share + spread / 2) / (1 + spread)
    half = math.sqrt(share * (1 - share) * spread + spread * spread / 4) / (1 + spread)
    return Proportion(share, max(0.0, middle - half), min(1.0, middle + half))
