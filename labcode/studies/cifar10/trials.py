"""The trainings on small photographs, each as a function of a setting and a seed.

All networks see the same pictures, mirrored and shifted by chance, with momentum and one cycle of
the learning rate: it climbs for a part of the steps, and falls in a straight line to zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn

from labcode import counting
from labcode.data import Dataset, FlipAndShift
from labcode.models import resnet8
from labcode.studies.cifar10.images import pictures
from labcode.studies.cifar10.stored import file_name
from labcode.studies.definition import Outcome, Row, Weights
from labcode.studies.protocol import scores
from labcode.training import evaluate, fit, seeded
from labcode.training.loop import Batch, LossFn, cross_entropy
from labcode.weights import pack, unpack

BATCH_SIZE = 128
WEIGHT_DECAY = 5e-4
CLIMB = 0.15  # part of the steps in which the rate climbs
PASSES = 12
RATE = 0.4  # the best of the table `cifar10_rates`
SEARCH = {"n_train": 10_000, "passes": 8}  # of that table


def one_cycle(done: float) -> float:
    """Return the factor of the learning rate: up from 0 to 1, and down to 0.

    Args:
        done: Part of the steps that is done.

    >>> one_cycle(0.0), one_cycle(0.15), one_cycle(1.0)
    (0.0, 1.0, 0.0)
    """
    return min(done / CLIMB, (1 - done) / (1 - CLIMB))


def channels_last(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return logits and cross-entropy; the pictures lie in memory as processors like them."""
    images = batch.images.contiguous(memory_format=torch.channels_last)
    return cross_entropy(model, Batch(images, batch.labels, batch.places))


def in_bfloat16(loss: LossFn) -> LossFn:
    """Return a loss whose network computes in bfloat16, and whose weights stay in float32.

    A processor that has instructions for it takes little more than half of the time. The logits
    come back in float32, so that the loss is not rounded.
    """

    def rounded(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        def answers(images: Tensor) -> Tensor:
            with torch.autocast("cpu", torch.bfloat16):
                return cast(Tensor, model(images)).float()

        images = batch.images.contiguous(memory_format=torch.channels_last)
        return loss(cast(nn.Module, answers), Batch(images, batch.labels, batch.places))

    return rounded


def trained(
    build: Callable[[], nn.Module],
    seed: int,
    *,
    data: Dataset,
    lr: float = RATE,
    passes: int,
    **settings: Any,
) -> nn.Module:
    """Train a network from its first weights, and return it in evaluation mode.

    Args:
        build: Makes the untrained network.
        seed: Decides the first weights, the order of the pictures and their changes.
        data: Pictures; its training split is used.
        lr: Highest learning rate.
        passes: Over the training pictures.
        settings: Of `labcode.training.fit`, in place of the study's own.
    """
    return tuned(seeded(build, seed), seed, data=data, lr=lr, passes=passes, **settings)


def tuned(
    model: nn.Module,
    seed: int,
    *,
    passes: int,
    lr: float,
    data: Dataset | None = None,
    **settings: Any,
) -> nn.Module:
    """Train a network on, in place, and return it in evaluation mode.

    Args:
        model: The network, trained or not, compressed or not.
        seed: Decides the order of the pictures and their changes.
        passes: Over the training pictures.
        lr: Highest learning rate.
        data: Pictures; None takes all.
        settings: Of `labcode.training.fit`, in place of the study's own.
    """
    usual: dict[str, Any] = {
        "batch_size": BATCH_SIZE,
        "weight_decay": WEIGHT_DECAY,
        "augment": FlipAndShift(),
        "optimizer": "sgd",
        "schedule": one_cycle,
        "loss_fn": channels_last,
        "device": "cpu",
    }
    model.to(memory_format=torch.channels_last)
    train = (data or pictures()).train
    fit(model, train, epochs=passes, lr=lr, seed=seed, **(usual | settings))
    return model.eval()


def rate_row(n_train: int, passes: int, lr: float, seed: int) -> Row:
    """Return how a short training at a learning rate does on the validation split."""
    return short_row(resnet8, n_train=n_train, passes=passes, lr=lr, seed=seed)


def short_row(
    build: Callable[[], nn.Module],
    *,
    n_train: int,
    passes: int,
    lr: float,
    seed: int,
    **settings: Any,
) -> Row:
    """Return losses and accuracy of a network after a short training; see `trained`."""
    data = pictures(n_train)
    network = trained(build, seed, data=data, lr=lr, passes=passes, **settings)
    seen, known = evaluate(network, data.validation), evaluate(network, data.train)
    return {
        "train_loss": known.loss,
        "validation_loss": seen.loss,
        "validation_accuracy": seen.accuracy,
    }


def resnet8_row(seed: int) -> Outcome:
    """Train ResNet-8, and hand out its weights with what they reach."""
    return stored_outcome("resnet8", seed, trained(resnet8, seed, data=pictures(), passes=PASSES))


def stored_outcome(name: str, seed: int, network: nn.Module) -> Outcome:
    """Round a network's weights to float16, and hand them out with what they reach.

    Args:
        name: One of `labcode.studies.cifar10.stored.NETWORKS`.
        seed: What it was trained with.
        network: Trained on small photographs; changed in place.
    """
    data = pictures()
    about = {"network": name, "seed": seed, "dataset": "cifar10"}
    packed = pack(network, {"format": "pt"} | {key: str(fact) for key, fact in about.items()})
    unpack(network, packed)
    cost = counting.count(network, data.input_shape)
    row = {"params": cost.params, "macs": cost.macs, "bytes_on_disk": len(packed)}
    row |= scores(network, data, ("train", "validation", "test"))
    return Outcome(row, {file_name(name, seed): Weights(packed, about)})
