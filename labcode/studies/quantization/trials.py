"""The experiments of the chapter: one network, one setting, one seed, and a row of numbers."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from labcode._checks import check_choice
from labcode.counting import count_parameters
from labcode.data import Split
from labcode.quantization.convert import to_integer
from labcode.quantization.folding import fold_batch_norm
from labcode.quantization.integer import IntegerNetwork
from labcode.quantization.layers import quantize_model
from labcode.quantization.packing import pack_model
from labcode.quantization.weight_sharing import centroid_training, share_weights
from labcode.runtime import onnx_logits, read_qdq, saturates, to_int8
from labcode.studies.definition import Row
from labcode.studies.protocol import digits, scores, train
from labcode.studies.scoreboard import techniques
from labcode.training import evaluate
from labcode.weights import baselines
from labcode.weights.baselines import results

CALIBRATION = 500  # training images, unchanged, that ranges are found with
EPOCHS = 6  # of training after quantization, and of its control
LR = 2e-3  # chosen on the validation split, see `tables`


@dataclass(frozen=True)
class Method:
    """A way to few bits.

    Args:
        trained: Whether the network is trained on afterwards.
        shared: Whether weights share the centroids of k-means; else they are quantized.
        activations: Whether activations are quantized too.
        ternary: Whether weights have three values.
    """

    trained: bool = False
    shared: bool = False
    activations: bool = False
    ternary: bool = False


METHODS = {
    "k-means": Method(shared=True),
    "k-means, trained": Method(shared=True, trained=True),
    "PTQ, weights": Method(),
    "PTQ, weights and activations": Method(activations=True),
    "QAT, weights": Method(trained=True),
    "QAT, weights and activations": Method(trained=True, activations=True),
}
TERNARY = {"ternary": Method(trained=True, ternary=True)}
IN_FLOAT = ("float32", "float32, trained on")  # controls: as it is, and trained as long


def calibration_images() -> Tensor:
    """Return the training images that ranges are found with, (500, 1, 28, 28)."""
    return digits().train.images[:CALIBRATION]


@cache
def _folded(network: str, seed: int) -> nn.Module:
    model = baselines.load(network, seed=seed)
    return fold_batch_norm(model, digits().input_shape)


def float_network(network: str, seed: int) -> nn.Module:
    """Return a baseline in float32 with its batch norm folded, a copy of its own.

    Args:
        network: Name of the baseline.
        seed: Which of its trainings.
    """
    return copy.deepcopy(_folded(network, seed))


def train_on(
    model: nn.Module,
    network: str,
    seed: int,
    *,
    epochs: int | None = None,
    lr: float | None = None,
    split: Split | None = None,
) -> None:
    """Train a network further, in place, the way all trials do it.

    Args:
        model: Starts from its baseline, quantized or not.
        network: Name of the baseline, whose batch size and augmentation are used.
        seed: Decides the order of the images and the augmentation.
        epochs: Passes over the training images; None means `EPOCHS`.
        lr: Highest learning rate; None means `LR`.
        split: What to train on; None means the training images of the chapters.
    """
    how = baselines.recipe(network)
    train(
        model,
        split or digits().train,
        seed,
        epochs=epochs or EPOCHS,
        batch_size=how.batch_size,
        lr=lr or LR,
        augment=how.augment,
    )


def approximated(network: str, method: str, bits: int, seed: int, **training: Any) -> nn.Module:
    """Return a baseline in few bits.

    Args:
        network: Name of the baseline.
        method: One of `METHODS`, "ternary", or a control of `IN_FLOAT`.
        bits: Bits of the weights, and of the activations where the method says so.
        seed: Which baseline, and the order of the images.
        training: ``epochs`` and ``lr`` of `train_on`, if others than usual.

    Raises:
        ValueError: The method is unknown.
    """
    ways = METHODS | TERNARY
    check_choice("method", method, (*ways, *IN_FLOAT))
    model = float_network(network, seed)
    if method in IN_FLOAT:
        if method == "float32, trained on":
            train_on(model, network, seed, **training)
        return model
    way = ways[method]
    if way.shared:
        shared = share_weights(model, bits)
        if way.trained:
            with centroid_training(model, shared):
                train_on(model, network, seed, **training)
        return model
    model = quantize_model(
        model,
        calibration_images(),
        weight_bits=bits,
        activation_bits=bits if way.activations else None,
        weights="ternary" if way.ternary else "mse",
        learned=way.trained and not way.ternary,
    )
    if way.trained:
        train_on(model, network, seed, **training)
    return model.eval()


def bits_trial(network: str, method: str, bits: int, seed: int) -> Row:
    """Measure one method at a number of bits.

    Args:
        network: Name of the baseline.
        method: See `approximated`.
        bits: Bits of the weights.
        seed: Which baseline, and the order of the images.
    """
    model = approximated(network, method, bits, seed)
    return scores(model, digits())


def range_trial(network: str, method: str, bits: int, seed: int) -> Row:
    """Quantize only the activations after training, with one way of finding their range.

    Weights have 8 bits, so that the activations' range decides.

    Args:
        network: Name of the baseline.
        method: One of `labcode.quantization.METHODS`.
        bits: Bits of the activations.
        seed: Which baseline.
    """
    model = quantize_model(
        float_network(network, seed),
        calibration_images(),
        activation_bits=bits,
        activations=method,
    )
    return {"test_accuracy": evaluate(model, digits().test).accuracy}


def int8_trial(network: str, seed: int) -> Row:
    """Quantize to 8 bits without training, in our integers and in ONNX Runtime.

    Args:
        network: Name of the baseline.
        seed: Which baseline.

    Returns:
        Test accuracy in floating point ("float32"), as the quantized model simulates it, in our
        integers, and in ONNX Runtime: with weights of 7 bits ("onnx_runtime"), and with all 8,
        as this processor computes it ("onnx_runtime_full") and with exact sums ("full_exact").
    """
    data, model = digits(), float_network(network, seed)
    quantized = quantize_model(model, calibration_images())
    safe, full = (
        to_int8(model, calibration_images(), batch=100, reduce_range=reduce)
        for reduce in (True, False)
    )
    images = data.test.images
    return {
        "float32": evaluate(model, data.test).accuracy,
        "simulated": evaluate(quantized, data.test).accuracy,
        "integers": _accuracy(_in_parts(to_integer(quantized, data.input_shape), images)),
        "onnx_runtime": _accuracy(onnx_logits(safe, images, batch=100)),
        "onnx_runtime_full": _accuracy(onnx_logits(full, images, batch=100)),
        "full_exact": _accuracy(_in_parts(read_qdq(full), images)),
        "saturates": saturates(),
    }


def _in_parts(network: IntegerNetwork, images: Tensor) -> Tensor:
    return torch.cat([network(part) for part in torch.split(images, 100)])


def scoreboard_trial(network: str, technique: str, seed: int) -> Row:
    """Measure one row of the scoreboard, with the bytes of a real file.

    Args:
        network: Name of the baseline.
        technique: The id of a technique, one of `TECHNIQUES`.
        seed: Which baseline, and the order of the images.

    Raises:
        ValueError: The technique is unknown.
    """
    model = in_few_bits(float_network(network, seed), technique, calibration_images())
    if TECHNIQUES[technique][2]:
        train_on(model, network, seed)
    row = results(network)[0]
    return {
        "test_accuracy": evaluate(model, digits().test).accuracy,
        "params": count_parameters(float_network(network, seed)),
        "macs": row.macs,
        "bytes_on_disk": len(pack_model(model)),
    }


def in_few_bits(model: nn.Module, technique: str, images: Tensor) -> nn.Module:
    """Quantize a network in place by a technique of the scoreboard, before any training.

    Args:
        model: In floating point, its batch norms folded.
        technique: The id of a technique, one of `TECHNIQUES`.
        images: Training images that the ranges are found with.

    Raises:
        ValueError: The technique is unknown.
    """
    check_choice("technique", technique, TECHNIQUES)
    weight_bits, activation_bits, trained, weights = TECHNIQUES[technique]
    return quantize_model(
        model,
        images,
        weight_bits=weight_bits,
        activation_bits=activation_bits,
        weights=weights,
        learned=trained,
    )


TECHNIQUES: dict[str, tuple[int, int, bool, str]] = {
    techniques.INT8.id: (8, 8, False, "mse"),
    techniques.QAT_4_BIT.id: (4, 4, True, "mse"),
    techniques.QAT_2_BIT.id: (2, 2, True, "mse"),
    techniques.TERNARY.id: (2, 8, True, "ternary"),
    techniques.BINARY.id: (1, 8, True, "mse"),
}
"""Bits of the weights, bits of the activations, whether it is trained, and the weights' values."""


def _accuracy(logits: Tensor) -> float:
    return float((logits.argmax(1) == digits().test.labels).double().mean())
