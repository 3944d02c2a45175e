"""Plain small networks, trained from the start and stored in few bits.

A row says which test images its network answers wrongly, so that two methods can be compared on
each image.
"""

from __future__ import annotations

import copy
from functools import partial
from itertools import product

import torch
from torch import Tensor, nn

from labcode import coding, quantization
from labcode.data import Dataset
from labcode.distillation import logits_of
from labcode.models import small_cnn
from labcode.runtime import to_onnx
from labcode.studies import protocol
from labcode.studies.definition import Outcome, Row, Weights
from labcode.studies.folds.fold_trials import answers
from labcode.training import evaluate, fit, seeded
from labcode.weights import baselines

SHAPE = (1, 28, 28)
EPOCHS = 40  # of the plain networks, from their first weights
SHARED_EPOCHS = 10  # of training the shared values
SHARED_RATES = tuple(2e-3 * 2**step for step in range(-6, 8))  # tried for them
CALIBRATION = 500  # training images, unchanged
BITS = (4, 3)  # of the shared values


def plain_rows(widths: str, lr: float, lr_4_bits: float, lr_3_bits: float, seed: int) -> Outcome:
    """Train a plain network from the start, and store it in few bits.

    Args:
        widths: Filters of its three convolutions, such as "4 8 12".
        lr: Learning rate at the start.
        lr_4_bits: The same where its shared values of 4 bits are trained.
        lr_3_bits: The same for those of 3 bits.
        seed: Decides the first weights, the order of the images and their changes.

    Returns:
        A row in float32, one in int8, and one for each number of `BITS` whose values are shared
        and trained. Seed 0 leaves the files of these behind.
    """
    data, rows, files = protocol.digits(), [], {}
    model = _trained(widths, lr, seed, data)
    small = quantization.quantize_model(model, data.train.images[:CALIBRATION])
    rows.append(_row("float32", model, len(to_onnx(model, SHAPE)), data))
    rows.append(_row("int8", small, len(quantization.pack_model(small)), data))
    for bits, lr_of_values in zip(BITS, (lr_4_bits, lr_3_bits), strict=True):
        packed = coding.pack(few := shared(model, bits, lr_of_values, seed, data))
        rows.append(_row(f"{bits} bits, shared", few, len(packed), data))
        if seed == 0:
            about = {"network": "small_cnn", "seed": seed, "dataset": data.name, "widths": widths}
            files[f"small_cnn-{widths.replace(' ', '-')}-{bits}.diet"] = Weights(packed, about)
    return Outcome(rows, files)


def shared(model: nn.Module, bits: int, lr: float, seed: int, data: Dataset) -> nn.Module:
    """Return a copy whose weights share 2^bits trained values for each layer."""
    small, how = copy.deepcopy(model), baselines.recipe("small_cnn")
    values = quantization.share_weights(small, bits)
    with quantization.centroid_training(small, values):
        fit(
            small,
            data.train,
            epochs=SHARED_EPOCHS,
            batch_size=how.batch_size,
            lr=lr,
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
    model = _trained(widths, lr, seed, data)
    return {"validation_accuracy": evaluate(model, data.validation).accuracy}


def shared_rate_rows(widths: str, plain_lr: float, seed: int) -> list[Row]:
    """Return the validation accuracy of shared values, for each of `BITS` and `SHARED_RATES`.

    Args:
        widths: Filters of the plain network's three convolutions, such as "4 8 12".
        plain_lr: Learning rate of its training, before values are shared.
        seed: Decides its first weights, the order of the images and their changes.
    """
    data = protocol.digits()
    model, rows = _trained(widths, plain_lr, seed, data), []
    for bits, lr in product(BITS, SHARED_RATES):
        few = shared(model, bits, lr, seed, data)
        found = evaluate(few, data.validation).accuracy
        rows.append({"bits": bits, "lr": lr, "validation_accuracy": found})
    return rows


def fold_rows(
    widths: str, lr: float, bits: int, lr_of_values: float, fold: int, seed: int
) -> list[Row]:
    """Return the answers of a plain network on the test images of a fold, whole and shared.

    Args:
        widths: Filters of its three convolutions, such as "4 8 12".
        lr: Learning rate at the start.
        bits: Of its shared values.
        lr_of_values: Learning rate where these are trained.
        fold: Whose images it learns from, and answers.
        seed: Decides the first weights, the order of the images and their changes.
    """
    data = protocol.digits(fold=fold)
    model = _trained(widths, lr, seed, data)
    few = shared(model, bits, lr_of_values, seed, data)
    return [answers("float32", model, data.test), answers("shared", few, data.test)]


def _trained(widths: str, lr: float, seed: int, data: Dataset) -> nn.Module:
    """Train a small CNN of these widths as the course's own, but longer; fold its batch norms."""
    how = baselines.recipe("small_cnn")
    model = seeded(partial(small_cnn, widths=[int(width) for width in widths.split()]), seed)
    fit(
        model,
        data.train,
        epochs=EPOCHS,
        batch_size=how.batch_size,
        lr=lr,
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
