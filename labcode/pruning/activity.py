"""How much each filter or neuron matters: by its weights, or by what it answers to images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from labcode._checks import check_int
from labcode._walk import dtype_of
from labcode.data.dataset import Split
from labcode.pruning.importance import Scores
from labcode.pruning.kinds import LAYERS, TRANSPOSED, check_layers
from labcode.training.devices import device_of
from labcode.training.evaluation import check_split, eval_mode


def unit_norms(model: nn.Module, *, p: int = 1) -> Scores:
    """Score each filter of a convolution and each neuron of a linear layer by its weights' norm.

    Args:
        model: Any network.
        p: 1 for the sum of absolute values, 2 for the root of the sum of squares.

    Returns:
        Name of each layer to a score for each of its outputs. The weight that counts is the one
        that the layer works with, also where it is computed from others (weight_norm).

    Raises:
        ValueError: ``p`` is neither 1 nor 2, or a layer has no weights: it is scripted,
            quantized, or was never run (Lazy).

    Source: Li et al., "Pruning filters for efficient ConvNets" (arXiv:1608.08710), section 3.1.

    >>> layer = nn.Conv2d(1, 2, kernel_size=1)
    >>> layer.weight.data = torch.tensor([3.0, -4.0]).view(2, 1, 1, 1)
    >>> unit_norms(nn.Sequential(layer))
    {'0': tensor([3., 4.])}
    """
    if check_int("p", p) > 2:
        raise ValueError(f"p must be 1 or 2, got {p!r}")
    check_layers(model, computed=True)
    return {
        name: _by_output(layer).norm(p=p, dim=1)
        for name, layer in model.named_modules()
        if isinstance(layer, (*LAYERS, *TRANSPOSED))
    }


def _by_output(layer: nn.Module) -> Tensor:
    """Return a layer's weight as (outputs, what each reads)."""
    assert isinstance(layer.weight, Tensor)
    weight = layer.weight.detach()
    if isinstance(layer, TRANSPOSED):  # (in, out / groups, …)
        groups = weight.view(layer.groups, -1, *weight.shape[1:])  # (groups, its in, its out, …)
        weight = groups.transpose(1, 2).flatten(0, 1)
    return weight.flatten(1)


def zero_share(model: nn.Module, split: Split, layers: Sequence[str]) -> Scores:
    """Return how often each unit is zero after its ReLU: the "average percentage of zeros".

    Args:
        model: The network; left as it was.
        split: Images to show it; never the test split.
        layers: Names of layers whose output goes into a ReLU.

    Returns:
        For each layer a share for each unit, from 0 (never zero) to 1 (always zero), over all
        images and all places of the map.

    Raises:
        KeyError: The model has no layer of a name.
        ValueError: A layer did not run, or gives no tensor (N, units, …).

    Source: Hu et al., "Network trimming" (arXiv:1607.03250), equation 1 (APoZ).
    """
    return _averaged(model, split, layers, lambda output: (output <= 0).double())


def mean_activation(model: nn.Module, split: Split, layers: Sequence[str]) -> Scores:
    """Return the mean of each unit after its ReLU.

    Args:
        model: The network; left as it was.
        split: Images to show it; never the test split.
        layers: Names of layers whose output goes into a ReLU.

    Returns:
        For each layer the mean of each unit, over all images and all places of the map.

    Raises:
        KeyError: The model has no layer of a name.
        ValueError: A layer did not run, or gives no tensor (N, units, …).
    """
    return _averaged(model, split, layers, lambda output: output.clamp(min=0).double())


def _averaged(
    model: nn.Module, split: Split, layers: Sequence[str], of: Callable[[Tensor], Tensor]
) -> Scores:
    """Average a function of the layers' outputs over images, places, and runs if there are more."""
    check_split("split", split)
    modules = dict(model.named_modules(remove_duplicate=False))
    for name in layers:
        if name not in modules:
            raise KeyError(
                f"the model has no layer {name!r}, only {', '.join(filter(None, modules))}"
            )
    sums: dict[str, Tensor] = {}
    rows: dict[str, int] = {}  # how many images, or images and runs

    def watch(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
            values = _by_unit(module, of(_tensor(name, output)))  # (N, units)
            sums[name] = sums.get(name, 0) + values.sum(0)  # (units,)
            rows[name] = rows.get(name, 0) + len(values)

        return hook

    handles = [modules[name].register_forward_hook(watch(name)) for name in layers]
    try:
        with eval_mode(model), torch.inference_mode():
            for start in range(0, len(split), 500):
                model(split.images[start : start + 500].to(device_of(model), dtype_of(model)))
    finally:
        for handle in handles:
            handle.remove()
    if missing := [name for name in layers if name not in sums]:
        raise ValueError(f"the layer {missing[0]!r} did not run")
    return {name: (sums[name] / rows[name]).float() for name in layers}


def _tensor(name: str, output: object) -> Tensor:
    """Return a layer's output, which must be (N, units, …)."""
    if not isinstance(output, Tensor) or output.ndim < 2:
        kind = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise ValueError(f"the layer {name!r} must give (N, units, …), got {kind}")
    return output


def _by_unit(layer: nn.Module, values: Tensor) -> Tensor:
    """Return values averaged over all places, (N, units); a linear layer's units come last."""
    if isinstance(layer, nn.Linear):
        return values.flatten(1, -2).mean(1) if values.ndim > 2 else values
    return values.flatten(2).mean(2) if values.ndim > 2 else values
