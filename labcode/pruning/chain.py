"""Plans for networks without branches: each layer feeds the next one and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from torch import nn

from labcode._walk import running_order
from labcode.pruning.plan import CONVS, KNOWN, NORMS, Part, Plan, checked_keep, full_plan


def chain_plan(
    model: nn.Module, keep: Mapping[str, Iterable[int]], input_shape: Sequence[int]
) -> Plan:
    """Plan the cut of a plain chain: conv to conv, conv to flatten to linear, batch norms between.

    A channel that goes leaves with its filter, its bias, its place in each batch norm that
    follows, and its inputs in the next layer: one for each filter of a convolution, height x
    width of them for each neuron of a linear layer after a flatten.

    Args:
        model: The network; its layers must run one after the other.
        keep: Name of a convolution or linear layer to the numbers of the outputs that stay;
            layers that are not named keep all.
        input_shape: One image, (channels, height, width).

    Returns:
        What each layer keeps.

    Raises:
        KeyError: There is no such layer.
        ValueError: A layer cannot be cut, does not run or runs twice, the last layer is named, a
            number is out of range, or a size does not follow from the layer before it.

    >>> model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Flatten(), nn.Linear(12, 2))
    >>> plan = chain_plan(model, {"0": [0, 2]}, (1, 4, 4))
    >>> plan["2"].inputs
    (0, 1, 2, 3, 8, 9, 10, 11)
    """
    plan, order = full_plan(model), running_order(model, input_shape, KNOWN)
    layers = [name for name in order if plan[name].inputs]
    _check_chain(model, plan, order, layers)
    for name in keep:
        if name not in layers:
            raise KeyError(f"there is no layer {name!r} to cut, only {', '.join(layers[:-1])}")
    if layers[-1] in keep:
        raise ValueError(f"{layers[-1]!r} is the last layer: its outputs are the answer")
    producer = ""
    for name in order:
        part = plan[name]
        if producer and isinstance(model.get_submodule(name), NORMS):
            plan[name] = Part(
                _spread(plan[producer], full_plan_size(model, producer), part.outputs, name)
            )
        elif part.inputs:
            inputs = part.inputs
            if producer:
                whole = full_plan_size(model, producer)
                inputs = _spread(plan[producer], whole, inputs, name)
            outputs = checked_keep(name, keep.get(name, part.outputs), len(part.outputs))
            plan[name], producer = Part(outputs, inputs), name
    return plan


def _check_chain(model: nn.Module, plan: Plan, order: list[str], layers: list[str]) -> None:
    """Refuse what is not a plain chain."""
    if not layers:
        raise ValueError(f"this {type(model).__name__} runs no convolution and no linear layer")
    for name in plan:
        if name not in order:
            raise ValueError(
                f"{name!r} does not run in evaluation mode: this is not a plain chain, so take "
                "labcode.pruning.graph_plan"
            )
        if getattr(model.get_submodule(name), "groups", 1) > 1:
            raise ValueError(f"{name!r} has groups: take labcode.pruning.graph_plan")


def full_plan_size(model: nn.Module, name: str) -> int:
    """Return the number of outputs of a layer before the cut."""
    layer = model.get_submodule(name)
    size = layer.out_channels if isinstance(layer, CONVS) else layer.out_features
    assert isinstance(size, int)
    return size


def _spread(source: Part, whole: int, values: tuple[int, ...], name: str) -> tuple[int, ...]:
    """Return the inputs of a layer that stay: a block of places for each channel that stays."""
    places, rest = divmod(len(values), whole)
    if rest or not places:
        raise ValueError(f"{name!r} takes {len(values)} inputs, which {whole} channels cannot give")
    return tuple(c * places + place for c in source.outputs for place in range(places))
