"""What each technique does to the trained ResNet-8."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import nn

from labcode import coding, counting, low_rank, pruning, quantization, runtime
from labcode._checks import check_choice
from labcode.distillation import logits_of
from labcode.pruning.schedules import gradual, one_shot
from labcode.runtime.int8 import onnx_logits
from labcode.studies.cifar10.images import pictures
from labcode.studies.cifar10.stored import SHAPE, Answers, calibration, folded, judged, whole
from labcode.studies.cifar10.trials import BATCH_SIZE, tuned
from labcode.studies.definition import Row

BATCH = 20  # pictures in a run of an int8 file
LOW_RATE = 0.05  # of training after compression: an eighth of the rate from the start
PACKED_BITS = 5  # of the shared values in a packed file


@dataclass(frozen=True)
class Choice:
    """How a technique is used.

    Args:
        seed: Of the stored network, and of what is trained.
        bits: Of the weights, where the method has a choice.
        kept: Part of the weights, filters or ranks that stays, where the method removes some.
        passes: Over the training pictures, where the method trains.
        lr: Highest learning rate of that training.
        n_train: Training pictures; None takes all.
        order: Decides the order of the pictures; None is the seed.
        network: One of `labcode.studies.cifar10.stored.NETWORKS`.
    """

    seed: int
    bits: int = 0
    kept: float = 1.0
    passes: int = 0
    lr: float = LOW_RATE
    n_train: int | None = None
    order: int | None = None
    network: str = "resnet8"

    @property
    def steps(self) -> int:
        """Steps of the training."""
        return self.passes * -(-len(pictures(self.n_train).train) // BATCH_SIZE)

    def whole(self) -> nn.Module:
        """Return the stored network, a copy of its own."""
        return whole(self.seed, self.network)

    def folded(self) -> nn.Module:
        """Return the stored network with its batch norms folded."""
        return folded(self.seed, self.network)

    def train(self, model: nn.Module, **settings: object) -> nn.Module:
        """Train a network on, in place; without a pass it stays as it is."""
        if not self.passes:
            return model
        order = self.seed if self.order is None else self.order
        data = pictures(self.n_train)
        return tuned(model, order, passes=self.passes, lr=self.lr, data=data, **settings)


class Result(NamedTuple):
    """A compressed network.

    Args:
        answers: Turns pictures (N, 3, 32, 32) into logits (N, 10).
        model: What is counted.
        size: Bytes of its file.
    """

    answers: Answers
    model: nn.Module
    size: int


def row(method: str, seed: int, **settings: float) -> Row:
    """Return what a technique makes of ResNet-8.

    Args:
        method: One of `METHODS`.
        seed: Of the stored network, and of what is trained.
        settings: Of `Choice`.

    Returns:
        Accuracy on the validation and the test split; ``lost`` and ``won``: test pictures that
        the stored network of the seed, or the compressed one, alone gets right; parameters (those
        that are not zero, where weights were removed one by one), multiply-adds, and bytes.
    """
    made = compressed(method, Choice(seed, **settings))  # type: ignore[arg-type]
    return {
        **judged(made.answers, seed),
        "params": sum(int(p.count_nonzero()) for p in made.model.parameters()),
        "macs": counting.count(made.model, SHAPE).macs,
        "bytes_on_disk": made.size,
    }


def compressed(method: str, choice: Choice) -> Result:
    """Return what a technique, one of `METHODS`, makes of ResNet-8."""
    return METHODS[check_choice("method", method, METHODS)](choice)


def _plain(model: nn.Module, size: int) -> Result:
    return Result(partial(logits_of, model), model, size)


def _onnx(model: nn.Module) -> Result:
    return _plain(model, len(runtime.to_onnx(model, SHAPE)))


def uncompressed(choice: Choice) -> Result:
    """Leave the network as it is: a float32 file."""
    return _onnx(choice.whole())


def trained_on(choice: Choice) -> Result:
    """Train the network on, as the techniques do that train: the control."""
    return _onnx(choice.train(choice.whole()))


def int8(choice: Choice) -> Result:
    """Let ONNX Runtime make an int8 file, without training."""
    return int8_file(choice.whole(), reduce_range=choice.bits == 7)


def int8_file(model: nn.Module, *, reduce_range: bool) -> Result:
    """Return a network as an int8 file of ONNX Runtime, its batch norms folded."""
    file = runtime.to_int8(model, calibration(), batch=BATCH, reduce_range=reduce_range)
    plain = quantization.fold_batch_norm(model, SHAPE)
    return Result(lambda images: onnx_logits(file, images, BATCH), plain, len(file))


def rounded(choice: Choice) -> Result:
    """Round weights to few bits and activations to 8, and train on, if passes are given."""
    model = quantization.quantize_model(
        choice.folded(),
        calibration(),
        weight_bits=choice.bits,
        activation_bits=8,
        learned=choice.passes > 0,
    )
    choice.train(model)
    size = len(quantization.pack_model(model))
    return Result(partial(logits_of, model), choice.folded(), size)


def shared(choice: Choice) -> Result:
    """Let each layer's weights share 2^bits values, train these on, and pack."""
    model = choice.folded()
    values = quantization.share_weights(model, choice.bits)
    with quantization.centroid_training(model, values):
        choice.train(model)
    return _packed(model)


def _packed(model: nn.Module) -> Result:
    """Pack a network whose weights are shared, as the file has it: numbers in float16."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half())
    return _plain(model, len(coding.pack(model)))


def pruned(choice: Choice) -> Result:
    """Remove the smallest weights, share what stays, and pack.

    With passes they are removed little by little while the network trains, its batch norms in
    place; without, all at once from the network with its batch norms folded.
    """
    if choice.passes:
        model = choice.whole()
        pruner = pruning.Pruner(model, gradual(choice.kept), steps=choice.steps)
        choice.train(model, after_step=pruner.after_step)
        model = quantization.fold_batch_norm(model, SHAPE)
    else:
        model = copy.deepcopy(choice.folded())
        pruning.Pruner(model, one_shot(choice.kept), steps=1)
    quantization.share_weights(model, PACKED_BITS)
    return _packed(model)


def cut(choice: Choice) -> Result:
    """Cut the filters with the smallest norms inside each block, and train on."""
    return _onnx(choice.train(cut_network(choice)))


def cut_network(choice: Choice) -> nn.Module:
    """Return the stored network with a part of the filters inside each block, untrained."""
    model = choice.whole()
    norms = pruning.activity.unit_norms(model, p=1)
    layers = [f"block{number}.conv1" for number in (1, 2, 3)]
    counts = {name: round(choice.kept * len(norms[name])) for name in layers}
    plan = pruning.graph_plan(model, pruning.best_units(norms, counts), SHAPE)
    return pruning.cut(model, plan, SHAPE)


def thin(choice: Choice) -> Result:
    """Give the 3x3 convolutions of the blocks a part of their rank, and train on."""
    return _onnx(choice.train(thin_network(choice)))


def thin_network(choice: Choice) -> nn.Module:
    """Return the stored network with a part of the rank of each block's convolutions, untrained."""
    model = choice.whole()
    for number in (1, 2, 3):
        block: Any = model.get_submodule(f"block{number}")
        for name in ("conv1", "conv2"):
            layer = getattr(block, name)
            rank = round(choice.kept * layer.out_channels)
            setattr(block, name, low_rank.truncated_conv(layer, rank))
    return model.eval()


METHODS: dict[str, Callable[[Choice], Result]] = {
    function.__name__: function
    for function in (uncompressed, trained_on, int8, rounded, shared, pruned, cut, thin)
}
