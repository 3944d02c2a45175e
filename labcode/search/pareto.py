"""Which designs no other beats in everything, and how much a set of designs is worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Numbers = NDArray[np.float64]


def losses(designs: pd.DataFrame, aims: Mapping[str, str]) -> Numbers:
    """Return the aims as numbers (N, aims) of which less is better.

    Args:
        designs: A row for each design, with a column for each aim.
        aims: For each aim, "maximize" or "minimize".
    """
    signs = [-1.0 if direction == "maximize" else 1.0 for direction in aims.values()]
    values: Numbers = designs[list(aims)].to_numpy(dtype=np.float64)
    return np.asarray(values * np.array(signs), dtype=np.float64)


def not_dominated(points: Numbers) -> NDArray[np.bool_]:
    """Tell which points no other beats: none is at least as good in all and better in one.

    Args:
        points: (N, aims), less is better.

    Returns:
        (N,). Equal points stay together.

    >>> not_dominated(np.array([[1.0, 3.0], [2.0, 2.0], [2.0, 3.0]])).tolist()
    [True, True, False]
    """
    as_good = (points[:, None] <= points[None]).all(axis=2)  # (N, N): row against column
    better = (points[:, None] < points[None]).any(axis=2)
    return ~np.asarray((as_good & better).any(axis=0), dtype=np.bool_)


def hypervolume(points: Numbers, reference: Numbers) -> float:
    """Return the volume of what a set of points beats, up to a reference point.

    Args:
        points: (N, aims), less is better.
        reference: (aims,): what is barely of use. Points beyond it count nothing.

    Returns:
        The volume in the product of the aims' units; more is better.

    Source: Zitzler and Thiele, "Multiobjective evolutionary algorithms" (1999), section 4;
        computed by slicing along the last aim.

    >>> hypervolume(np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([3.0, 3.0]))
    3.0
    """
    inside = points[(points < reference).all(axis=1)]
    if not len(inside):
        return 0.0
    if inside.shape[1] == 1:
        return float(reference[0] - inside.min())
    order = inside[np.argsort(inside[:, -1], kind="stable")]
    edges = np.append(order[:, -1], reference[-1])
    return sum(
        (float(edges[i + 1]) - float(edges[i])) * hypervolume(order[: i + 1, :-1], reference[:-1])
        for i in range(len(order))
        if edges[i + 1] > edges[i]
    )


def growth(points: Numbers, reference: Numbers) -> Numbers:
    """Return the hypervolume after the first, the second, … of the points (N,)."""
    return np.array([hypervolume(points[: n + 1], reference) for n in range(len(points))])
