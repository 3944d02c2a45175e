"""k-means on numbers, with the starts of Deep Compression."""

from __future__ import annotations

import torch
from torch import Tensor

from labcode._checks import check_choice, check_int

INITS = ("linear", "density", "random")


def initial_centroids(values: Tensor, k: int, init: str = "linear", *, seed: int = 0) -> Tensor:
    """Return where k-means starts.

    Args:
        values: The weights to cluster, any shape, not empty.
        k: Number of centroids.
        init: "linear" spreads them evenly from the smallest weight to the largest, "density"
            puts the same number of weights between any two, "random" draws them from the weights.
        seed: Decides the random ones.

    Returns:
        Sorted centroids, shape (k,), float64; fewer if "random" has fewer different weights.

    Raises:
        ValueError: ``init`` is unknown, ``k`` is below 1, or there is no finite value.

    Source: Deep Compression (arXiv:1510.00149), section 3.2.

    >>> initial_centroids(torch.tensor([0.0, 1.0, 2.0, 10.0]), 3)
    tensor([ 0.,  5., 10.], dtype=torch.float64)
    """
    flat = _sorted(values)
    check_int("k", k)
    check_choice("init", init, INITS)
    if init == "linear":
        steps = torch.linspace(0, 1, k, dtype=torch.float64)
        spread: Tensor = flat[0] + steps * (flat[-1] - flat[0])
        return spread
    if init == "density":
        middles = (torch.arange(k, dtype=torch.float64) + 0.5) / k  # the middle of each k-th part
        return flat[(middles * len(flat)).long()]
    different = torch.unique(flat)
    order = torch.randperm(len(different), generator=torch.Generator().manual_seed(seed))
    drawn: Tensor = different[order[:k]].sort().values
    return drawn


def kmeans(
    values: Tensor, k: int, *, init: str | Tensor = "linear", iterations: int = 100, seed: int = 0
) -> Tensor:
    """Return the centroids of k-means on numbers: Lloyd's two steps, each one exact.

    On a line each cluster is an interval, so sorted values and their running sums are enough. A
    centroid that no weight is nearest to stays where it is.

    Args:
        values: The weights to cluster, any shape, not empty.
        k: Number of centroids.
        init: Where to start: see `initial_centroids`; or the first centroids themselves.
        iterations: The most rounds; it ends before if nothing moves any more.
        seed: Decides a random start.

    Returns:
        Sorted centroids, shape (k,), in the dtype of ``values``.

    Raises:
        ValueError: An argument is out of range, or a value is not finite.

    >>> kmeans(torch.tensor([-1.0, -0.8, 0.5, 0.7]), 2)
    tensor([-0.9000,  0.6000])
    """
    flat = _sorted(values)
    check_int("iterations", iterations)
    start = initial_centroids(values, k, init, seed=seed) if isinstance(init, str) else init
    centroids = start.to(torch.float64).sort().values
    sums = torch.cat([flat.new_zeros(1), flat.cumsum(0)])  # sums[i]: of the first i values
    for _ in range(iterations):
        edges = _edges(flat, centroids)
        counts = edges.diff()
        means = (sums[edges[1:]] - sums[edges[:-1]]) / counts.clamp(min=1)
        moved = torch.where(counts > 0, means, centroids).sort().values
        if torch.equal(moved, centroids):
            break
        centroids = moved
    return centroids.to(values.dtype)


def nearest(values: Tensor, centroids: Tensor) -> Tensor:
    """Return the number of the nearest centroid for each value.

    Args:
        values: Any shape.
        centroids: Sorted, shape (k,).

    Returns:
        int64, the shape of ``values``.

    >>> nearest(torch.tensor([0.1, 0.9]), torch.tensor([0.0, 1.0]))
    tensor([0, 1])
    """
    between = (centroids[1:] + centroids[:-1]) / 2
    return torch.bucketize(values.contiguous(), between)


def _sorted(values: Tensor) -> Tensor:
    """Return the values as one sorted row of float64."""
    flat = values.detach().flatten().to(torch.float64).sort().values
    if not len(flat) or not bool(flat.isfinite().all()):
        raise ValueError(f"values must be finite and at least one, got {len(flat)} values")
    return flat


def _edges(flat: Tensor, centroids: Tensor) -> Tensor:
    """Return where each centroid's values begin and end in the sorted row, shape (k + 1,)."""
    between = (centroids[1:] + centroids[:-1]) / 2
    inner = torch.searchsorted(flat, between, right=True)  # a tie goes to the lower centroid
    return torch.cat([inner.new_zeros(1), inner, inner.new_full((1,), len(flat))])
