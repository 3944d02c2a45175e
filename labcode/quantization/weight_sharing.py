"""Weight sharing: the weights of a layer take few different values, which a codebook lists.

Deep Compression clusters each layer's weights by k-means and stores the number of a weight's
cluster instead of its value. Weights that are zero were pruned: they stay zero and are in no
cluster.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from labcode._bare import bare_parameters, warn_of, why_left
from labcode._checks import check_int
from labcode._refusals import refuse_unusable
from labcode.quantization.kmeans import INITS, initial_centroids, kmeans, nearest
from labcode.quantization.plain import computed_weights
from labcode.quantization.shared_training import SharedWeights, centroid_training

__all__ = [
    "INITS",
    "SharedWeights",
    "centroid_training",
    "initial_centroids",
    "kmeans",
    "left_unshared",
    "nearest",
    "share_weights",
]


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
        model: The network. Tied weights are shared under the first of their names.
        bits: A codebook of one parameter has at most 2**bits entries; a number, or one for each
            parameter name.
        init: How k-means starts; see `initial_centroids`.
        names: Parameters to share; None takes those with two dimensions and more (no biases), or
            the names in ``bits``. A vector in no layer is then left, with a warning that names it.
        seed: Decides a random start.

    Returns:
        The codebooks and clusters, which `centroid_training` needs.

    Raises:
        ValueError: A layer is compiled, quantized or without weights yet, a name is not a parameter
            or one that something else is computed from, a weight is not finite or complex, or
            ``bits`` is not from 1 to 16. The model is as before.

    Source: Deep Compression (arXiv:1510.00149), section 3.1.

    >>> layer = nn.Linear(2, 2, bias=False)
    >>> _ = layer.weight.data.copy_(torch.tensor([[0.0, 0.5], [0.7, -0.9]]))
    >>> shared = share_weights(layer, bits=1)
    >>> layer.weight.data
    tensor([[ 0.0000,  0.6000],
            [ 0.6000, -0.9000]])
    """
    shared = SharedWeights({}, {}, {})
    if names is None and not isinstance(bits, Mapping):
        warn_of(left_unshared(model), stacklevel=4)  # behind `torch.no_grad`
    for name, parameter, width in _chosen(model, bits, names):  # checks all, before the first
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


def left_unshared(model: nn.Module) -> dict[str, str]:
    """Return why parameters that may be weights are not shared, by the module that holds them.

    Args:
        model: Any network.

    Returns:
        A module's name, empty for the network itself, to a reason that names the parameters.

    >>> model = nn.Sequential(nn.Linear(4, 2))
    >>> model.gain = nn.Parameter(torch.ones(2))
    >>> left_unshared(model)[""]
    "'gain' is in no layer: weight sharing takes a vector only by its name"
    """
    refuse_unusable(model)
    left = [name for name, parameter in bare_parameters(model).items() if parameter.ndim < 2]
    return why_left(left, "weight sharing takes a vector only by its name")


def _chosen(
    model: nn.Module, bits: int | Mapping[str, int], names: list[str] | None
) -> list[tuple[str, nn.Parameter, int]]:
    """Return name, parameter and bits of what is to be shared."""
    refuse_unusable(model)
    found = dict(model.named_parameters())
    if names is None:
        matrices = [
            n for n, p in found.items() if p.ndim > 1 and (p.is_floating_point() or p.is_complex())
        ]
        names = list(bits) if isinstance(bits, Mapping) else matrices
    first = {id(parameter): name for name, parameter in reversed(found.items())}
    tied = dict(model.named_parameters(remove_duplicate=False))
    for name in names:
        if name not in tied:
            raise ValueError(f"names must be parameters of the model, got {name!r}")
        if name not in found:
            raise ValueError(f"{name} is the same tensor as {first[id(tied[name])]}: name that one")
    _refuse_computed(model, names)
    widths = {name: bits[name] if isinstance(bits, Mapping) else bits for name in names}
    for name, width in widths.items():
        if check_int(f"bits of {name}", width) > 16:
            raise ValueError(f"bits of {name} must be from 1 to 16, got {width}")
        if not found[name].is_floating_point():
            raise ValueError(f"{name} cannot be shared: it is {found[name].dtype}")
        if not bool(found[name].isfinite().all()):
            raise ValueError(f"{name} cannot be shared: a weight is not finite")
    return [(name, found[name], widths[name]) for name in names]


def _refuse_computed(model: nn.Module, names: list[str]) -> None:
    """Refuse parameters from which a weight is computed, such as those of weight norm."""
    for weight, what in computed_weights(model).items():
        path, _, own = weight.rpartition(".")
        start = f"{path}." if path else ""
        parts = (f"{start}parametrizations.{own}.", f"{start}{own}_")
        if part := next((name for name in names if name.startswith(parts)), None):
            raise ValueError(
                f"{part} cannot be shared: {weight} is computed from it before each run (by "
                f"{what}), and would take more values; make it a plain weight first"
            )
