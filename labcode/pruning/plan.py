"""What each layer keeps when filters and neurons are taken out of a network.

A `Plan` says which outputs and inputs each layer keeps. `labcode.pruning.chain` makes one for
networks without branches, `labcode.pruning.graph` for the others, `labcode.pruning.joint` from
scores. Everything else follows from the plan: the cost of the cut network
(`labcode.pruning.plan_cost`), the masked network with the same answers, and the cut
(`labcode.pruning.surgery`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from labcode._checks import is_integer
from labcode._copied import copied
from labcode.pruning.kinds import TRANSPOSED, called, check_layers

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
CONVS = (nn.Conv1d, nn.Conv2d)
KNOWN = (*CONVS, nn.Linear, *NORMS)
TENSORS = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}


@dataclass(frozen=True)
class Part:
    """What one layer keeps: numbers of its outputs and inputs, sorted; a norm has outputs alone."""

    outputs: tuple[int, ...]
    inputs: tuple[int, ...] = ()


Plan = dict[str, Part]
"""Name of each convolution, linear layer and batch norm to what it keeps."""


def full_plan(model: nn.Module) -> Plan:
    """Return the plan that keeps everything.

    Raises:
        ValueError: A layer with parameters cannot be cut; a sentence names it and
            says why.

    >>> full_plan(nn.Sequential(nn.Linear(2, 3)))
    {'0': Part(outputs=(0, 1, 2), inputs=(0, 1))}
    """
    for name, reason in uncuttable(model).items():
        raise ValueError(f"{called(name)} {reason}")
    return whole_plan(model)


def whole_plan(model: nn.Module) -> Plan:
    """Return the plan that keeps everything, also where there are layers that cannot be cut.

    Those are left out of it. What is joined to one must stay whole, which `cut` finds out.
    """
    return {
        name: _whole(layer)
        for name, layer in model.named_modules()
        if isinstance(layer, KNOWN) and not _inside(model, name) and not _reason(layer)
    }


def uncuttable(model: nn.Module) -> dict[str, str]:
    """Return the layers that cannot be cut, by name, with what is said behind their names.

    Raises:
        ValueError: A layer's weights cannot be changed at all.
    """
    check_layers(model)
    reasons = {
        name: _inside(model, name) or _reason(layer) for name, layer in model.named_modules()
    }
    return {name: reason for name, reason in reasons.items() if reason}


def _inside(model: nn.Module, name: str) -> str:
    """Say that an attention uses a layer's weights without running it; nothing if none does."""
    around = name.rpartition(".")[0]
    if name and isinstance(model.get_submodule(around), nn.MultiheadAttention):
        return f"works inside {called(around)}, a MultiheadAttention, which never calls it"
    return ""


def _whole(layer: nn.Module) -> Part:
    """Return the part that is a whole layer."""
    if isinstance(layer, CONVS):
        return Part(tuple(range(layer.out_channels)), tuple(range(layer.in_channels)))
    if isinstance(layer, nn.Linear):
        return Part(tuple(range(layer.out_features)), tuple(range(layer.in_features)))
    assert isinstance(layer, NORMS)
    return Part(tuple(range(layer.num_features)))


def _reason(layer: nn.Module) -> str:
    """Say why no plan can be made for a network with this layer; nothing if one can."""
    kind = type(layer).__name__
    own = [name for name, p in layer.named_parameters(recurse=False) if p.numel() > 1]
    if isinstance(layer, KNOWN):
        held = {
            n for n, t in (*layer._parameters.items(), *layer._buffers.items()) if t is not None
        }
        more = sorted(held - TENSORS)
        return f"is a {kind} that holds {', '.join(more)} besides: it cannot be cut" * bool(more)
    if isinstance(layer, TRANSPOSED):
        return f"is a {kind}, which cannot be cut: its weight lists inputs before outputs"
    if not own:
        return ""
    return (
        f"is a {kind} with parameters of its own ({', '.join(own)}), which cannot be cut: plans "
        "know Conv1d, Conv2d, Linear, BatchNorm1d and BatchNorm2d"
    )


def is_depthwise(layer: nn.Module) -> bool:
    """Tell whether each output of a convolution reads one input of its own."""
    return (
        isinstance(layer, CONVS)
        and layer.groups > 1
        and layer.groups == layer.in_channels == layer.out_channels
    )


def is_grouped(layer: nn.Module) -> bool:
    """Tell whether a convolution has groups and is not depthwise: it must stay whole."""
    return isinstance(layer, CONVS) and layer.groups > 1 and not is_depthwise(layer)


def checked_keep(name: str, keep: Iterable[int], size: int) -> tuple[int, ...]:
    """Return the numbers of the outputs to keep, sorted; refuse none, twice, or out of range."""
    numbers = keep.tolist() if isinstance(keep, Tensor) else list(keep)
    if not numbers or not all(is_integer(n) for n in numbers):
        raise ValueError(f"keep[{name!r}] must hold at least one whole number, got {numbers!r}")
    if len(set(numbers)) < len(numbers) or min(numbers) < 0 or max(numbers) >= size:
        raise ValueError(
            f"keep[{name!r}] must hold different numbers from 0 to {size - 1}, got {numbers!r}"
        )
    return tuple(sorted(int(n) for n in numbers))


def check_plan(model: nn.Module, plan: Mapping[str, Part]) -> None:
    """Refuse a plan that does not fit the network.

    Raises:
        KeyError: The plan names a layer that the network does not have.
        ValueError: A layer keeps nothing or what it does not have, a convolution with groups is
            not whole, or two layers with one weight keep different parts of it.
    """
    check_layers(model)
    whole = whole_plan(model)
    tied: dict[int, str] = {}
    for name, part in plan.items():
        if name not in whole:
            raise KeyError(f"the plan names {name!r}, but there is only {', '.join(whole)}")
        layer = model.get_submodule(name)
        _check_part(name, layer, part, whole[name])
        for parameter in layer.parameters(recurse=False):
            other = tied.setdefault(id(parameter), name)
            if plan[other] != part:
                raise ValueError(
                    f"{name!r} shares a parameter with {other!r}, but the plan keeps other parts "
                    "of it there: both must lose the same"
                )


def _check_part(name: str, layer: nn.Module, part: Part, whole: Part) -> None:
    """Refuse a part that a layer cannot keep."""
    for what in ("outputs", "inputs"):
        kept, there = getattr(part, what), getattr(whole, what)
        if there and (not kept or not set(kept) <= set(there)):
            raise ValueError(f"{name!r} must keep some of its {len(there)} {what}, got {kept}")
    if is_grouped(layer) and part != whole:
        raise ValueError(
            f"{name!r} has groups={layer.groups} between {len(whole.inputs)} inputs and "
            f"{len(whole.outputs)} outputs, so it must stay whole, and what feeds it too"
        )
    if is_depthwise(layer) and part.inputs != part.outputs:
        raise ValueError(f"{name!r} is depthwise, so it must keep the same inputs as outputs")


def silenced(model: nn.Module, plan: Mapping[str, Part]) -> nn.Module:
    """Return a copy in which every output that the plan drops is exactly zero.

    The dropped filters and neurons get zero weights and a zero bias. Where a batch norm follows,
    its own scale and shift become zero as well: a zero convolution alone would leave the shift.

    Args:
        model: The whole network.
        plan: What each layer keeps.

    Raises:
        KeyError: The plan names a layer that the network does not have.
        ValueError: The plan does not fit the network.
    """
    check_plan(model, plan)
    masked = copied(model)
    with torch.no_grad():
        for name, part in plan.items():
            layer = masked.get_submodule(name)
            for parameter in layer.parameters(recurse=False):
                dropped = torch.ones(len(parameter), dtype=torch.bool)
                dropped[list(part.outputs)] = False
                parameter[dropped.to(parameter.device)] = 0.0
            if isinstance(layer, NORMS) and not layer.affine and layer.running_mean is not None:
                gone = [n for n in range(layer.num_features) if n not in set(part.outputs)]
                layer.running_mean[gone] = 0.0  # a zero that comes in is a zero that goes out
    return masked
