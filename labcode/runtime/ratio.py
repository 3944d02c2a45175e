"""How many times longer one thing takes than another, from rounds that both went through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from statistics import median

FEWEST = 6  # the 95 % interval of a median is all of six rounds; five are too few


@dataclass(frozen=True)
class Ratio:
    """One time over another, with its 95 % interval.

    Args:
        value: The median over the rounds.
        low: Where the interval begins.
        high: Where it ends.

    >>> print(Ratio(6.42, 6.311, 6.58))
    6.4 times (6.3 to 6.6)
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Say the ratio with its interval, two figures at least."""
        value, low, high = (
            f"{one:.1f}" if one >= 2 else f"{one:.2f}" for one in (self.value, self.low, self.high)
        )
        return f"{value} times ({low} to {high})"


def times_as_long(longer: Sequence[float], shorter: Sequence[float]) -> Ratio:
    """Return how many times longer the first takes, round by round.

    Both stood in each round, so that a slow moment of the machine strikes both and leaves their
    ratio. The interval is that of the median: between two of the sorted ratios, as many places
    from either end. It needs no assumption about how times are spread, but it takes the rounds as
    independent of each other; a machine that is busy for some rounds on end makes it too short.

    Args:
        longer: The time of each round, in any unit.
        shorter: The same of the other, in the same rounds.

    Returns:
        The median ratio, with the 95 % interval of the median.

    Raises:
        ValueError: There are not as many of both, or fewer than six rounds.

    Source: Conover, "Practical Nonparametric Statistics", confidence interval for a quantile.

    >>> times_as_long([6, 9, 9, 8, 12, 10], [3, 3, 3, 4, 4, 4])
    Ratio(value=2.75, low=2.0, high=3.0)
    """
    if len(longer) != len(shorter) or len(longer) < FEWEST:
        raise ValueError(
            f"longer and shorter must have as many rounds, {FEWEST} or more, got {len(longer)} "
            f"and {len(shorter)}"
        )
    ratios = sorted(one / other for one, other in zip(longer, shorter, strict=True))
    place = _place(len(ratios))
    return Ratio(median(ratios), ratios[place], ratios[-1 - place])


def _place(rounds: int) -> int:
    """Return how far from either end the interval of the median begins.

    At most ``place`` of the rounds are below the median in at most 2.5 % of all cases.
    """
    place, chance = -1, 0.0
    while (chance := chance + comb(rounds, place + 1) / 2**rounds) <= 0.025:
        place += 1
    return place
