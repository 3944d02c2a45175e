"""Techniques one after the other: cut, teach, quantize, share and code, for the scoreboard."""

from __future__ import annotations

import copy

from torch import nn

from labcode.coding.container import pack, unpack
from labcode.coding.pipeline import bits_of, prune, share, taught_by
from labcode.counting import count
from labcode.data import Dataset
from labcode.pruning.formats import save_dense
from labcode.quantization import quantize_model
from labcode.quantization.packing import pack_model
from labcode.studies import protocol
from labcode.studies.deep_compression.trials import EPOCHS, SHARE_EPOCHS
from labcode.studies.definition import Row
from labcode.studies.protocol import fine_tuning, scores
from labcode.studies.pruning.unit_trials import (
    FINE_TUNING_EPOCHS,
    INPUT_SHAPE,
    WIDTHS,
    cut_by,
    structured,
)
from labcode.studies.quantization.trials import calibration_images
from labcode.studies.scoreboard import techniques
from labcode.studies.scoreboard.techniques import Technique
from labcode.weights import baselines

NETWORK = "lenet5"
# Of the cut network's weights: as many stay as in our packed file of the whole LeNet-5, 1.8 %.
KEPT = (0.25, 0.071)
BITS = 3  # of the codebooks, as in that file


def combination_rows(seed: int) -> list[Row]:
    """Cut half of LeNet-5's filters, and combine this with a teacher, int8 and a packed file.

    Nothing is chosen here: widths, epochs and learning rates are those of the chapters.

    Args:
        seed: Of the baseline; it decides all random numbers too.

    Returns:
        A row for each combination, each with the bytes of a real file.
    """
    digits = protocol.digits()
    cut, _ = structured(NETWORK, "half", "L1 norm", seed)  # the very network of the pruning chapter
    taught = taught_half(digits, seed)
    return [
        int8_row(techniques.HALF_INT8, cut, digits),
        float_row(techniques.HALF_TAUGHT, taught, digits),
        int8_row(techniques.HALF_TAUGHT_INT8, taught, digits),
        packed_row(techniques.HALF_PACKED, taught, digits, seed),
    ]


def taught_half(digits: Dataset, seed: int) -> nn.Module:
    """Return LeNet-5 with half of its filters, fine-tuned with the whole network's soft labels.

    Args:
        digits: Trained on its train split.
        seed: Of the baseline that is cut and teaches, and of the order of the images.
    """
    whole = baselines.load(NETWORK, seed=seed)
    small = cut_by(whole, WIDTHS[NETWORK]["half"], "L1 norm", seed)
    settings = fine_tuning(NETWORK) | {"loss_fn": taught_by(whole, NETWORK).loss_fn}
    return protocol.train(small, digits.train, seed, epochs=FINE_TUNING_EPOCHS[NETWORK], **settings)


def float_row(technique: Technique, model: nn.Module, digits: Dataset) -> Row:
    """Return the row of a float32 network, scored on the digits' splits."""
    return _row(technique, model, model, digits, len(save_dense(model)))


def int8_row(technique: Technique, model: nn.Module, digits: Dataset) -> Row:
    """Return the row of a network after int8 quantization without training; it stays as it is."""
    quantized = quantize_model(
        copy.deepcopy(model),
        calibration_images(),
        weight_bits=8,
        activation_bits=8,
        weights="mse",
    ).eval()
    return _row(technique, model, quantized, digits, len(pack_model(quantized)))


def packed_row(technique: Technique, model: nn.Module, digits: Dataset, seed: int) -> Row:
    """Prune a copy's single weights, share what stays, code it, and score the unpacked file.

    Args:
        technique: Whose row it is.
        model: LeNet-5 with half of its filters.
        digits: Trained on its train split.
        seed: Of the whole network that teaches, and of the order of the images.
    """
    whole, small = baselines.load(NETWORK, seed=seed), copy.deepcopy(model)
    guide = taught_by(whole, NETWORK)
    for number, kept in enumerate(KEPT):
        order = 100 * seed + number
        prune(small, digits.train, guide, kept, epochs=EPOCHS[NETWORK], seed=order)
    widths = bits_of(small, BITS, 4)
    share(small, digits.train, guide, widths, epochs=SHARE_EPOCHS[NETWORK], seed=seed)
    file = pack(small)
    again = unpack(file, cut_by(whole, WIDTHS[NETWORK]["half"], "L1 norm", seed)).eval()
    left = sum(int((p != 0).sum()) for p in again.parameters())
    return _row(technique, again, again, digits, len(file)) | {"params": left}


def _row(
    technique: Technique, shape: nn.Module, model: nn.Module, digits: Dataset, size: int
) -> Row:
    cost = count(shape, INPUT_SHAPE)
    costs = {"params": cost.params, "macs": cost.macs, "bytes_on_disk": size}
    return {"technique": technique.id} | scores(model, digits) | costs
