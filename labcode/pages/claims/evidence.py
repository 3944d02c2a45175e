"""What a verdict rests on: an exact fact, an interval, or the spread of repeated runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import stdev
from typing import Protocol

from labcode.show.numbers import signed

# 97.5 % quantiles of Fisher's F with as many degrees of freedom above as below, for 1 to 14.
# tests/ hold them against scipy.
F = (647.789, 39.000, 15.439, 9.605, 7.146, 5.820, 4.995, 4.433, 4.026, 3.717, 3.474, 3.277, 3.115,
     2.979)  # fmt: skip


class Interval(Protocol):
    """A difference of accuracies with its 95 % interval, such as `labcode.training.Difference`."""

    @property
    def value(self) -> float:
        """The difference that was seen, in parts of 1."""

    @property
    def low(self) -> float:
        """Lower end of the interval."""

    @property
    def high(self) -> float:
        """Upper end of the interval."""


@dataclass(frozen=True)
class Evidence:
    """An answer, and the intervals that gave it.

    Args:
        answer: True, False, or None where the intervals do not decide.
        intervals: Each interval in words; empty for exact facts.
    """

    answer: bool | None
    intervals: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Refuse to be asked as a bool: an open answer is neither true nor false.

        Raises:
            TypeError: Always.
        """
        raise TypeError("evidence may be open; pass it to verdict, or read its answer")


def exact(fact: bool) -> Evidence:
    """Return the evidence of a fact that has no spread: a count, bytes, an identity.

    Raises:
        TypeError: The fact is not a bool.

    >>> exact(2 + 2 == 4).answer
    True
    """
    if not isinstance(fact, bool):
        raise TypeError(f"an exact fact must be a bool, got {fact!r} ({type(fact).__name__})")
    return Evidence(fact)


def more(difference: Interval, than: float = 0.0, *, of: str = "") -> Evidence:
    """Ask whether a difference is more than a bound: true or false if the whole interval says so.

    Args:
        difference: With its interval, in parts of 1.
        than: The bound, in parts of 1: -0.01 asks whether at most one point is lost.
        of: What is compared, in words that stand before the interval.

    >>> from labcode.training import Difference
    >>> more(Difference(0.018, 0.0003, 0.036))
    Evidence(answer=True, intervals=('+1.8 points (95 %: +0.03 to +3.6)',))
    """
    asked = f"asked: more than {_points(than)}" if than else ""
    answer = _above(difference.low, difference.high, than)
    return Evidence(answer, (_in_words(difference, of, asked),))


def less(difference: Interval, than: float = 0.0, *, of: str = "") -> Evidence:
    """Ask whether a difference is less than a bound; see `more`.

    >>> from labcode.training import Difference
    >>> less(Difference(0.001, -0.002, 0.004), than=0.0).answer is None
    True
    """
    asked = f"asked: less than {_points(than)}" if than else ""
    answer = _above(-difference.high, -difference.low, -than)
    return Evidence(answer, (_in_words(difference, of, asked),))


def close(difference: Interval, within: float, *, of: str = "") -> Evidence:
    """Ask whether two accuracies are about equal: the whole interval must lie within a bound.

    That an interval holds zero does not make the two equal: a wide one holds much else, too.

    Args:
        difference: With its interval, in parts of 1.
        within: The bound on either side, in parts of 1.
        of: What is compared, in words that stand before the interval.

    Raises:
        ValueError: ``within`` is not positive.

    >>> from labcode.training import Difference
    >>> close(Difference(0.001, -0.002, 0.004), within=0.005).answer
    True
    """
    if not within > 0:
        raise ValueError(f"within must be positive, got {within!r}")
    words = _in_words(difference, of, f"asked: within {100 * within:.1f} on either side")
    if -within < difference.low and difference.high < within:
        return Evidence(True, (words,))
    outside = difference.low > within or difference.high < -within
    return Evidence(False if outside else None, (words,))


def quicker(
    first: tuple[float, float],
    second: tuple[float, float],
    *,
    times: float = 1.0,
    of: str = "",
    unit: str = "ms",
) -> Evidence:
    """Ask whether the first is faster than the second, from spreads that must not overlap.

    Args:
        first: Low and high quantile of its repeated timings.
        second: The same of the other, timed in turn with it.
        times: How many times faster it must be.
        of: What is compared, in words that stand before the spreads.
        unit: Of the timings.

    >>> quicker((0.10, 0.12), (0.25, 0.30), times=2).intervals
    ('0.1 to 0.12 ms against 0.25 to 0.3 ms, asked: 2 times faster',)
    """
    asked = f", asked: {times:g} times faster" if times != 1 else ""
    spreads = " against ".join(f"{low:.3g} to {high:.3g} {unit}" for low, high in (first, second))
    words = f"{of}: {spreads}{asked}" if of else f"{spreads}{asked}"
    answer = True if first[1] * times < second[0] else None
    if first[0] * times > second[1]:
        answer = False
    return Evidence(answer, (words,))


def wider(first: Sequence[float], second: Sequence[float], *, of: str = "") -> Evidence:
    """Ask whether the first numbers scatter more than the second, by their standard deviations.

    The ratio of the two has a 95 % interval by Fisher's F, which takes both as normal. Give the
    logarithms of numbers whose spread is meant as a share of their size.

    Args:
        first: One number for each run.
        second: The same of the other, as many.
        of: What is compared, in words that stand before the ratio.

    Raises:
        ValueError: There are not as many of both, fewer than 2 or more than 15, or the numbers of
            one are all the same.

    Source: the F test of two variances; Snedecor and Cochran, "Statistical Methods".

    >>> wider([1, 5, 9, 13], [1, 2, 3, 4], of="losses").intervals
    ('losses: 4.0 times the spread (95 %: 1.0 to 15.7)',)
    """
    if len(first) != len(second) or not 2 <= len(first) <= len(F) + 1:
        raise ValueError(
            f"first and second must be as many, 2 to {len(F) + 1}, got {len(first)} and "
            f"{len(second)}"
        )
    above, below = stdev(first), stdev(second)
    if not (above and below):
        raise ValueError("the numbers must differ within first and within second")
    ratio, margin = above / below, math.sqrt(F[len(first) - 2])
    low, high = ratio / margin, ratio * margin
    words = f"{ratio:.1f} times the spread (95 %: {low:.1f} to {high:.1f})"
    return Evidence(_above(low, high, 1), (f"{of}: {words}" if of else words,))


def no(evidence: Evidence) -> Evidence:
    """Return the evidence of the opposite; what is open stays open.

    >>> no(exact(1 > 2)).answer
    True
    """
    asked = tuple(words.replace("asked: ", "asked: not ") for words in evidence.intervals)
    return Evidence(None if evidence.answer is None else not evidence.answer, asked)


def all_of(*evidence: Evidence) -> Evidence:
    """Join evidence that must all be true: one that is false decides, then one that is open.

    Raises:
        ValueError: There is none.

    >>> all_of(exact(1 < 2), exact(2 < 1)).answer
    False
    """
    if not evidence:
        raise ValueError("all_of needs some evidence")
    answers = [one.answer for one in evidence]
    joined = False if False in answers else None if None in answers else True
    return Evidence(joined, tuple(words for one in evidence for words in one.intervals))


def _above(low: float, high: float, bound: float) -> bool | None:
    """Tell whether an interval is above the bound; None if the bound is inside."""
    if low > bound:
        return True
    return False if high <= bound else None


def _in_words(difference: Interval, of: str, asked: str) -> str:
    low, high = signed(100 * difference.low), signed(100 * difference.high)
    words = f"{_points(difference.value)} points (95 %: {low} to {high})"
    return ", ".join(filter(None, [f"{of}: {words}" if of else words, asked]))


def _points(parts: float) -> str:
    return f"{100 * parts:+z.1f}"
