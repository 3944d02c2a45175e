"""Structured removal that is real: smaller weights in every layer that a filter touches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from labcode._copied import copied
from labcode.pruning.agreement import check_same_answers, reweighted
from labcode.pruning.plan import CONVS, NORMS, Part, check_plan, is_depthwise, silenced


def cut(model: nn.Module, plan: Mapping[str, Part], input_shape: Sequence[int]) -> nn.Module:
    """Return a smaller copy of a network, with the dropped filters and neurons cut out.

    Its answers are compared with the masked network's, in evaluation and in training mode, and
    with random weights in both: where a channel happens to be silent, a wrong cut would not show.

    Args:
        model: The whole network; left as it was. It may return a tensor, or tensors in tuples,
            lists and dicts.
        plan: What each layer keeps.
        input_shape: One image, (channels, height, width); for several inputs a list of shapes.

    Returns:
        A plain module of the same class with smaller layers; what was tied stays tied.

    Raises:
        KeyError: The plan names a layer that the network does not have.
        ValueError: The smaller network does not answer as the masked one does, so the plan does
            not fit the way in which the layers are joined.
    """
    smaller = resized(model, plan)
    check_same_answers(silenced(model, plan), smaller, plan, input_shape)
    for seed in range(2):  # a channel that is silent under one set of weights is not under another
        other = reweighted(model, seed)
        masked, cut_too = silenced(other, plan), resized(other, plan)
        check_same_answers(masked, cut_too, plan, input_shape, signed=True)
    return smaller


def resized(model: nn.Module, plan: Mapping[str, Part]) -> nn.Module:
    """Return the smaller copy without any comparison; see `cut`."""
    check_plan(model, plan)
    smaller = copied(model)
    made: dict[int, nn.Parameter] = {}  # the smaller one of each parameter, by its identity
    originals = list(smaller.parameters())  # kept alive: ids stay theirs
    for name, part in plan.items():
        _cut_layer(smaller.get_submodule(name), part, made)
    del originals
    return smaller


def _cut_layer(layer: nn.Module, part: Part, made: dict[int, nn.Parameter]) -> None:
    """Make one layer smaller, in place."""
    whole = not is_depthwise(layer) and getattr(layer, "groups", 1) > 1
    for name, tensor in [*layer._parameters.items(), *layer._buffers.items()]:
        if tensor is None or tensor.ndim == 0 or whole:  # no bias; the norm's count of batches
            continue
        if not isinstance(tensor, nn.Parameter):
            setattr(layer, name, _smaller(layer, tensor, part))
            continue
        if id(tensor) not in made:
            smaller = _smaller(layer, tensor, part)
            made[id(tensor)] = nn.Parameter(smaller.clone(), tensor.requires_grad)
        setattr(layer, name, made[id(tensor)])
    if not whole:
        _set_sizes(layer, len(part.outputs), len(part.inputs))


def _smaller(layer: nn.Module, tensor: Tensor, part: Part) -> Tensor:
    """Return what stays of a tensor of a layer."""
    smaller = tensor.detach()[torch.tensor(part.outputs, device=tensor.device)]  # (out, …)
    if tensor.ndim > 1 and getattr(layer, "groups", 1) == 1:
        smaller = smaller[:, torch.tensor(part.inputs, device=tensor.device)]  # (out, in, …)
    return smaller


def _set_sizes(layer: nn.Module, outputs: int, inputs: int) -> None:
    """Make the layer say what it is."""
    if isinstance(layer, CONVS):
        layer.groups = outputs if layer.groups > 1 else 1
        layer.out_channels, layer.in_channels = outputs, inputs
    elif isinstance(layer, nn.Linear):
        layer.out_features, layer.in_features = outputs, inputs
    elif isinstance(layer, NORMS):
        layer.num_features = outputs
