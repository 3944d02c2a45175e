"""LeNet-300-100 taught by LeNet-5 while it is pruned: rows for the stored table."""

from __future__ import annotations

import copy
from pathlib import Path

from torch import nn

from labcode import data
from labcode.coding.container import pack, unpack
from labcode.coding.pipeline import bits_of, prune, refine, share
from labcode.coding.report import report
from labcode.studies.deep_compression.kept import leave
from labcode.studies.deep_compression.lessons import Lessons
from labcode.studies.definition import Row
from labcode.training import evaluate
from labcode.weights import baselines
from labcode.weights.baselines import recipe

TEACHER_SEEDS = (0, 1, 2)  # all stored baselines of the teachers' kind together
COPIES = 10  # changed copies of each training image: one pass is as long as ten epochs
ROUNDS = ((0.3, 1), (0.12, 1), (0.06, 8), (0.04, 4))  # part kept, and passes after it
PACKED = (0.06, 0.04)  # the rounds after which a copy is shared and packed
BITS = 4


def taught_trial(
    seed: int,
    teachers: str,
    *,
    network: str = "lenet_300_100",
    rounds: tuple[tuple[float, int], ...] = ROUNDS,
    packed: tuple[float, ...] = PACKED,
    bits: int = BITS,
    files: Path | None = None,
) -> list[Row]:
    """Prune a baseline in rounds on lessons; share and pack it where ``packed`` says so.

    Args:
        seed: Of the baseline; it decides all random numbers too.
        teachers: "lenet5" for the three stored LeNet-5 together, or "itself" for the dense
            network that is pruned.
        network: The baseline.
        rounds: Part of the weights that stays and passes over the lessons, round by round.
        packed: The rounds after which a copy is shared and packed.
        bits: Bits of the codebooks of weights; biases have four.
        files: Where to keep the packed files; None keeps none.

    Returns:
        A row for the dense network after the same lessons (part 1: the control), and one for each
        packed file, unpacked again before its accuracies were taken.

    Raises:
        ValueError: There are no such teachers.
    """
    images, dense = data.load("mnist5k"), baselines.load(network, seed=seed)
    lessons = _lessons(dense, seed, teachers, network)
    passes = sum(number for part, number in rounds if part >= max(packed))
    before = {r.seed: r for r in baselines.results(network)}[seed]
    facts = {"test_before": before.test_accuracy, "validation_before": before.validation_accuracy}
    rows = [{"part": 1.0, **dense_trial(seed, teachers, network=network, passes=passes)}]
    rows[0] |= facts | {"passes": passes}
    model, passes = copy.deepcopy(dense), 0
    for number, (part, more) in enumerate(rounds):
        prune(model, lessons.split, lessons.guide, part, epochs=more, seed=100 * seed + number)
        passes += more
        if part in packed:
            file, row = _packed(model, lessons, network, seed, bits, images)
            leave(files, network, part, file)
            rows.append({"part": part, **row, **facts, "passes": passes, "macs": before.macs})
    return rows


def dense_trial(seed: int, teachers: str, *, network: str, passes: int) -> Row:
    """Return what the dense network reaches after so many passes over the lessons: the control.

    Args:
        seed: Of the baseline; it decides the lessons and their order too.
        teachers: As for `taught_trial`.
        network: The baseline.
        passes: Over the lessons.
    """
    dense = baselines.load(network, seed=seed)
    lessons = _lessons(dense, seed, teachers, network)
    control = copy.deepcopy(dense)
    refine(control, lessons.split, lessons.guide, epochs=passes, seed=100 * seed + 99)
    return _accuracies(control, data.load("mnist5k"))


def _lessons(dense: nn.Module, seed: int, teachers: str, network: str) -> Lessons:
    return Lessons(
        teachers_of(teachers, dense),
        data.load("mnist5k").train,
        recipe(network).augment,
        copies=COPIES,
        seed=1000 + seed,
    )


def teachers_of(name: str, dense: nn.Module) -> list[nn.Module]:
    """Return the teachers of a name: see `taught_trial`."""
    if name == "itself":
        return [copy.deepcopy(dense)]
    if name == "lenet5":
        return [baselines.load("lenet5", seed=seed) for seed in TEACHER_SEEDS]
    raise ValueError(f"teachers must be 'lenet5' or 'itself', got {name!r}")


def _packed(
    pruned: nn.Module, lessons: Lessons, network: str, seed: int, bits: int, images: data.Dataset
) -> tuple[bytes, Row]:
    """Share and pack a copy of a pruned network; return the file and its facts."""
    model = copy.deepcopy(pruned)
    share(model, lessons.split, lessons.guide, bits_of(model, bits, 4), epochs=1, seed=seed)
    packed = pack(model)
    found = report(packed, model)
    again = unpack(packed, recipe(network).initial(images, seed=seed))
    row = {
        **_accuracies(again, images),
        "weights": sum(int((p != 0).sum()) for p in model.parameters() if p.ndim > 1),
        "params": sum(int((p != 0).sum()) for p in model.parameters()),
        "bytes_huffman": len(pack(model, indices="relative", coder="huffman")),
        "bytes_on_disk": len(packed),
        "bytes_entropy": found.entropy_bytes,
        "ratio": found.ratio,
    }
    return packed, row


def _accuracies(model: nn.Module, images: data.Dataset) -> Row:
    validation = evaluate(model, images.validation)
    return {
        "validation_accuracy": validation.accuracy,
        "validation_loss": validation.loss,
        "test_accuracy": evaluate(model, images.test).accuracy,
    }
