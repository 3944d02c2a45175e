"""The experiments on students and teachers, each as a function of a setting and a seed.

All students start from the same weights for a seed, see the same batches in the same order, and
take the same number of steps; they differ in the loss alone. `tables` says
with which settings they run.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from safetensors.torch import save
from torch import Tensor, nn

from labcode._checks import check_choice
from labcode.counting import count_parameters
from labcode.distillation.hints import fit_hints
from labcode.distillation.loss import smoothed_loss, soft_loss
from labcode.distillation.softlabels import LiveTeacher, SoftLabels
from labcode.models import student
from labcode.studies import protocol
from labcode.studies.definition import Row
from labcode.studies.protocol import SPLITS, digits, fine_tuning, scores
from labcode.training import Batch, LossFn, evaluate
from labcode.weights import baselines

STEPS = 2000  # at each training size; the students then fit their training images about as well
BATCH_SIZE = 64
# Chosen on the validation split, with three seeds. Rate and decay are the best for the student
# without a teacher among those of the table distillation_labels; distillation_rates has more.
LR = 1e-2
WEIGHT_DECAY = 0.3
SMOOTHING = 0.2
TEMPERATURE = 8.0  # tables distillation_temperature and _weight
SOFT_WEIGHT = 0.6

METHODS = (
    "labels",
    "label smoothing",
    "teacher",
    "teacher of the same images",
    "hints, then teacher",
)
AUGMENTED = ("labels", "label smoothing", "stored soft labels", "live teacher")
SIZES = (500, 1000, 2000, 3500)


@cache
def teacher(seed: int) -> nn.Module:
    """Return the stored LeNet-5 for a student's seed; it was trained on all 3,500 images."""
    return baselines.load("lenet5", seed=seed % 3)


@cache
def teacher_of_the_same_images(n_train: int, seed: int) -> nn.Module:
    """Train a LeNet-5 on the student's own images alone, with the recipe and as many steps."""
    recipe = baselines.recipe("lenet5")
    passes = epochs(n_train, recipe.epochs * math.ceil(3500 / recipe.batch_size))
    model, split = recipe.initial(digits(n_train), seed=seed), digits(n_train).train
    return protocol.train(model, split, seed, epochs=passes, **fine_tuning("lenet5"))


@cache
def soft_labels(n_train: int, seed: int, *, same_images: bool = False) -> SoftLabels:
    """Return the stored answers of a student's teacher about its training images."""
    model = teacher_of_the_same_images(n_train, seed % 3) if same_images else teacher(seed)
    return SoftLabels.from_teacher(model, digits(n_train).train)


def epochs(n_train: int, steps: int) -> int:
    """Return how many epochs come nearest to so many steps.

    >>> epochs(500, 2000), epochs(3500, 2000)
    (250, 36)
    """
    return round(steps / math.ceil(n_train / BATCH_SIZE))


def loss_of(method: str, n_train: int, seed: int, **knobs: float) -> LossFn | None:
    """Return the loss of one of `METHODS`, or None for the plain cross-entropy.

    Args:
        method: One of `METHODS`.
        n_train: Size of the training set.
        seed: Of the student; it chooses the teacher.
        knobs: temperature and soft_weight, or smoothing, where they are not the chosen ones.

    Raises:
        ValueError: There is no such method.
    """
    check_choice("method", method, METHODS)
    if method == "labels":
        return None
    if method == "label smoothing":
        return _smoothed(knobs.get("smoothing", SMOOTHING))
    stored = soft_labels(n_train, seed, same_images=method == "teacher of the same images")
    return stored.loss(
        temperature=knobs.get("temperature", TEMPERATURE),
        soft_weight=knobs.get("soft_weight", SOFT_WEIGHT),
    )


def _smoothed(share: float) -> LossFn:
    def loss_fn(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        logits = model(batch.images)  # (N, classes)
        return logits, smoothed_loss(logits, batch.labels, share)

    return loss_fn


def train(
    model: nn.Module,
    n_train: int,
    seed: int,
    loss_fn: LossFn | None,
    *,
    augment: Any = None,
    steps: int | None = None,
    lr: float = LR,
    weight_decay: float = WEIGHT_DECAY,
) -> nn.Module:
    """Train a student the way all trials do it, and return it in evaluation mode."""
    return protocol.train(
        model,
        digits(n_train).train,
        seed,
        epochs=epochs(n_train, steps or STEPS),
        batch_size=BATCH_SIZE,
        lr=lr,
        weight_decay=weight_decay,
        augment=augment,
        loss_fn=loss_fn,
    )


def trained_student(method: str, n_train: int, seed: int, **knobs: float) -> nn.Module:
    """Return a student that learned by one of `METHODS`; `loss_of` says what the knobs are."""
    model, steps = student(seed), STEPS
    if method == "hints, then teacher":  # the first stage takes a fifth of all steps
        first, split = STEPS // 5, digits(n_train).train
        passes = epochs(n_train, first)
        fit_hints(model, "3", teacher(seed), "pool2", split, epochs=passes, lr=LR, seed=seed)
        steps -= first
    return train(model, n_train, seed, loss_of(method, n_train, seed, **knobs), steps=steps)


def method_trial(method: str, n_train: int, seed: int) -> Row:
    """Train a student by one of `METHODS`, with the chosen settings.

    Args:
        method: One of `METHODS`.
        n_train: Size of the training set.
        seed: Of the student's first weights and the order of the images.

    Returns:
        Its accuracies and sizes.
    """
    return report(trained_student(method, n_train, seed), n_train)


def report(model: nn.Module, n_train: int) -> Row:
    """Return a trained student's accuracies, its parameters and the bytes of its file."""
    return scores(model, digits(n_train), SPLITS) | {
        "params": count_parameters(model),
        "bytes_on_disk": len(save(model.state_dict())),
    }


def tuning_trial(method: str, n_train: int, seed: int, **knobs: float) -> Row:
    """Train a student with other settings, and look at the validation split alone.

    Args:
        method: One of `METHODS`.
        n_train: Size of the training set.
        seed: Of the student's first weights and the order of the images.
        knobs: temperature, soft_weight or smoothing; lr, weight_decay or steps.
    """
    of_fit = {key: knobs.pop(key) for key in ("lr", "weight_decay", "steps") if key in knobs}
    model = student(seed)
    loss_fn = loss_of(method, n_train, seed, **knobs)
    train(model, n_train, seed, loss_fn, **of_fit)  # type: ignore[arg-type]
    seen = evaluate(model, digits(n_train).validation)
    return {"validation_accuracy": seen.accuracy, "validation_loss": seen.loss}


def own_rate_trial(method: str, n_train: int, lr: float, seed: int) -> Row:
    """Train a student by one of `METHODS` at a learning rate of its own.

    Args:
        method: One of `METHODS`.
        n_train: Size of the training set.
        lr: Learning rate at the start.
        seed: Of the student's first weights and the order of the images.
    """
    model = train(student(seed), n_train, seed, loss_of(method, n_train, seed), lr=lr)
    return report(model, n_train)


def augmented_student(method: str, seed: int, n_train: int = 3500) -> nn.Module:
    """Return a student trained on changed copies of the images, as LeNet-5 was trained.

    Args:
        method: One of `AUGMENTED`. Stored soft labels are the teacher's answer about the
            unchanged image; the live teacher sees the same changed image as the student.
        seed: Of the student's first weights, the order of the images and their changes.
        n_train: Size of the training set.

    Raises:
        ValueError: There is no such method.
    """
    check_choice("method", method, AUGMENTED)
    if method == "live teacher":
        live = LiveTeacher(teacher(seed))
        loss_fn: LossFn | None = live.loss(temperature=TEMPERATURE, soft_weight=SOFT_WEIGHT)
    else:
        plain = "teacher" if method == "stored soft labels" else method
        loss_fn = loss_of(plain, n_train, seed)
    augment = baselines.recipe("lenet5").augment
    return train(student(seed), n_train, seed, loss_fn, augment=augment)


def augmented_trial(method: str, seed: int, n_train: int = 3500) -> Row:
    """Return what an `augmented_student` reaches; the arguments are the same."""
    return report(augmented_student(method, seed, n_train), n_train)


def relu_trial(method: str, seed: int, n_train: int = 3500) -> Row:
    """Train a student with a ReLU on its logits: a mistake that is easily made.

    Args:
        method: "labels" or "teacher".
        seed: Of the student's first weights and the order of the images.
        n_train: Size of the training set.
    """
    taught = soft_labels(n_train, seed).logits

    def unchecked(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        logits = model(batch.images)  # the checked loss would refuse them
        return logits, soft_loss(logits, taught[batch.places], TEMPERATURE)

    loss_fn = unchecked if method == "teacher" else None
    return report(train(student(seed, relu_on_logits=True), n_train, seed, loss_fn), n_train)
