"""A narrower ResNet-8, taught by the stored one or trained on the labels alone, for as long."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from labcode import counting, runtime
from labcode._checks import check_choice
from labcode.distillation import LiveTeacher, logits_of
from labcode.models import resnet8
from labcode.studies.cifar10.compressed import Result, int8_file
from labcode.studies.cifar10.images import pictures
from labcode.studies.cifar10.stored import SHAPE, changes, judged, validation_accuracy, whole
from labcode.studies.cifar10.trials import in_bfloat16, trained
from labcode.studies.definition import Row
from labcode.training.loop import LossFn, cross_entropy

WIDTH = 8  # filters of the first convolution: half
N_TRAIN = 45_000  # all that the teacher has seen
PASSES = 3
TEMPERATURE, SOFT_WEIGHT = 4.0, 0.9  # not the digits' 8 and 0.6; not searched here
LESSONS = ("labels", "taught")
SEARCH = {"n_train": 5_000, "passes": 3}  # of `cifar10_student_rates`
TEACHER = 0  # the stored network, by its seed, that teaches in the search


def loss_of(lesson: str, teacher: int) -> LossFn:
    """Return the loss of a lesson: "labels" alone, or "taught" by a stored network too."""
    if check_choice("lesson", lesson, LESSONS) == "labels":
        return in_bfloat16(cross_entropy)
    live = LiveTeacher(whole(teacher).to(memory_format=torch.channels_last))
    return in_bfloat16(live.loss(temperature=TEMPERATURE, soft_weight=SOFT_WEIGHT))


def learned(
    lesson: str, seed: int, *, teacher: int, n_train: int, passes: int, lr: float
) -> nn.Module:
    """Return a narrow ResNet-8 after a lesson, in evaluation mode."""
    build = partial(resnet8, width=WIDTH)
    loss, data = loss_of(lesson, teacher), pictures(n_train)
    return trained(build, seed, data=data, lr=lr, passes=passes, loss_fn=loss)


def rate_row(lesson: str, lr: float, seed: int) -> Row:
    """Return how a short lesson at a learning rate does on the validation split."""
    student = learned(lesson, seed, teacher=TEACHER, lr=lr, **SEARCH)
    return {"validation_accuracy": validation_accuracy(partial(logits_of, student))}


def student_rows(labels_lr: float, taught_lr: float, seed: int) -> list[Row]:
    """Return both lessons from the same first weights, as float32 and as int8 files.

    Args:
        labels_lr: Highest learning rate with the labels alone.
        taught_lr: That with the teacher.
        seed: Of the teacher, of the student's first weights, and of the order of the pictures.

    Returns:
        For each lesson and file: accuracies; ``lost`` and ``won`` against the teacher;
        ``lost_to_labels`` and ``won_over_labels``: test pictures that the student of the labels,
        as the same kind of file, or this one alone gets right; and the cost.
    """
    rows: list[Row] = []
    alone: dict[str, Tensor] = {}  # by the kind of file: where the student of the labels is right
    test = pictures().test
    for lesson, lr in zip(LESSONS, (labels_lr, taught_lr), strict=True):
        student = learned(lesson, seed, teacher=seed, n_train=N_TRAIN, passes=PASSES, lr=lr)
        for file, made in files(student).items():
            right = made.answers(test.images).argmax(1) == test.labels
            alone.setdefault(file, right)  # the first lesson is that of the labels alone
            against = changes(alone[file], right)
            rows.append(
                {
                    "lesson": lesson,
                    "file": file,
                    **judged(made.answers, seed),
                    "lost_to_labels": against["lost"],
                    "won_over_labels": against["won"],
                    "params": counting.count_parameters(made.model),
                    "macs": counting.count(made.model, SHAPE).macs,
                    "bytes_on_disk": made.size,
                }
            )
    return rows


def files(model: nn.Module) -> dict[str, Result]:
    """Return a network as a float32 file, and as an int8 file with weights in 7 bits."""
    size = len(runtime.to_onnx(model, SHAPE))
    plain = Result(partial(logits_of, model), model, size)
    return {"float32": plain, "int8": int8_file(model, reduce_range=True)}
