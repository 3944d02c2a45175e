"""Structured removal that is real: smaller weights in every layer that a filter touches.

A `Plan` says which outputs and inputs each layer keeps. `labcode.pruning.chain` makes one for
networks without branches, `labcode.pruning.graph` for the others. Everything else follows from
the plan: the cost of the cut network, the masked network with the same answers, and the cut.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from labcode import cost
from labcode._checks import is_integer
from labcode._walk import walk
from labcode.cost import Cost
from labcode.training.devices import device_of
from labcode.training.evaluation import eval_mode

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
KNOWN = (nn.Conv2d, nn.Linear, *NORMS)


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
        TypeError: A layer with parameters is none that can be cut, or is a grouped convolution.

    >>> full_plan(nn.Sequential(nn.Linear(2, 3)))
    {'0': Part(outputs=(0, 1, 2), inputs=(0, 1))}
    """
    plan = {}
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Conv2d):
            if layer.groups not in (1, layer.out_channels):
                raise TypeError(f"{name} has groups={layer.groups}, which cannot be cut")
            inputs = range(layer.in_channels)
            plan[name] = Part(tuple(range(layer.out_channels)), tuple(inputs))
        elif isinstance(layer, nn.Linear):
            plan[name] = Part(tuple(range(layer.out_features)), tuple(range(layer.in_features)))
        elif isinstance(layer, NORMS):
            plan[name] = Part(tuple(range(layer.num_features)))
        elif next(layer.parameters(recurse=False), None) is not None:
            raise TypeError(f"{name} is a {type(layer).__name__}, which cannot be cut")
    return plan


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


def plan_cost(model: nn.Module, plan: Mapping[str, Part], input_shape: Sequence[int]) -> Cost:
    """Return what the cut network will cost, by formula; nothing is cut.

    Args:
        model: The whole network; it runs once on zeros, to see how large its maps are.
        plan: What each layer keeps.
        input_shape: One image, (channels, height, width).

    Returns:
        Parameters of all layers (a batch norm has two for each channel) and multiply-adds.
    """
    visits = walk(model, input_shape, (nn.Conv2d,))
    sizes = {visit.name: (visit.input_shape[-2], visit.input_shape[-1]) for visit in visits}
    total = Cost(0, 0)
    for name, part in plan.items():
        layer = model.get_submodule(name)
        outputs, inputs = len(part.outputs), len(part.inputs)
        if isinstance(layer, nn.Conv2d):
            spent = cost.conv2d(
                inputs,
                outputs,
                _pair(layer.kernel_size),
                sizes[name],
                stride=_pair(layer.stride),
                padding=_pair(layer.padding),
                dilation=_pair(layer.dilation),
                groups=outputs if layer.groups > 1 else 1,
                bias=layer.bias is not None,
            )
        elif isinstance(layer, nn.Linear):
            spent = cost.linear(inputs, outputs, bias=layer.bias is not None)
        else:
            spent = Cost(2 * outputs if layer.affine else 0, 0)
        total += spent
    return Cost(total.params, total.macs)


def silenced(model: nn.Module, plan: Mapping[str, Part]) -> nn.Module:
    """Return a copy in which every output that the plan drops is exactly zero.

    The dropped filters and neurons get zero weights and a zero bias. Where a batch norm follows,
    its own scale and shift become zero as well: a zero convolution alone would leave the shift.

    Args:
        model: The whole network.
        plan: What each layer keeps.
    """
    masked = copy.deepcopy(model)
    with torch.no_grad():
        for name, part in plan.items():
            layer = masked.get_submodule(name)
            for parameter in layer.parameters(recurse=False):
                dropped = torch.ones(len(parameter), dtype=torch.bool)
                dropped[list(part.outputs)] = False
                parameter[dropped] = 0.0
    return masked


def cut(model: nn.Module, plan: Mapping[str, Part], input_shape: Sequence[int]) -> nn.Module:
    """Return a smaller copy of a network, with the dropped filters and neurons cut out.

    Args:
        model: The whole network; left as it was.
        plan: What each layer keeps.
        input_shape: One image, (channels, height, width).

    Returns:
        A plain module of the same class with smaller layers.

    Raises:
        ValueError: The smaller network does not answer as the masked one does, so the plan does
            not fit the way in which the layers are joined.
    """
    smaller = copy.deepcopy(model)
    for name, part in plan.items():
        _cut_layer(smaller.get_submodule(name), part)
    _check_same_answers(silenced(model, plan), smaller, input_shape)
    return smaller


def _cut_layer(layer: nn.Module, part: Part) -> None:
    """Make one layer smaller, in place."""
    device = device_of(layer)
    outputs = torch.tensor(part.outputs, device=device)
    for name, tensor in [*layer._parameters.items(), *layer._buffers.items()]:
        if tensor is None or tensor.ndim == 0:  # no bias; the norm's count of batches
            continue
        smaller = tensor.detach()[outputs]  # (out, …)
        if tensor.ndim > 1 and getattr(layer, "groups", 1) == 1:
            smaller = smaller[:, torch.tensor(part.inputs, device=device)]  # (out, in, …)
        grad = tensor.requires_grad
        is_parameter = isinstance(tensor, nn.Parameter)
        setattr(layer, name, nn.Parameter(smaller.clone(), grad) if is_parameter else smaller)
    _set_sizes(layer, len(part.outputs), len(part.inputs))


def _set_sizes(layer: nn.Module, outputs: int, inputs: int) -> None:
    """Make the layer say what it is."""
    if isinstance(layer, nn.Conv2d):
        layer.groups = outputs if layer.groups > 1 else 1
        layer.out_channels, layer.in_channels = outputs, inputs
    elif isinstance(layer, nn.Linear):
        layer.out_features, layer.in_features = outputs, inputs
    elif isinstance(layer, NORMS):
        layer.num_features = outputs


def _check_same_answers(masked: nn.Module, smaller: nn.Module, shape: Sequence[int]) -> None:
    """Compare the networks on random images, in double precision."""
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(2, *shape, generator=generator, dtype=torch.float64)
    answers = []
    for model in (masked, smaller):
        double = copy.deepcopy(model).cpu().double()
        with eval_mode(double), torch.inference_mode():
            try:
                answers.append(double(images))
            except RuntimeError as error:
                raise ValueError(
                    f"the layers do not fit together after the cut: {error}"
                ) from error
    if answers[0].shape != answers[1].shape:
        raise ValueError(
            f"the cut changes the answer's shape from {tuple(answers[0].shape)} to "
            f"{tuple(answers[1].shape)}: outputs of the last layer must stay"
        )
    if not torch.allclose(answers[0], answers[1], rtol=1e-6, atol=1e-9):
        gap = float((answers[0] - answers[1]).abs().max())
        raise ValueError(
            f"the cut network's answers differ from the masked network's by {gap:.3g}: its layers "
            "are not joined as the plan says, or an activation does not keep zero at zero"
        )


def _pair(value: object) -> tuple[int, int]:
    """Return a convolution's setting as a pair."""
    if isinstance(value, str):
        raise TypeError(f"padding must be numbers, got {value!r}")
    assert isinstance(value, tuple)
    return int(value[0]), int(value[-1])
