"""What each technique does to the trained ResNet-8."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from labcode import coding, counting, pruning, quantization, runtime
from labcode._checks import check_choice
from labcode.distillation import logits_of
from labcode.models import resnet8
from labcode.pruning.schedules import gradual, one_shot
from labcode.runtime.int8 import onnx_logits
from labcode.studies.cifar10.images import pictures
from labcode.studies.cifar10.trials import tuned
from labcode.studies.definition import Row
from labcode.training import seeded
from labcode.weights import read, unpack

SHAPE = (3, 32, 32)
CALIBRATION = 500  # training pictures, unchanged, that ranges are found with
BATCH = 20  # pictures in a run of an int8 file
LOW_RATE = 0.05  # of training after compression: an eighth of the rate from the start; not searched
PACKED_BITS = 5  # of the shared values in a packed file


class Result(NamedTuple):
    """A compressed network.

    Args:
        answers: Turns pictures (N, 3, 32, 32) into logits (N, 10).
        model: What is counted.
        size: Bytes of its file.
    """

    answers: Callable[[Tensor], Tensor]
    model: nn.Module
    size: int


def whole(seed: int) -> nn.Module:
    """Return the stored ResNet-8 of a seed, a copy of its own in evaluation mode."""
    network = seeded(resnet8, seed)
    unpack(network, read(f"resnet8-seed{seed}.safetensors"))
    return network.eval()


def folded(seed: int) -> nn.Module:
    """Return the stored ResNet-8 with its batch norms folded."""
    return quantization.fold_batch_norm(whole(seed), SHAPE)


@cache
def _right(seed: int) -> Tensor:
    """Return where the stored network is right on the test pictures, (10,000,)."""
    test = pictures().test
    return logits_of(whole(seed), test.images).argmax(1) == test.labels


def row(method: str, seed: int, bits: int = 0, kept: float = 1.0, passes: int = 0) -> Row:
    """Return what a technique makes of ResNet-8.

    Args:
        method: One of `METHODS`.
        seed: Of the stored network, and of what is trained.
        bits: Of the weights, where the method has a choice.
        kept: Part of the weights or of the filters that stays, where the method removes some.
        passes: Over the training pictures, where the method trains.

    Returns:
        Accuracy on the validation and the test split; ``lost`` and ``won``: test pictures that
        the stored network of the seed, or the compressed one, alone gets right; parameters (those
        that are not zero, where weights were removed one by one), multiply-adds, and bytes.
    """
    made = METHODS[check_choice("method", method, METHODS)](seed, bits, kept, passes)
    data = pictures()
    seen = made.answers(data.validation.images).argmax(1) == data.validation.labels
    now, was = made.answers(data.test.images).argmax(1) == data.test.labels, _right(seed)
    return {
        "validation_accuracy": float(seen.double().mean()),
        "test_accuracy": float(now.double().mean()),
        "lost": int((was & ~now).sum()),
        "won": int((now & ~was).sum()),
        "params": sum(int(p.count_nonzero()) for p in made.model.parameters()),
        "macs": counting.count(made.model, SHAPE).macs,
        "bytes_on_disk": made.size,
    }


def _plain(model: nn.Module, size: int) -> Result:
    return Result(partial(logits_of, model), model, size)


def _onnx(model: nn.Module) -> Result:
    return _plain(model, len(runtime.to_onnx(model, SHAPE)))


def _calibration() -> Tensor:
    return pictures().train.images[:CALIBRATION]


def uncompressed(seed: int, bits: int, kept: float, passes: int) -> Result:
    """Leave the network as it is: a float32 file."""
    return _onnx(whole(seed))


def trained_on(seed: int, bits: int, kept: float, passes: int) -> Result:
    """Train the network on, as the techniques do that train: the control."""
    return _onnx(tuned(whole(seed), seed, passes=passes, lr=LOW_RATE))


def int8(seed: int, bits: int, kept: float, passes: int) -> Result:
    """Let ONNX Runtime make an int8 file, without training."""
    file = runtime.to_int8(whole(seed), _calibration(), batch=BATCH, reduce_range=bits == 7)
    return Result(lambda images: onnx_logits(file, images, BATCH), folded(seed), len(file))


def rounded(seed: int, bits: int, kept: float, passes: int) -> Result:
    """Round weights to few bits and activations to 8, and train on, if passes are given."""
    model = quantization.quantize_model(
        folded(seed), _calibration(), weight_bits=bits, activation_bits=8, learned=passes > 0
    )
    if passes:
        tuned(model, seed, passes=passes, lr=LOW_RATE)
    return Result(partial(logits_of, model), folded(seed), len(quantization.pack_model(model)))


def shared(seed: int, bits: int, kept: float, passes: int) -> Result:
    """Let each layer's weights share 2^bits values, train these on, and pack."""
    return _packed(folded(seed), bits, seed, passes)


def _packed(model: nn.Module, bits: int, seed: int, passes: int) -> Result:
    values = quantization.share_weights(model, bits)
    if passes:
        with quantization.centroid_training(model, values):
            tuned(model, seed, passes=passes, lr=LOW_RATE)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half())  # as the file has them
    return _plain(model, len(coding.pack(model)))


def pruned(seed: int, bits: int, kept: float, passes: int) -> Result:
    """Remove the smallest weights, little by little while training, and pack what stays."""
    model = copy.deepcopy(folded(seed))
    if passes:
        steps = passes * -(-len(pictures().train) // 128)
        pruner = pruning.Pruner(model, gradual(kept), steps=steps)
        tuned(model, seed, passes=passes, lr=LOW_RATE, after_step=pruner.after_step)
    else:
        pruning.Pruner(model, one_shot(kept), steps=1)
    return _packed(model, PACKED_BITS, seed, 0)


def cut(seed: int, bits: int, kept: float, passes: int) -> Result:
    """Cut the filters with the smallest norms inside each block, and train on."""
    model = whole(seed)
    norms = pruning.activity.unit_norms(model, p=1)
    layers = [f"block{number}.conv1" for number in (1, 2, 3)]
    counts = {name: round(kept * len(norms[name])) for name in layers}
    smaller = pruning.cut(
        model, pruning.graph_plan(model, pruning.best_units(norms, counts), SHAPE), SHAPE
    )
    return _onnx(tuned(smaller, seed, passes=passes, lr=LOW_RATE) if passes else smaller)


METHODS: dict[str, Callable[[int, int, float, int], Result]] = {
    function.__name__: function
    for function in (
        uncompressed,
        trained_on,
        int8,
        rounded,
        shared,
        pruned,
        cut,
    )
}
