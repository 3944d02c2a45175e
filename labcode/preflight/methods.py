"""Each method, tried on a copy: which layers it took, or its own sentence why it did not.

A trial is the whole answer. It runs the very functions that a reader would call, so nothing here
can promise what they do not do.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from labcode import coding, counting, pruning, quantization, runtime
from labcode._bare import BareWarning, owner_of
from labcode._copied import copied
from labcode.counting.tracking import unwrapped
from labcode.preflight.facts import CONVOLUTIONS, NORMS, TRANSPOSED
from labcode.preflight.given import Given
from labcode.pruning.joint import explained_plan
from labcode.quantization.folding import UnfoldedWarning
from labcode.quantization.plain import joined

KEPT = 0.5  # of the weights that pruning keeps in its trial
CODEBOOK_BITS = 4  # of weight sharing: 16 values

WHOLE = "(model)"  # as the counter calls the network itself
WEIGHTED = (*CONVOLUTIONS, *TRANSPOSED, nn.Linear)


Taken = dict[str, str]
"""A layer's name to why the method left it out; to an empty text where it took it."""


@dataclass(frozen=True)
class Method:
    """A method of the course.

    Args:
        name: As a column is headed.
        aims_at: The layers that it is for; of others it is not asked.
        attempt: Called with a copy of the network and inputs; returns the layers that it took,
            and those that it left out with its own reason, or raises what the method itself raises.
    """

    name: str
    aims_at: tuple[type[nn.Module], ...]
    attempt: Callable[[nn.Module, Given], Taken]


def count(model: nn.Module, given: Given) -> Taken:
    """Count the cost; every layer that the counter has a row for is taken."""
    cost = (
        counting.count(model, given.shape)
        if given.is_plain and given.images.is_floating_point()
        else counting.count(model, inputs=given.args, kwargs=given.kwargs)
    )
    inner = unwrapped(model)  # what torch.compile or DataParallel holds: rows leave its name out
    start = next(name for name, module in model.named_modules() if module is inner)
    names = ("" if row.name == WHOLE else row.name for row in cost.layers)
    return _all(joined(start, name) if name else start for name in names)


def prune(model: nn.Module, given: Given) -> Taken:
    """Zero half of all weights by size."""
    left = pruning.passed_over(model)
    with _said_already():
        masks = pruning.select(model, pruning.magnitude(model), KEPT)
    masks.apply(model)
    return _and_left(model, _all(_owner(name) for name in masks), left)


def cut(model: nn.Module, given: Given) -> Taken:
    """Cut the weaker half of the filters of every layer that has filters to lose."""
    scores, shapes = pruning.unit_norms(model), given.shapes
    plan, left = explained_plan(model, scores, KEPT, shapes)
    smaller, before = _sizes(pruning.cut(model, plan, shapes)), _sizes(model)
    left = {name: why for name, why in left.items() if name in before}
    return left | _all(name for name, size in smaller.items() if size != before[name])


def fold(model: nn.Module, given: Given) -> Taken:
    """Fold each batch norm; those that are gone afterwards were taken."""
    norms = [name for name, layer in model.named_modules() if isinstance(layer, NORMS)]
    with _said_already():
        folded = quantization.fold_batch_norm(model, given.shapes)
    taken = _all(n for n in norms if not isinstance(folded.get_submodule(n), NORMS))
    if len(taken) == len(norms):
        return taken
    return quantization.left_unfolded(model, given.shapes) | taken


def int8(model: nn.Module, given: Given) -> Taken:
    """Round weights and activations to 8 bits, as if they were integers."""
    return _all(quantization.quant_layers(quantization.quantize_model(model, given.images)))


def integers(model: nn.Module, given: Given) -> Taken:
    """Compute in integers alone."""
    with _said_already():
        folded = quantization.fold_batch_norm(model, given.shape)
    quantized = quantization.quantize_model(folded, given.images)
    network = quantization.to_integer(quantized, given.shape)
    network(given.images)
    return _all(layer.name for layer in network.layers if hasattr(layer, "weight"))


def share(model: nn.Module, given: Given) -> Taken:
    """Let the weights of each layer share 16 values; what is pruned away has no values."""
    left = quantization.left_unshared(model)
    with _said_already():
        shared = quantization.share_weights(model, CODEBOOK_BITS)
    zeros = [
        name for name, p in model.named_parameters() if p.ndim > 1 and p.numel() and not p.any()
    ]
    owners = _all(_owner(name) for name in shared.codebooks)
    taken = {_owner(name): "all of its weights are zero" for name in zeros} | owners
    return _and_left(model, taken, left)


def pack(model: nn.Module, given: Given) -> Taken:
    """Pack into the course's file and read it back: all or nothing."""
    twin = copied(model)
    file = coding.pack(model)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
    coding.unpack(file, twin)
    return _everything(model)


def file(model: nn.Module, given: Given) -> Taken:
    """Write the ONNX file, which is compared with the network: all or nothing."""
    runtime.to_onnx(model, given.shape)
    return _everything(model)


def int8_file(model: nn.Module, given: Given) -> Taken:
    """Write the int8 ONNX file: all or nothing."""
    runtime.to_int8(model, given.images)
    return _everything(model)


def _and_left(model: nn.Module, taken: Taken, left: Taken) -> Taken:
    """Add what was left out; a layer whose weights were taken counts as taken, whatever else."""
    return taken | {
        name: why
        for name, why in left.items()
        if name not in taken or not isinstance(model.get_submodule(name), WEIGHTED)
    }


@contextmanager
def _said_already() -> Iterator[None]:
    """Run a trial without the warnings of what it passes over: the verdict says it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BareWarning)
        warnings.simplefilter("ignore", UnfoldedWarning)
        yield


def _all(names: Iterable[str]) -> Taken:
    return dict.fromkeys(names, "")


def _everything(model: nn.Module) -> Taken:
    return _all(name for name, _ in model.named_modules())


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
        else owner_of(parameter)
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
