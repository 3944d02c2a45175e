"""How much each filter or neuron matters: by its weights, or by what it answers to images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from labcode._checks import check_int
from labcode.data.dataset import Split
from labcode.pruning.importance import Scores
from labcode.pruning.masks import LAYERS
from labcode.training.devices import device_of
from labcode.training.evaluation import check_split, eval_mode


def unit_norms(model: nn.Module, *, p: int = 1) -> Scores:
    """Score each filter of a convolution and each neuron of a linear layer by its weights' norm.

    Args:
        model: Any network.
        p: 1 for the sum of absolute values, 2 for the root of the sum of squares.

    Returns:
        Name of each layer to a score for each of its outputs.

    Raises:
        ValueError: ``p`` is neither 1 nor 2.

    Source: Li et al., "Pruning filters for efficient ConvNets" (arXiv:1608.08710), section 3.1.

    >>> layer = nn.Conv2d(1, 2, kernel_size=1)
    >>> layer.weight.data = torch.tensor([3.0, -4.0]).view(2, 1, 1, 1)
    >>> unit_norms(nn.Sequential(layer))
    {'0': tensor([3., 4.])}
    """
    if check_int("p", p) > 2:
        raise ValueError(f"p must be 1 or 2, got {p!r}")
    return {
        name: layer.weight.detach().flatten(1).norm(p=p, dim=1)
        for name, layer in model.named_modules()
        if isinstance(layer, LAYERS)
    }


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
        ValueError: A layer did not run.

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
        ValueError: A layer did not run.
    """
    return _averaged(model, split, layers, lambda output: output.clamp(min=0).double())


def _averaged(
    model: nn.Module, split: Split, layers: Sequence[str], of: Callable[[Tensor], Tensor]
) -> Scores:
    """Average a function of the layers' outputs over images and places."""
    check_split("split", split)
    modules = dict(model.named_modules())
    for name in layers:
        if name not in modules:
            raise KeyError(
                f"the model has no layer {name!r}, only {', '.join(filter(None, modules))}"
            )
    sums: dict[str, Tensor] = {}

    def watch(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
            values = of(output)  # (N, units) or (N, units, H, W)
            values = values.flatten(2).mean(2) if values.ndim > 2 else values
            sums[name] = sums.get(name, 0) + values.sum(0)  # (units,)

        return hook

    handles = [modules[name].register_forward_hook(watch(name)) for name in layers]
    try:
        with eval_mode(model), torch.inference_mode():
            for start in range(0, len(split), 500):
                model(split.images[start : start + 500].to(device_of(model)))
    finally:
        for handle in handles:
            handle.remove()
    if missing := [name for name in layers if name not in sums]:
        raise ValueError(f"the layer {missing[0]!r} did not run")
    return {name: (sums[name] / len(split)).float() for name in layers}
