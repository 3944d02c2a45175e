"""An ensemble of students, and one student that learns from it."""

from __future__ import annotations

from torch import nn

from labcode.distillation import trials
from labcode.distillation.networks import student
from labcode.distillation.softlabels import SoftLabels
from labcode.distillation.teachers import Combine, combined_logits, logits_of
from labcode.training import evaluate

MEMBERS = 5
N_TRAIN = 1000  # few, so that members differ and their ensemble gains something
TEMPERATURE = 4.0


def members(seed: int, n_train: int = N_TRAIN) -> list[nn.Module]:
    """Train the members of one ensemble, each from its own first weights and order of images."""
    seeds = range(1000 + MEMBERS * seed, 1000 + MEMBERS * (seed + 1))  # apart from the students'
    return [trials.train(student(s), n_train, s, None) for s in seeds]


def ensemble_trial(
    seed: int,
    n_train: int = N_TRAIN,
    temperature: float = TEMPERATURE,
    combine: Combine = "logits",
    on: str = "test",
) -> list[trials.Row]:
    """Train an ensemble, and the same student with its soft labels and without.

    All networks have the same architecture, images and steps. The two students also share their
    first weights and batches.

    Args:
        seed: Of the ensemble and of the students.
        n_train: Size of the training set.
        temperature: Of the ensemble's soft labels.
        combine: How its members are combined, as in `combined_logits`.
        on: Split to look at; "validation" to choose with.

    Returns:
        A row each for the members' mean, the ensemble, and the student without and with it.
    """
    data = trials.digits(n_train)
    split = getattr(data, on)
    teachers = members(seed, n_train)
    soft = SoftLabels.from_ensemble(teachers, data.train, combine=combine, temperature=temperature)
    answers = [logits_of(model, split.images) for model in teachers]
    voted = combined_logits(answers, combine=combine).argmax(dim=1)
    loss = soft.loss(temperature=temperature, soft_weight=1.0)
    found = {
        "member": sum(evaluate(model, split).accuracy for model in teachers) / MEMBERS,
        "ensemble": float((voted == split.labels).double().mean()),
        "student": evaluate(trials.train(student(seed), n_train, seed, None), split).accuracy,
        "distilled": evaluate(trials.train(student(seed), n_train, seed, loss), split).accuracy,
    }
    return [{"network": name, f"{on}_accuracy": value} for name, value in found.items()]
