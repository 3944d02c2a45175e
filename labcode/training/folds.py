"""Is the difference between two methods more than chance, where each image is a test image once?"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from labcode.training.paired import Difference
from labcode.training.seeds import T, around


def difference_over_folds(first: npt.ArrayLike, second: npt.ArrayLike) -> Difference:
    """Return the difference of two methods over folds, seeds and images.

    Each fold has a training set, seeds of its own, and test images that no other fold tests. The
    interval is the longer of two.

    One adds what other seeds and other test images would change, as `difference_over_answers`
    does: the spread of the runs inside the folds, with Student's t, and the variance of the mean
    difference that an image shows, over the images of all folds. It takes the training sets as
    given.

    The other asks the folds alone, so that it holds the training sets too: Student's t over their
    mean differences. Those are not independent, since the folds train on many of the same images:
    their spread shows too little of what another training set would change. So their variance is
    not divided by the number of folds but multiplied by 1 / folds + 1 / (folds - 1), the second
    being the number of images that a fold tests, as a part of those that it does not test. This
    is the correction of Nadeau and Bengio. It is a rule of thumb, not a theorem: no formula over
    the folds of one data set gives their variance without bias (Bengio and Grandvalet). In
    simulations with overlapping training sets (tests/) it holds what it says as long as a training
    set moves a fold's difference by no more than its test images do.

    Args:
        first: Whether the first method's network is right: (folds, seeds, images).
        second: The same of the second method, in the same order.

    Returns:
        Second less first, in parts of 1, with a 95 % interval.

    Raises:
        ValueError: The shapes differ or are not (folds, seeds, images), or there are fewer than
            2 folds, seeds or images, or more than 15 folds.

    Source: Nadeau and Bengio, "Inference for the generalization error", Machine Learning 52
        (2003); Bengio and Grandvalet, "No unbiased estimator of the variance of k-fold
        cross-validation", Journal of Machine Learning Research 5 (2004). For seeds and images see
        `difference_over_answers`.

    >>> one = np.array([[[1, 0, 0, 1], [1, 0, 1, 0]], [[0, 1, 0, 1], [1, 1, 0, 0]]])
    >>> print(difference_over_folds(one, np.ones_like(one)))
    +50.0 points (+9.6 to +70.4)
    """
    one, two = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    enough = one.ndim == 3 and min(one.shape) >= 2 and len(one) <= len(T) + 1
    if one.shape != two.shape or not enough:
        raise ValueError(
            "first and second must both be (folds, seeds, images) with 2 or more of each, and at "
            f"most {len(T) + 1} folds, got {one.shape} and {two.shape}"
        )
    by_image, runs = (two - one).mean(axis=1), (two - one).mean(axis=2)
    given = around(
        _margin_of_seeds(runs),
        total=float(by_image.sum()),
        squares=float((by_image**2).sum()),
        images=by_image.size,
    )
    middle, margin = (given.low + given.high) / 2, _margin_of_folds(runs.mean(axis=1))
    return Difference(
        given.value, min(given.low, middle - margin), max(given.high, middle + margin)
    )


def _margin_of_seeds(runs: npt.NDArray[np.float64]) -> float:
    """Return half of the 95 % interval over the runs (folds, seeds), the folds as given."""
    folds, seeds = runs.shape
    degrees = min(folds * (seeds - 1), len(T))
    return T[degrees - 1] * math.sqrt(runs.var(axis=1, ddof=1).mean() / runs.size)


def _margin_of_folds(means: npt.NDArray[np.float64]) -> float:
    """Return half of Nadeau and Bengio's 95 % interval, from the mean difference of each fold."""
    folds = len(means)
    return T[folds - 2] * math.sqrt(means.var(ddof=1) * (1 / folds + 1 / (folds - 1)))
