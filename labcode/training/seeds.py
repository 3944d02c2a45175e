"""Is the difference between two methods more than chance? Over seeds and images, both together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import mean, stdev

import numpy as np
import numpy.typing as npt

from labcode._checks import check_int
from labcode.training.paired import Difference, Z

# Two-sided 95 % quantiles of Student's t, for 1 to 14 degrees of freedom. tests/ hold them
# against scipy.
T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
     2.145)  # fmt: skip


def difference_over_seeds(
    first: Sequence[float], second: Sequence[float], *, images: int
) -> Difference:
    """Return the difference of two methods, each trained with the same seeds.

    What another seed would change shows in the spread of the pairs: Student's t. What other
    images would change cannot show where all runs answer the same ones. It has an upper bound,
    though: two networks can differ on an image only if one of them is wrong, so the variance of an
    image's difference is at most the sum of both shares of errors, less the square of the mean
    difference. Both margins are added as independent errors are. The interval is therefore not too
    short, and often longer than that of `difference_over_answers`, which knows the images.

    Args:
        first: Test accuracy of the first method, from 0 to 1, one for each seed.
        second: The same of the second method, in the same order of seeds.
        images: Number of test images behind each accuracy.

    Returns:
        Second less first, in parts of 1, with a 95 % interval.

    Raises:
        TypeError: ``images`` is not an integer.
        ValueError: The numbers of seeds differ, there are fewer than 2 or more than 15, an
            accuracy is not from 0 to 1, or ``images`` is below 1.

    Source: Student's t for the seeds; half an image in each of the four counts, as in
        `paired_difference`; for margins that are added in quadrature: Zou and Donner,
        "Construction of confidence limits about effect measures", Statistics in Medicine 27 (2008).

    >>> print(difference_over_seeds([0.95, 0.96, 0.955], [0.97, 0.975, 0.975], images=1000))
    +1.8 points (+0.02 to +3.6)
    """
    check_int("images", images)
    pairs = _pairs(first, second)
    middle = mean(two - one for one, two in pairs)
    errors = mean(2 - one - two for one, two in pairs)
    return _around(pairs, total=images * middle, squares=images * errors, images=images)


def difference_over_answers(first: npt.ArrayLike, second: npt.ArrayLike) -> Difference:
    """Return the difference of two methods from each answer of each network.

    As `difference_over_seeds`, but what other images would change is measured: it is the variance,
    over the images, of the difference that an image shows in the mean over the seeds. An image
    that both methods get right, or wrong, with every seed adds nothing to it. Where answers are
    half chance, the seeds' margin holds some of it again: the interval is then up to 1.4 times
    as long as it need be.

    Args:
        first: Whether the first method's network is right, by seed and image: (seeds, images).
            For folds see `difference_over_folds`.
        second: The same of the second method, in the same order.

    Returns:
        Second less first, in parts of 1, with a 95 % interval.

    Raises:
        ValueError: The shapes differ, are not (seeds, images), or there are fewer than 2 seeds or
            images, or more than 15 seeds.

    >>> one = [[True, False, False, True], [True, False, True, False]]
    >>> print(difference_over_answers(one, [[True] * 4, [True] * 4]))
    +50.0 points (-10.9 to +77.6)
    """
    one, two = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if one.shape != two.shape or one.ndim != 2 or one.shape[1] < 2:
        raise ValueError(
            "first and second must both be (seeds, images) with 2 images or more, got "
            f"{one.shape} and {two.shape}"
        )
    by_image = (two - one).mean(axis=0)
    pairs = _pairs(one.mean(axis=1).tolist(), two.mean(axis=1).tolist())
    return _around(
        pairs,
        total=float(by_image.sum()),
        squares=float((by_image**2).sum()),
        images=by_image.size,
    )


def difference_over_changes(lost: Sequence[int], won: Sequence[int], *, images: int) -> Difference:
    """Return the difference of two methods from the answers that changed, seed by seed.

    As `difference_over_answers`, where only the numbers of changed answers are known: the variance
    over the images is at most the mean share of changed answers, less the square of the mean
    difference. The interval is therefore not too short.

    Args:
        lost: Images that the first method's network alone gets right, one number for each seed.
        won: Images that the second method's network alone gets right, in the same order of seeds.
        images: Number of test images.

    Returns:
        Second less first, in parts of 1, with a 95 % interval.

    Raises:
        TypeError: ``images`` is not an integer.
        ValueError: The numbers of seeds differ, there are fewer than 2 or more than 15, or more
            answers changed than there are images.

    >>> print(difference_over_changes([30, 25, 35], [10, 12, 14], images=1000))
    -1.8 points (-3.5 to -0.1)
    """
    total = check_int("images", images)
    pairs = _pairs([count / total for count in lost], [count / total for count in won])
    if any(one + two > 1 for one, two in pairs):
        raise ValueError(f"lost and won must be at most {total} images together, got {lost}, {won}")
    middle, changed = mean(two - one for one, two in pairs), mean(one + two for one, two in pairs)
    return _around(pairs, total=total * middle, squares=total * changed, images=total)


def _pairs(first: Sequence[float], second: Sequence[float]) -> list[tuple[float, float]]:
    one, two = [float(value) for value in first], [float(value) for value in second]
    if len(one) != len(two):
        raise ValueError(
            f"first and second must have the same seeds, got {len(one)} and {len(two)}"
        )
    if not 2 <= len(one) <= len(T) + 1:
        raise ValueError(f"there must be 2 to {len(T) + 1} seeds, got {len(one)}")
    for value in (*one, *two):
        if not 0 <= value <= 1:
            raise ValueError(f"an accuracy must be from 0 to 1, got {value!r}")
    return list(zip(one, two, strict=True))


def _around(
    pairs: list[tuple[float, float]], *, total: float, squares: float, images: int
) -> Difference:
    """Join the spread over seeds with that of the images, from the sums over their differences."""
    spread = stdev(two - one for one, two in pairs) / math.sqrt(len(pairs))
    margin = T[len(pairs) - 2] * spread
    return around(margin, total=total, squares=squares, images=images)


def around(of_runs: float, *, total: float, squares: float, images: int) -> Difference:
    """Join a margin over runs with that of the images.

    Args:
        of_runs: Half of the interval that the runs leave.
        total: Sum over the images of their mean difference.
        squares: Sum of the squares of the same.
        images: How many there are.

    Returns:
        The difference with both margins, added as independent errors are.
    """
    middle = total / (images + 2)
    variance = max((squares + 1) / (images + 2) - middle**2, 0.0) / (images + 2)
    margin = math.hypot(of_runs, Z * math.sqrt(variance))
    return Difference(total / images, middle - margin, middle + margin)
