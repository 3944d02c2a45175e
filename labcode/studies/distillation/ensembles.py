"""An ensemble of students, and one student that learns from it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from torch import Tensor, nn
from torch.nn import functional as F

from labcode.distillation.softlabels import SoftLabels
from labcode.distillation.teachers import Combine, combined_logits, logits_of
from labcode.models import student
from labcode.studies.definition import Row
from labcode.studies.distillation import trials
from labcode.studies.protocol import digits

MEMBERS = 5
N_TRAIN = 1000  # few, so that members differ and their ensemble gains something
N_ALL = 3500  # with the images whose labels nobody is told
TEMPERATURE = 2.0  # table distillation_ensemble_temperature


@cache
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
    controls: bool = True,
) -> list[Row]:
    """Train an ensemble, and the same student with its soft labels and without.

    All networks have the same architecture and steps. The students also share their first
    weights. "plain student" learns from the labels of the ensemble's own images; "five, same
    images" from the ensemble's soft labels for them; "five, all images" from its soft labels for
    all 3,500 images, where nobody is told the labels of the 2,500 others. "one, ..." have a
    single member for a teacher: what does the ensemble add to being taught at all?

    Args:
        seed: Of the ensemble and of the students.
        n_train: How many images have labels.
        temperature: Of the soft labels.
        combine: How members are combined, as in `combined_logits`.
        on: Split to look at; "validation" to choose with.
        controls: Whether to train all students; without, only "five, same images".

    Returns:
        A row for each network with its accuracy, its loss (mean cross-entropy, in nats) and how
        often it gives the ensemble's answer; "member" is the mean of the five.
    """
    split, teachers = getattr(digits(n_train), on), members(seed, n_train)
    answers = [logits_of(model, split.images) for model in teachers]
    voted = combined_logits(answers, combine=combine, temperature=temperature)
    each = [_seen(logits, voted, split.labels, on) for logits in answers]
    found = {
        "member": {key: sum(row[key] for row in each) / MEMBERS for key in each[0]},
        "ensemble": _seen(voted, voted, split.labels, on),
    }
    pupils = {"five, same images": _pupil(seed, teachers, n_train, temperature, combine)}
    if controls:
        pupils |= {
            "five, all images": _pupil(seed, teachers, N_ALL, temperature, combine),
            "one, same images": _pupil(seed, teachers[:1], n_train, temperature, combine),
            "one, all images": _pupil(seed, teachers[:1], N_ALL, temperature, combine),
            "plain student": trials.train(student(seed), n_train, seed, None),
        }
    found |= {
        name: _seen(logits_of(model, split.images), voted, split.labels, on)
        for name, model in pupils.items()
    }
    return [{"network": name, **row} for name, row in found.items()]


def _pupil(
    seed: int, teachers: Sequence[nn.Module], n_asked: int, temperature: float, combine: Combine
) -> nn.Module:
    """Train a student on soft labels alone; no label of any image is looked at."""
    soft = SoftLabels.from_ensemble(
        teachers, digits(n_asked).train, combine=combine, temperature=temperature
    )
    loss = soft.loss(temperature=temperature, soft_weight=1.0)
    return trials.train(student(seed), n_asked, seed, loss)


def _seen(logits: Tensor, voted: Tensor, labels: Tensor, on: str) -> Row:
    """Return accuracy, loss, and how often the answer is the ensemble's."""
    answer = logits.argmax(dim=1)
    return {
        f"{on}_accuracy": float((answer == labels).double().mean()),
        f"{on}_loss": float(F.cross_entropy(logits, labels)),
        "as_the_ensemble": float((answer == voted.argmax(dim=1)).double().mean()),
    }
