"""Each method, tried on a copy: which layers it took, or its own sentence why it did not.

A trial is the whole answer. It runs the very functions that a reader would call, so nothing here
can promise what they do not do.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from labcode import coding, counting, pruning, quantization, runtime
from labcode.preflight.facts import CONVOLUTIONS, NORMS, TRANSPOSED

KEPT = 0.5  # of the weights that pruning keeps in its trial
CODEBOOK_BITS = 4  # of weight sharing: 16 values

WEIGHTED = (*CONVOLUTIONS, *TRANSPOSED, nn.Linear)


@dataclass(frozen=True)
class Method:
    """A method of the course.

    Args:
        name: As a column is headed.
        aims_at: The layers that it is for; of others it is not asked.
        attempt: Called with a copy of the network and images; returns the names of the layers
            that it took, or raises what the method itself raises.
    """

    name: str
    aims_at: tuple[type[nn.Module], ...]
    attempt: Callable[[nn.Module, Tensor], Iterable[str]]


def count(model: nn.Module, images: Tensor) -> Iterable[str]:
    """Count the cost; every layer that the counter has a row for is taken."""
    return [row.name for row in counting.count(model, tuple(images.shape[1:])).layers]


def prune(model: nn.Module, images: Tensor) -> Iterable[str]:
    """Zero half of all weights by size."""
    masks = pruning.select(model, pruning.magnitude(model), KEPT)
    masks.apply(model)
    return [_owner(name) for name in masks]


def cut(model: nn.Module, images: Tensor) -> Iterable[str]:
    """Cut the weaker half of the filters of every layer that has filters to lose."""
    shape = tuple(images.shape[1:])
    before = _sizes(model)
    smaller = pruning.cut(
        model, pruning.joint_plan(model, pruning.unit_norms(model), KEPT, shape), shape
    )
    return [name for name, size in _sizes(smaller).items() if size != before[name]]


def fold(model: nn.Module, images: Tensor) -> Iterable[str]:
    """Fold each batch norm; those that are gone afterwards were taken."""
    norms = [name for name, layer in model.named_modules() if isinstance(layer, NORMS)]
    folded = quantization.fold_batch_norm(model, tuple(images.shape[1:]))
    return [name for name in norms if not isinstance(folded.get_submodule(name), NORMS)]


def int8(model: nn.Module, images: Tensor) -> Iterable[str]:
    """Round weights and activations to 8 bits, as if they were integers."""
    quantized = quantization.quantize_model(model, images)
    return list(quantization.quant_layers(quantized))


def integers(model: nn.Module, images: Tensor) -> Iterable[str]:
    """Compute in integers alone."""
    shape = tuple(images.shape[1:])
    folded = quantization.fold_batch_norm(model, shape)
    quantized = quantization.quantize_model(folded, images)
    network = quantization.to_integer(quantized, shape)
    network(images)
    return [layer.name for layer in network.layers if hasattr(layer, "weight")]


def share(model: nn.Module, images: Tensor) -> Iterable[str]:
    """Let the weights of each layer share 16 values."""
    shared = quantization.share_weights(model, CODEBOOK_BITS)
    return [_owner(name) for name in shared.codebooks]


def pack(model: nn.Module, images: Tensor) -> Iterable[str]:
    """Write the packed file and read it back: all or nothing."""
    twin = copy.deepcopy(model)
    for parameter in twin.parameters():
        torch.nn.init.zeros_(parameter)
    coding.unpack(coding.pack(model), twin)
    return [name for name, _ in model.named_modules()]


def file(model: nn.Module, images: Tensor) -> Iterable[str]:
    """Write the ONNX file, which is compared with the network: all or nothing."""
    runtime.to_onnx(model, tuple(images.shape[1:]))
    return [name for name, _ in model.named_modules()]


def int8_file(model: nn.Module, images: Tensor) -> Iterable[str]:
    """Write the int8 ONNX file: all or nothing."""
    runtime.to_int8(model, images)
    return [name for name, _ in model.named_modules()]


METHODS = (
    Method("count", (nn.Module,), count),
    Method("prune weights", WEIGHTED, prune),
    Method("cut filters", (*CONVOLUTIONS, *TRANSPOSED, nn.Linear), cut),
    Method("fold batch norm", NORMS, fold),
    Method("int8", WEIGHTED, int8),
    Method("integers", WEIGHTED, integers),
    Method("share weights", WEIGHTED, share),
    Method("packed file", (nn.Module,), pack),
    Method("ONNX file", (nn.Module,), file),
    Method("int8 file", (nn.Module,), int8_file),
)
"""All methods, in the order of the book."""


def _owner(parameter: str) -> str:
    """Return the layer of a parameter; of a parametrized one the layer, not the original."""
    return (
        parameter.partition(".parametrizations.")[0]
        if ".parametrizations." in ("." + parameter)
        else parameter.rpartition(".")[0]
    )


def _sizes(model: nn.Module) -> dict[str, int]:
    """Return the outputs of each layer that has filters or neurons."""
    sizes = {}
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Linear):
            sizes[name] = layer.out_features
        elif isinstance(layer, (*CONVOLUTIONS, *TRANSPOSED)):
            sizes[name] = layer.out_channels
    return sizes
