"""Plans for networks with branches, from torch-pruning's dependency graph (DepGraph)."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from labcode.pruning.plan import Part, Plan, checked_keep, full_plan


def graph_plan(
    model: nn.Module, keep: Mapping[str, Iterable[int]], input_shape: Sequence[int]
) -> Plan:
    """Plan the cut of a network with residual sums and concatenations.

    In a sum, channel 3 of one branch is added to channel 3 of the other, so both go or both
    stay. torch-pruning finds out what belongs together by following the gradient's graph.

    Args:
        model: The network.
        keep: Name of a convolution or linear layer to the numbers of the outputs that stay.
        input_shape: One image, (channels, height, width).

    Returns:
        What each layer keeps; layers that are joined to a named one lose their share too.

    Raises:
        KeyError: There is no such layer.
        TypeError: A layer cannot be cut.
        ValueError: A number is out of range, or a layer would keep nothing.

    Source: Fang et al., "DepGraph: towards any structural pruning" (arXiv:2301.12900).
    """
    plan = full_plan(model)
    outputs = {name: set(part.outputs) for name, part in plan.items()}
    inputs = {name: set(part.inputs) for name, part in plan.items()}
    twin = copy.deepcopy(model).cpu().eval()
    graph, names = _dependencies(twin, input_shape), {m: n for n, m in twin.named_modules()}
    for name, numbers in keep.items():
        if name not in plan or not plan[name].inputs:
            raise KeyError(f"there is no layer {name!r} to cut, only {', '.join(plan)}")
        stay = checked_keep(name, numbers, len(plan[name].outputs))
        drop = sorted(set(plan[name].outputs) - set(stay))
        for target, is_output, indices in _joined(graph, twin.get_submodule(name), drop):
            if target in names and names[target] in plan:
                (outputs if is_output else inputs)[names[target]].difference_update(indices)
    return {name: _part(name, model, outputs[name], inputs[name]) for name in plan}


def _part(name: str, model: nn.Module, outputs: set[int], inputs: set[int]) -> Part:
    if getattr(model.get_submodule(name), "groups", 1) > 1:  # depthwise: one input an output
        inputs = outputs
    if not outputs:
        raise ValueError(f"{name!r} would keep no output")
    return Part(tuple(sorted(outputs)), tuple(sorted(inputs)))


def _dependencies(model: nn.Module, shape: Sequence[int]) -> Any:
    import torch_pruning

    for parameter in model.parameters():
        parameter.requires_grad_(True)  # the graph is found through the gradient
    images = torch.rand(1, *shape)
    return torch_pruning.DependencyGraph().build_dependency(model, example_inputs=images)


def _joined(
    graph: Any, layer: nn.Module, drop: list[int]
) -> list[tuple[nn.Module, bool, list[int]]]:
    """Return each layer that loses something, whether it is outputs, and their numbers."""
    import torch_pruning

    if not drop:
        return []
    kind = "linear" if isinstance(layer, nn.Linear) else "conv"
    if getattr(layer, "groups", 1) > 1:
        kind = "depthwise_conv"
    handler = getattr(torch_pruning, f"prune_{kind}_out_channels")
    found = []
    for dependency, indices in graph.get_pruning_group(layer, handler, idxs=drop):
        is_output = graph.is_out_channel_pruning_fn(dependency.handler)
        found.append((dependency.target.module, is_output, list(indices)))
    return found
