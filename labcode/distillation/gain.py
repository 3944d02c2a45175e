"""Is it really a gain? Pairs of runs that share everything but the method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import mean, stdev

# Two-sided 95 % quantiles of Student's t, for 1 to 14 degrees of freedom. tests/ hold them
# against scipy.
_T95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
        2.145)  # fmt: skip


@dataclass(frozen=True)
class Gain:
    """The mean difference of paired runs, with what chance leaves open.

    Args:
        differences: With the method minus without, for each seed, in parts (0.01 is one point).

    Raises:
        ValueError: There are fewer than 2 or more than 15 pairs.

    >>> Gain((0.02, 0.03, 0.025))
    Gain(+2.50 points, 95 % between +1.26 and +3.74, 3 pairs)
    """

    differences: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what has no spread."""
        if not 2 <= len(self.differences) <= len(_T95) + 1:
            raise ValueError(
                f"differences must hold 2 to {len(_T95) + 1} pairs, got {len(self.differences)}"
            )

    @property
    def mean(self) -> float:
        """Mean difference, in parts."""
        return mean(self.differences)

    @property
    def standard_error(self) -> float:
        """Standard error of the mean difference over the seeds, in parts."""
        return stdev(self.differences) / sqrt(len(self.differences))

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true gain lies in 95 of 100 such experiments, in parts (Student's t)."""
        half = _T95[len(self.differences) - 2] * self.standard_error
        return self.mean - half, self.mean + half

    @property
    def is_sure(self) -> bool:
        """Whether the whole interval is above zero: the rule for every verdict of this part."""
        return self.interval[0] > 0

    def __repr__(self) -> str:
        """Show the gain in percentage points."""
        low, high = self.interval
        return (
            f"Gain({100 * self.mean:+.2f} points, 95 % between {100 * low:+.2f} "
            f"and {100 * high:+.2f}, {len(self.differences)} pairs)"
        )


def gain(with_it: Sequence[float], without_it: Sequence[float]) -> Gain:
    """Return the gain of paired runs.

    The pairs share the test images, too. So the interval says what another seed may change; how
    another set of test images would come out, it does not say.

    Args:
        with_it: Accuracy with the method, one for each seed.
        without_it: Accuracy without it, in the same order of seeds.

    Raises:
        ValueError: The numbers of runs differ.

    >>> gain([0.75, 1.0], [0.5, 0.5]).mean
    0.375
    """
    pairs = zip(with_it, without_it, strict=True)
    return Gain(tuple(float(a) - float(b) for a, b in pairs))
