"""Fixed splits: the same images land in the same split, on every machine, for ever."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]

SEED = 20_240  # of all splits; changing it would make every stored result worthless


def stratified_parts(labels: NDArray[np.int64], *shares: float) -> tuple[Indices, ...]:
    """Cut every class by the same shares, at random but always the same way.

    Each class is shuffled by its own generator (NumPy's legacy one, whose stream is frozen by
    NumPy's policy) and cut; each part lists its images class by class in turn (0, 1, …, 9, 0,
    1, …), so that the first images of a part show all classes.

    Args:
        labels: Class numbers, shape (N,).
        shares: The parts' shares of each class, between 0 and 1, without the rest.

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
    pieces = [_cut(np.flatnonzero(labels == c), int(c), shares) for c in np.unique(labels)]
    return tuple(_interleave(list(part)) for part in zip(*pieces, strict=True))


def _cut(indices: Indices, class_number: int, shares: tuple[float, ...]) -> list[Indices]:
    """Shuffle the indices of one class and cut them by the shares."""
    generator = np.random.RandomState(SEED + class_number)
    shuffled = indices[generator.permutation(len(indices))]
    ends = [round(share * len(indices)) for share in np.cumsum(shares)]
    return list(np.split(shuffled, ends))


def _interleave(groups: list[Indices]) -> Indices:
    """Take the first of every group, then the second of every group, and so on."""
    rank = np.concatenate([np.arange(len(group)) for group in groups])
    return np.concatenate(groups)[np.argsort(rank, kind="stable")]
