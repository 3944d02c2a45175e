"""What a cut network will cost, from its plan alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from labcode._refusals import clear_failure
from labcode._walk import dtype_of, shapes_of
from labcode.cost import Cost
from labcode.pruning.plan import CONVS, Part, check_plan
from labcode.training.devices import device_of
from labcode.training.evaluation import eval_mode


def plan_cost(model: nn.Module, plan: Mapping[str, Part], input_shape: Sequence[int]) -> Cost:
    """Return what the cut network will cost, by formula; nothing is cut.

    A layer that runs twice has its parameters once and its multiply-adds twice; one that does
    not run has no multiply-adds; a parameter that two layers share is counted once.

    Args:
        model: The whole network; it runs once on zeros, to see how large its maps are.
        plan: What each layer keeps.
        input_shape: One image, (channels, height, width); for several inputs a list of shapes.

    Returns:
        Parameters of all layers (a batch norm has two for each channel) and multiply-adds.

    Raises:
        KeyError: The plan names a layer that the network does not have.
        ValueError: The plan does not fit the network.

    >>> from labcode.pruning.plan import full_plan
    >>> twice = nn.Sequential(*[nn.Linear(3, 3)] * 2)
    >>> plan_cost(twice, full_plan(twice), (3,))
    Cost(params=12, macs=18, output_size=None)
    """
    check_plan(model, plan)
    places = _places(model, input_shape)
    sizes: dict[int, int] = {}  # of each parameter, by its identity
    macs = 0
    for name, layer in model.named_modules():
        for parameter in layer.parameters(recurse=False):
            sizes[id(parameter)] = _size(layer, parameter, plan.get(name))
        if isinstance(layer, (*CONVS, nn.Linear)):
            macs += sizes[id(layer.weight)] * places[name]
    return Cost(sum(sizes.values()), macs)


def _size(layer: nn.Module, parameter: Tensor, part: Part | None) -> int:
    """Return how many values of a parameter stay."""
    if part is None:
        return parameter.numel()
    of_an_output = math.prod(parameter.shape[1:])
    if parameter.ndim > 1 and getattr(layer, "groups", 1) == 1:
        of_an_output = len(part.inputs) * math.prod(parameter.shape[2:])
    return len(part.outputs) * of_an_output


def _places(model: nn.Module, input_shape: Sequence[int]) -> dict[str, int]:
    """Return how often each layer's weight is multiplied in full: the places of its outputs."""
    found: dict[str, int] = {}
    handles = []
    for name, layer in model.named_modules():
        if isinstance(layer, (*CONVS, nn.Linear)):
            found[name] = 0

            def count(layer: nn.Module, _: object, output: Tensor, name: str = name) -> None:
                found[name] += output.numel() // len(layer.weight)  # type: ignore[arg-type]

            handles.append(layer.register_forward_hook(count))
    device, dtype = device_of(model), dtype_of(model)
    try:
        images = [torch.zeros(1, *s, device=device, dtype=dtype) for s in shapes_of(input_shape)]
        with eval_mode(model), torch.inference_mode(), clear_failure(model, images):
            model(*images)
    finally:
        for handle in handles:
            handle.remove()
    return found
