"""Weight sharing: the weights of a layer take few different values, which a codebook lists.

Deep Compression clusters each layer's weights by k-means and stores the number of a weight's
cluster instead of its value. Weights that are zero were pruned: they stay zero and are in no
cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

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


@dataclass(frozen=True)
class SharedWeights:
    """The codebooks and cluster numbers of a model whose weights are shared.

    Args:
        codebooks: By parameter name: the centroids, shape (k,).
        places: By parameter name: where the weights that are not zero lie in the flat tensor.
        clusters: By parameter name: the cluster of each of these weights.
    """

    codebooks: dict[str, Tensor]
    places: dict[str, Tensor]
    clusters: dict[str, Tensor]


@torch.no_grad()
def share_weights(
    model: nn.Module,
    bits: int | Mapping[str, int],
    *,
    init: str = "linear",
    names: list[str] | None = None,
    seed: int = 0,
) -> SharedWeights:
    """Replace each weight by the centroid of its cluster, in place; zeros stay zero.

    Args:
        model: The network.
        bits: A codebook of one parameter has at most 2**bits entries; a number, or one for each
            parameter name.
        init: How k-means starts; see `initial_centroids`.
        names: Parameters to share; None takes those with two dimensions and more (no biases), or
            the names in ``bits``.
        seed: Decides a random start.

    Returns:
        The codebooks and clusters, which `centroid_training` needs.

    Raises:
        ValueError: A name is no parameter, or ``bits`` is not from 1 to 16.

    Source: Deep Compression (arXiv:1510.00149), section 3.1.

    >>> layer = nn.Linear(2, 2, bias=False)
    >>> _ = layer.weight.data.copy_(torch.tensor([[0.0, 0.5], [0.7, -0.9]]))
    >>> shared = share_weights(layer, bits=1)
    >>> layer.weight.data
    tensor([[ 0.0000,  0.6000],
            [ 0.6000, -0.9000]])
    """
    shared = SharedWeights({}, {}, {})
    for name, parameter, width in _chosen(model, bits, names):
        flat = parameter.flatten()
        places = flat.nonzero().flatten()
        if not len(places):
            continue  # nothing is left of this parameter
        codebook = kmeans(flat[places], 2**width, init=init, seed=seed)
        clusters = nearest(flat[places], codebook)
        used, clusters = torch.unique(clusters, return_inverse=True)  # no entry that nobody uses
        shared.codebooks[name], shared.clusters[name] = codebook[used], clusters
        shared.places[name] = places
        parameter.copy_(flat.index_copy(0, places, codebook[used][clusters]).view_as(parameter))
    return shared


@contextmanager
def centroid_training(model: nn.Module, shared: SharedWeights) -> Iterator[None]:
    """Train centroids instead of weights while in the block, for instance with `fit`.

    Each shared parameter is looked up in its codebook, and the codebook is what the optimizer
    sees. Its gradient is the sum of the gradients of the weights in the cluster. Afterwards the
    model has plain weights again, with the trained centroids in place, and ``shared`` holds them.

    Args:
        model: The network that `share_weights` changed.
        shared: What it returned.

    Source: Deep Compression (arXiv:1510.00149), section 3.3, equation 3.
    """
    order = {module: list(module._parameters) for module in model.modules()}
    for name, codebook in shared.codebooks.items():
        module, own = _owner(model, name)
        shape = getattr(module, own).shape
        getattr(module, own).grad = None  # of all weights: the codebook is shorter
        lookup = _Lookup(codebook, shared.places[name], shared.clusters[name], shape)
        parametrize.register_parametrization(module, own, lookup)
    try:
        yield
    finally:
        for name in shared.codebooks:
            module, own = _owner(model, name)
            trained = module.parametrizations[own].original  # type: ignore[index, union-attr]
            shared.codebooks[name] = trained.detach().clone()
            parametrize.remove_parametrizations(module, own)
        for module, names in order.items():  # parameters in the order in which they were
            module._parameters = {own: module._parameters[own] for own in names}


class _Lookup(nn.Module):
    """Make the weight from its codebook: zero, and the centroid where there is a weight."""

    places: Tensor
    clusters: Tensor

    def __init__(self, codebook: Tensor, places: Tensor, clusters: Tensor, shape: torch.Size):
        super().__init__()
        self.start, self.shape = codebook, shape
        self.register_buffer("places", places)
        self.register_buffer("clusters", clusters)

    def forward(self, codebook: Tensor) -> Tensor:
        flat = codebook.new_zeros(self.shape.numel())
        return flat.index_copy(0, self.places, codebook[self.clusters]).view(self.shape)

    def right_inverse(self, weight: Tensor) -> Tensor:
        return self.start.to(weight)


def _chosen(
    model: nn.Module, bits: int | Mapping[str, int], names: list[str] | None
) -> list[tuple[str, nn.Parameter, int]]:
    """Return name, parameter and bits of what is to be shared."""
    found = dict(model.named_parameters())
    if names is None:
        names = list(bits) if isinstance(bits, Mapping) else [n for n in found if found[n].ndim > 1]
    for name in names:
        if name not in found:
            raise ValueError(f"names must be parameters of the model, got {name!r}")
    widths = {name: bits[name] if isinstance(bits, Mapping) else bits for name in names}
    for name, width in widths.items():
        if check_int(f"bits of {name}", width) > 16:
            raise ValueError(f"bits of {name} must be from 1 to 16, got {width}")
    return [(name, found[name], widths[name]) for name in names]


def _owner(model: nn.Module, name: str) -> tuple[nn.Module, str]:
    """Return the module that a parameter belongs to, and the parameter's name there."""
    path, _, own = name.rpartition(".")
    return model.get_submodule(path), own


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
