"""Training with shared weights: the centroids move, and all weights of a cluster with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from labcode.quantization.plain import refuse_compiled


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


@contextmanager
def centroid_training(model: nn.Module, shared: SharedWeights) -> Iterator[None]:
    """Train centroids instead of weights while in the block, for instance with `fit`.

    Each shared parameter is looked up in its codebook, and the codebook is what the optimizer
    sees. Its gradient is the sum of the gradients of the weights in the cluster. Afterwards the
    model has plain weights again, with the trained centroids in place, and ``shared`` holds them.
    Layers with tied weights look them up in one codebook, and are tied afterwards.

    Args:
        model: The network that `share_weights` changed.
        shared: What it returned.

    Raises:
        ValueError: The network is compiled, a name in ``shared`` is not a parameter of such a
            size, or a layer keeps its weights in a way that does not let them be looked up.

    Source: Deep Compression (arXiv:1510.00149), section 3.3, equation 3.
    """
    owners = {name: _owners(model, shared, name) for name in shared.codebooks}
    order = {module: list(module._parameters) for module in model.modules()}
    for name, places in owners.items():
        _look_up(shared, name, places)
    try:
        yield
    finally:
        for name, places in owners.items():
            shared.codebooks[name] = _put_back(places)
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


Place = tuple[nn.Module, str]  # a module and the name of a parameter of its own


def _owners(model: nn.Module, shared: SharedWeights, name: str) -> list[Place]:
    """Return each place where a model holds a shared parameter: several where weights are tied."""
    refuse_compiled(model)
    parameters = dict(model.named_parameters(remove_duplicate=False))
    parameter = parameters.get(name)
    places, clusters, book = shared.places[name], shared.clusters[name], shared.codebooks[name]
    fits = parameter is not None and int(places.max()) < parameter.numel()
    if parameter is None or not fits or int(clusters.max()) >= len(book):
        raise ValueError(
            f"shared holds {name}, which is not a parameter of that size of this model"
        )
    found = [
        (module, own)
        for module in model.modules()
        for own, value in module._parameters.items()
        if value is parameter
    ]
    for module, _ in found:
        if isinstance(module, nn.RNNBase):
            raise ValueError(
                f"{name} cannot be trained by its centroids: a {type(module).__name__} keeps its "
                "weights in a list of its own"
            )
    return found


def _look_up(shared: SharedWeights, name: str, places: list[Place]) -> None:
    """Let all places look a parameter up in one codebook."""
    first, own = places[0]
    weight = first._parameters[own]
    assert weight is not None
    weight.grad, shape = None, weight.shape  # of all weights: the codebook is shorter
    facts = shared.codebooks[name], shared.places[name], shared.clusters[name], shape
    parametrize.register_parametrization(first, own, _Lookup(*facts))
    for module, other in places[1:]:
        module._parameters[other] = nn.Parameter(weight.new_zeros(shape))  # the tied one is short
        parametrize.register_parametrization(module, other, _Lookup(*facts))
        _chain(module, other).original = _chain(first, own).original


@torch.no_grad()
def _put_back(places: list[Place]) -> Tensor:
    """Make a parameter plain again in all places, and return its trained codebook."""
    first, name = places[0]
    trained: Tensor = _chain(first, name).original.detach().clone()
    for module, own in places[1:]:  # of its own, since making the first one plain lengthens it
        _chain(module, own).original = nn.Parameter(trained.clone())
    for module, own in places:
        parametrize.remove_parametrizations(module, own)
    for module, own in places[1:]:
        module._parameters[own] = first._parameters[name]
    return trained


def _chain(module: nn.Module, own: str) -> Any:
    """Return what computes a parameter."""
    return module.parametrizations[own]  # type: ignore[index]
