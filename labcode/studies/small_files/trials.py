"""Plain small networks, trained from the start and stored in few bits.

A row says which test images its network answers wrongly, so that two methods can be compared on
each image.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from labcode import coding, quantization
from labcode.data import Dataset
from labcode.distillation import logits_of
from labcode.models import small_cnn
from labcode.runtime import to_onnx
from labcode.studies import protocol
from labcode.studies.definition import Outcome, Row, Weights
from labcode.training import evaluate, fit, seeded
from labcode.weights import baselines

SHAPE = (1, 28, 28)
EPOCHS = 40  # of the plain networks, from their first weights
SHARED_EPOCHS, SHARED_LR = 10, 2e-3  # of training the shared values, not searched
CALIBRATION = 500  # training images, unchanged
BITS = (4, 3)  # of the shared values


def plain_rows(widths: str, seed: int) -> Outcome:
    """Train a plain network from the start, and store it in few bits.

    Args:
        widths: Filters of its three convolutions, such as "4 8 12".
        seed: Decides the first weights, the order of the images and their changes.

    Returns:
        A row in float32, one in int8, and one for each number of `BITS` whose values are shared
        and trained. Seed 0 leaves the files of these behind.
    """
    data, rows, files = protocol.digits(), [], {}
    model = _trained([int(width) for width in widths.split()], seed, data)
    small = quantization.quantize_model(model, data.train.images[:CALIBRATION])
    rows.append(_row("float32", model, len(to_onnx(model, SHAPE)), data))
    rows.append(_row("int8", small, len(quantization.pack_model(small)), data))
    for bits in BITS:
        packed = coding.pack(few := shared(model, bits, seed, data))
        rows.append(_row(f"{bits} bits, shared", few, len(packed), data))
        if seed == 0:
            about = {"network": "small_cnn", "seed": seed, "dataset": data.name, "widths": widths}
            files[f"small_cnn-{widths.replace(' ', '-')}-{bits}.diet"] = Weights(packed, about)
    return Outcome(rows, files)


def shared(model: nn.Module, bits: int, seed: int, data: Dataset) -> nn.Module:
    """Return a copy whose weights share 2^bits trained values for each layer."""
    small, how = copy.deepcopy(model), baselines.recipe("small_cnn")
    values = quantization.share_weights(small, bits)
    with quantization.centroid_training(small, values):
        fit(
            small,
            data.train,
            epochs=SHARED_EPOCHS,
            batch_size=how.batch_size,
            lr=SHARED_LR,
            augment=how.augment,
            seed=seed,
            device="cpu",
        )
    with torch.no_grad():
        for parameter in small.parameters():
            parameter.copy_(parameter.half())  # as the file has them
    return small.eval()


def rate_row(widths: str, lr: float, seed: int) -> Row:
    """Return the validation accuracy of a plain network in float32 at a learning rate."""
    data = protocol.digits()
    model = _trained([int(width) for width in widths.split()], seed, data, lr)
    return {"validation_accuracy": evaluate(model, data.validation).accuracy}


def _trained(widths: Sequence[int], seed: int, data: Dataset, lr: float | None = None) -> nn.Module:
    """Train a small CNN of these widths as the course's own, but longer; fold its batch norms."""
    how = baselines.recipe("small_cnn")
    model = seeded(partial(small_cnn, widths=widths), seed)
    fit(
        model,
        data.train,
        epochs=EPOCHS,
        batch_size=how.batch_size,
        lr=lr or how.lr,
        weight_decay=how.weight_decay,
        augment=how.augment,
        seed=seed,
        device="cpu",
    )
    return quantization.fold_batch_norm(model.eval(), SHAPE)


def _row(form: str, model: nn.Module, size: int, data: Dataset) -> Row:
    """Return what a network takes, how it does, and the places of its wrong test answers."""
    chosen = logits_of(model, data.validation.images).argmax(1) == data.validation.labels
    wrong = logits_of(model, data.test.images).argmax(1) != data.test.labels
    return {
        "form": form,
        "params": sum(int(p.count_nonzero()) for p in model.parameters()),
        "bytes_on_disk": size,
        "validation_accuracy": float(chosen.double().mean()),
        "test_accuracy": float((~wrong).double().mean()),
        "wrong": _listed(wrong),
    }


def _listed(wrong: Tensor) -> str:
    """Return the places that are true, such as "at 3 17": never empty, so that it stays text."""
    return " ".join(["at", *map(str, wrong.nonzero().flatten().tolist())])
