"""Range equalization: neighbouring layers share the burden of their channels' sizes.

A scale moved from one layer's output channel into the next layer's input changes nothing that the
network answers, as long as what stands between them is a ReLU, or a cap that moves along. It can
make all channels of a layer equally large, and then one scale for the whole layer rounds none of
them away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from labcode._checks import check_int
from labcode._copied import copied
from labcode._walk import walk
from labcode.quantization.chain import exported_program
from labcode.quantization.comparison import answers, check_same, probes
from labcode.quantization.plain import dtype_of, plain_copy, refuse_compiled
from labcode.quantization.unfolded import Layer
from labcode.training.devices import device_of

LAYERS = ("aten.conv2d.default", "aten.linear.default")
# What a positive factor for each channel passes through.
TRANSPARENT = ("aten.relu.default", "aten.relu_.default", "aten.pad.default")
CAP = "aten.minimum.default"
TOLERANCE = 1e-3  # factors are rounded to float32, and so are the weights that take them
SMALLEST = 1e-8  # channels below are dead: their scale stays


@dataclass(frozen=True)
class Pair:
    """Two layers, the second of which takes the first one's output and nothing else does.

    Args:
        first: Name of the layer that writes.
        second: Name of the layer that reads.
        caps: Names of the `CappedReLU`s between them.
    """

    first: str
    second: str
    caps: tuple[str, ...] = ()


class CappedReLU(nn.Module):
    """min(relu(x), cap) with a cap of its own for each channel; a ReLU6 has 6 for all."""

    caps: Tensor

    def __init__(self, channels: int, cap: float = 6.0) -> None:
        """Start with the same cap for each of the channels."""
        super().__init__()
        self.register_buffer("caps", torch.full((channels, 1, 1), cap))

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, C, H, W) into the same shape."""
        return torch.minimum(torch.relu(x), self.caps)


def capped(model: nn.Module, input_shape: Sequence[int]) -> nn.Module:
    """Return a copy with the same answers in which each ReLU6 is a `CappedReLU`.

    A factor can pass through a cap if the cap takes it along, which a ReLU6 cannot.

    Args:
        model: Any network; only modules on maps (N, C, H, W) are replaced.
        input_shape: One image, (channels, height, width).
    """
    changed = copied(model)
    for visit in walk(model, input_shape, (nn.ReLU6,)):
        if len(visit.input_shape) == 4 and visit.name:
            changed.set_submodule(visit.name, CappedReLU(visit.input_shape[1]))
    return changed


def equalize(model: nn.Module, input_shape: Sequence[int], *, rounds: int = 20) -> nn.Module:
    """Return a network with the same answers whose neighbouring layers have equal ranges.

    For each channel between two layers, the first layer's outgoing weights and the second's
    incoming ones get the same largest magnitude: both become the geometric mean of the two.

    Args:
        model: Batch norm folded, see `fold_batch_norm`; left as it is. Its ReLU6 become
            `CappedReLU`.
        input_shape: One image, (channels, height, width).
        rounds: How often to go through all pairs; each pair disturbs the one before it.

    Returns:
        A copy, compared with the model. Weights that are computed, as by weight norm, are plain
        weights in it.

    Raises:
        TypeError: ``rounds`` is not an integer.
        ValueError: No two layers stand next to each other, ``rounds`` is below 1, or the copy
            does not answer as the model does.

    Source: Nagel et al., "Data-free quantization through weight equalization and bias
        correction" (arXiv:1906.04721), section 4.1.
    """
    check_int("rounds", rounds)
    refuse_compiled(model)
    equal = capped(plain_copy(model), input_shape)
    pairs = neighbours(equal, input_shape)
    if not pairs:
        raise ValueError(
            "no two layers stand next to each other with only a ReLU between them; fold batch "
            "norm first"
        )
    with torch.no_grad():
        for _ in range(rounds):
            for pair in pairs:
                _equalize_pair(equal, pair)
    _check(model, equal, input_shape)
    return equal


def _check(model: nn.Module, equal: nn.Module, input_shape: Sequence[int]) -> None:
    """Compare before handing over."""
    images = [probe.to(device_of(model)) for probe in probes(input_shape, dtype_of(model))]
    name = type(model).__name__
    wanted, got = answers(plain_copy(model), *images), answers(equal, *images)
    check_same(f"the equalized {name}", name, wanted, got, tolerance=TOLERANCE)


def neighbours(model: nn.Module, input_shape: Sequence[int]) -> list[Pair]:
    """Return each two layers with only a ReLU or zeros at the edge between them, in order.

    Args:
        model: Batch norm folded; left as it is.
        input_shape: One image, (channels, height, width).
    """
    program = exported_program(model, input_shape)
    parameters = program.graph_signature.inputs_to_parameters
    buffers = program.graph_signature.inputs_to_buffers
    uses: dict[str, int] = {}
    nodes = [node for node in program.graph.nodes if str(node.target) in LAYERS]
    # A weight that is computed in the forward, or that something else uses too, cannot be scaled.
    layers = [n for n in nodes if n.args[1].name in parameters and len(n.args[1].users) == 1]
    owners = {node: parameters[node.args[1].name].rpartition(".")[0] for node in layers}
    for owner in owners.values():
        uses[owner] = uses.get(owner, 0) + 1
    found = []
    for node in layers:
        after, caps = node, []
        while len(after.users) == 1:
            after = next(iter(after.users))
            if str(after.target) == CAP and after.args[1].name in buffers:
                caps.append(buffers[after.args[1].name].rpartition(".")[0])
            elif str(after.target) not in TRANSPARENT:
                break
        if after in owners and after is not node and len(node.users) == 1:
            pair = Pair(owners[node], owners[after], tuple(caps))
            fits = _channels(model, pair)
            if uses[pair.first] == uses[pair.second] == 1 and fits:
                found.append(pair)
    return found


def _channels(model: nn.Module, pair: Pair) -> bool:
    """Whether the second layer reads each output of the first one by itself."""
    first, second = model.get_submodule(pair.first), model.get_submodule(pair.second)
    outputs = len(first.weight)  # type: ignore[arg-type]
    if isinstance(second, nn.Conv2d):
        return second.in_channels == outputs and second.groups in (1, outputs)
    return isinstance(second, nn.Linear) and second.in_features == outputs


def _equalize_pair(model: nn.Module, pair: Pair) -> None:
    first, second = (cast(Layer, model.get_submodule(n)) for n in (pair.first, pair.second))
    factor = _equalize(first, second)
    for name in pair.caps:
        cast(CappedReLU, model.get_submodule(name)).caps.mul_(factor[:, None, None])


def _equalize(first: Layer, second: Layer) -> Tensor:
    """Move one scale a channel from the first layer into the second, in place; return it (C,)."""
    outgoing, incoming = _largest(first.weight, 0), _incoming(second)
    alive = (outgoing > SMALLEST) & (incoming > SMALLEST)
    factor = torch.where(alive, (incoming / outgoing.clamp(min=SMALLEST)).sqrt(), 1.0)  # (C,)
    first.weight.mul_(_along(factor, first.weight, 0))
    if first.bias is not None:
        first.bias.mul_(factor)
    depthwise = isinstance(second, nn.Conv2d) and second.groups > 1
    second.weight.div_(_along(factor, second.weight, 0 if depthwise else 1))
    return factor


def _incoming(layer: Layer) -> Tensor:
    """Return the largest magnitude of the weights that read each channel."""
    depthwise = isinstance(layer, nn.Conv2d) and layer.groups > 1
    return _largest(layer.weight, 0 if depthwise else 1)


def _largest(weight: Tensor, axis: int) -> Tensor:
    return weight.abs().transpose(0, axis).flatten(1).amax(1)  # (C,)


def _along(factor: Tensor, weight: Tensor, axis: int) -> Tensor:
    shape = [1] * weight.ndim
    shape[axis] = -1
    return factor.reshape(shape)
