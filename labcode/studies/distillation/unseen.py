"""The digit that was never shown: a student that knows a class from its teacher's doubts alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from labcode._checks import check_choice
from labcode.distillation.bias import best_bias, confusion, with_bias, without
from labcode.distillation.softlabels import SoftLabels
from labcode.distillation.teachers import logits_of
from labcode.models import wide_student
from labcode.studies.definition import Row
from labcode.studies.distillation import trials
from labcode.studies.protocol import digits, train

LESSONS = ("soft labels", "hard labels", "soft labels, one column shuffled")
EPOCHS = 40
TEMPERATURE = 8.0


@dataclass(frozen=True, eq=False)
class Outcome:
    """A student that was never shown a digit, and its answers on the test split.

    Args:
        student: The trained network, as it came out.
        digit: What it was not shown.
        bias: What was then added to the digit's logit, chosen on the validation split.
        logits: Its logits for the test images before that, shape (N, 10).
        labels: The test labels, shape (N,).
    """

    student: nn.Module
    digit: int
    bias: float
    logits: Tensor
    labels: Tensor

    def confusion(self, *, corrected: bool) -> Tensor:
        """Return the confusion matrix (10, 10) before or after the bias is corrected."""
        shift = self.bias if corrected else 0.0
        return confusion(with_bias(self.logits, self.digit, shift), self.labels)


def learn_without(
    digit: int,
    seed: int,
    *,
    lesson: str = "soft labels",
    temperature: float = TEMPERATURE,
    shown: bool = False,
) -> Outcome:
    """Train a student on all digits but one, and correct that one's bias afterwards.

    The teacher is a stored LeNet-5, which knows all digits. The student sees its answers about
    the images of the nine other digits. The images of the digit in the validation split serve to
    choose one number, the bias; no weight is trained on them.

    Args:
        digit: What the student is not shown.
        seed: Of the student's first weights and the order of the images; it chooses the teacher.
        lesson: "soft labels"; "hard labels", a control; or "soft labels, one column shuffled",
            where the teacher's logits for the digit are dealt out to the images at random, so
            that they keep their sizes and say nothing: another control.
        temperature: Of the soft labels.
        shown: Whether the digit is shown after all: what is possible.

    Returns:
        The student and what it answers.

    Raises:
        ValueError: ``lesson`` is unknown, or there is no such digit.
    """
    check_choice("lesson", lesson, LESSONS)
    data = digits(3500)
    split = data.train if shown else without(data.train, digit)
    taught = SoftLabels.from_teacher(trials.teacher(seed), split)
    if lesson == "soft labels, one column shuffled":
        taught = replace(taught, logits=shuffled_column(taught.logits, digit, seed))
    model = wide_student(seed)
    taught_loss = taught.loss(temperature=temperature, soft_weight=1.0)
    train(
        model,
        split,
        seed,
        epochs=EPOCHS,
        lr=1e-3,
        weight_decay=trials.WEIGHT_DECAY,
        loss_fn=None if lesson == "hard labels" else taught_loss,
    )
    chosen_on = data.validation
    bias = best_bias(logits_of(model, chosen_on.images), chosen_on.labels, digit)
    answers = logits_of(model, data.test.images)
    return Outcome(model, digit, bias, answers, data.test.labels)


def shuffled_column(logits: Tensor, column: int, seed: int) -> Tensor:
    """Return the logits with one class's values dealt out to the images at random.

    >>> shuffled_column(torch.tensor([[1.0, -1.0], [2.0, -2.0]]), 1, 0)[:, 0]
    tensor([1., 2.])
    """
    order = torch.randperm(len(logits), generator=torch.Generator().manual_seed(seed))
    mixed = logits.clone()
    mixed[:, column] = logits[order, column]
    return mixed


def unseen_trial(
    digit: int, lesson: str, seed: int, shown: bool = False, temperature: float = TEMPERATURE
) -> Row:
    """Run `learn_without` and return what came out, before and after the bias.

    Returns:
        The bias, and for the digit ("digit_") and all ten ("all_") the accuracy before and after.
    """
    found = learn_without(digit, seed, lesson=lesson, temperature=temperature, shown=shown)
    row: Row = {"bias": found.bias}
    for name, corrected in (("before", False), ("after", True)):
        counts = found.confusion(corrected=corrected)
        row[f"digit_{name}"] = float(counts[digit, digit] / counts[digit].sum())
        row[f"all_{name}"] = float(counts.trace() / counts.sum())
    return row
