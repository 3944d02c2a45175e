"""Plans for networks with branches, from torch-pruning's dependency graph (DepGraph)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from torch import nn

from labcode.pruning.joints import Joints
from labcode.pruning.plan import Part, Plan, check_plan, checked_keep, is_depthwise, is_grouped


def graph_plan(
    model: nn.Module, keep: Mapping[str, Iterable[int]], input_shape: Sequence[int]
) -> Plan:
    """Plan the cut of a network with residual sums and concatenations.

    In a sum, channel 3 of one branch is added to channel 3 of the other, so both go or both
    stay: what any of the named layers drops is gone in all that are joined to it. To choose the
    channels of joined layers together, take `joint_plan`.

    Args:
        model: The network.
        keep: Name of a convolution or linear layer to the numbers of the outputs that stay.
        input_shape: One image, (channels, height, width); for several inputs a list of shapes.

    Returns:
        What each layer keeps; layers that are joined to a named one lose their share too.

    Raises:
        KeyError: There is no such layer.
        ValueError: A layer cannot be cut, does not run, or would keep nothing; or a number is
            out of range. A sentence names the layer.

    Source: Fang et al., "DepGraph: towards any structural pruning" (arXiv:2301.12900).
    """
    return plan_from(model, Joints(model, input_shape), keep)


def plan_from(model: nn.Module, joints: Joints, keep: Mapping[str, Iterable[int]]) -> Plan:
    """Return the plan of `graph_plan`, from joints that are known already."""
    whole = joints.plan
    outputs = {name: set(part.outputs) for name, part in whole.items()}
    inputs = {name: set(part.inputs) for name, part in whole.items()}
    causes: dict[str, list[str]] = {name: [] for name in whole}
    for name, numbers in keep.items():
        if name not in whole or not whole[name].inputs:
            raise KeyError(f"there is no layer {name!r} to cut, only {', '.join(whole)}")
        stay = checked_keep(name, numbers, len(whole[name].outputs))
        drop = sorted(set(whole[name].outputs) - set(stay))
        for share in joints.shares(name, drop):
            refuse_groups(model, name, share.name)
            (outputs if share.is_output else inputs)[share.name].difference_update(share.numbers)
            causes[share.name] += [name] * share.is_output
    for name in whole:
        if not outputs[name]:
            raise ValueError(_nothing_left(name, causes[name]))
    plan = {name: _part(name, model, outputs[name], inputs[name]) for name in whole}
    check_plan(model, plan)
    return plan


def refuse_groups(model: nn.Module, name: str, target: str) -> None:
    """Refuse to touch a convolution with groups that is not depthwise."""
    layer = model.get_submodule(target)
    if is_grouped(layer):
        joined = f", and {name!r} is joined to it: neither can be cut" if name != target else ""
        raise ValueError(f"{target!r} has groups={layer.groups} and must stay whole{joined}")


def _part(name: str, model: nn.Module, outputs: set[int], inputs: set[int]) -> Part:
    if is_depthwise(model.get_submodule(name)):  # one input an output
        inputs = outputs
    return Part(tuple(sorted(outputs)), tuple(sorted(inputs)))


def _nothing_left(name: str, causes: list[str]) -> str:
    """Say which layers together take all outputs of one."""
    others = list(dict.fromkeys(causes))
    if others == [name]:
        return (
            f"{name!r} would keep no output: its outputs are joined to one another, as queries, "
            "keys and values of attention are"
        )
    shown = ", ".join(map(repr, others[:3])) + ", …" * (len(others) > 3)
    return f"{name!r} would keep no output: what goes of {shown} takes all of them along"
