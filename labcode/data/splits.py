"""Fixed splits: the same images land in the same split, on every machine, for ever."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labcode._checks import check_int

Indices = NDArray[np.int64]

SEED = 20_240  # of all splits; changing it would make every stored result worthless
FOLDS = 5


def fold_parts(labels: NDArray[np.int64], fold: int = 0) -> tuple[Indices, Indices, Indices]:
    """Return test, validation and training images, 20, 10 and 70 % of every class.

    In the five folds each image is a test image once. The shuffled images of a class lie in a ring:
    a fold tests one fifth of it, validates on the tenth that follows, and trains on the rest in
    its order. So two folds share four or five sevenths of their training images, but nothing of
    the first two sevenths: 1,000 training digits (`Dataset.with_train`) are others in each fold.

    Args:
        labels: Class numbers, shape (N,).
        fold: From 0 to 4; 0 is the split of all chapters.

    Raises:
        TypeError: ``fold`` is not an integer.
        ValueError: There is no such fold.
    """
    if check_int("fold", fold, minimum=0) >= FOLDS:
        raise ValueError(f"fold must be 0 to {FOLDS - 1}, got {fold}")
    test, validation, train = stratified_parts(labels, 0.2, 0.1, turned=fold / FOLDS)
    return test, validation, train


def stratified_parts(
    labels: NDArray[np.int64], *shares: float, turned: float = 0.0
) -> tuple[Indices, ...]:
    """Cut every class by the same shares, at random but always the same way.

    Each class is shuffled by its own generator (NumPy's legacy one, whose stream is frozen by
    NumPy's policy) and cut; each part lists its images class by class in turn (0, 1, …, 9, 0,
    1, …), so that the first images of a part show all classes.

    Args:
        labels: Class numbers, shape (N,).
        shares: The parts' shares of each class, between 0 and 1, without the rest.
        turned: Share of each class that is passed over before the first part, and comes last.

    Returns:
        For each share the indices of its images, and last those of the rest.

    Raises:
        ValueError: A share is not between 0 and 1, or they leave no rest.

    >>> parts = stratified_parts(np.repeat([0, 1], 10), 0.2, 0.1)
    >>> [len(part) for part in parts]
    [4, 2, 14]
    """
    if not all(0 < share < 1 for share in shares) or sum(shares) >= 1:
        raise ValueError(f"shares must lie between 0 and 1 and leave a rest, got {shares}")
    pieces = [_cut(np.flatnonzero(labels == c), int(c), shares, turned) for c in np.unique(labels)]
    return tuple(_interleave(list(part)) for part in zip(*pieces, strict=True))


def _cut(
    indices: Indices, class_number: int, shares: tuple[float, ...], turned: float
) -> list[Indices]:
    """Shuffle the indices of one class, turn them as a ring, and cut them by the shares."""
    generator = np.random.RandomState(SEED + class_number)
    shuffled = indices[generator.permutation(len(indices))]
    start = round(turned * len(indices))
    ends = [round((turned + share) * len(indices)) - start for share in np.cumsum(shares)]
    return list(np.split(np.roll(shuffled, -start), ends))


def _interleave(groups: list[Indices]) -> Indices:
    """Take the first of every group, then the second of every group, and so on."""
    rank = np.concatenate([np.arange(len(group)) for group in groups])
    return np.concatenate(groups)[np.argsort(rank, kind="stable")]
