"""The tables of the study on small photographs, with their settings."""

from __future__ import annotations

from typing import Any

from labcode.studies.cifar10 import (
    compressed,
    contest,
    exits,
    rates,
    stored,
    students,
    target_tables,
    trials,
)
from labcode.studies.cifar10.images import DATA
from labcode.studies.cifar10.view import LESSON, LONGER
from labcode.studies.definition import Row, Study, Table, TimedTable, grid
from labcode.studies.searches import best_rate

SEEDS = (0, 1, 2)
RATES_SEED = 100  # no other table uses it
RATES = (0.05, 0.1, 0.2, 0.4, 0.8)
START_RATES = (0.1, 0.2, 0.4, 0.8)  # of other networks from the start
TUNED_RATES = (
    0.0015625,
    0.003125,
    0.00625,
    0.0125,
    0.025,
    0.05,
    0.1,
    0.2,
    0.4,
)  # of training after compression
LOWER = (0.0001, 0.0002, 0.0004, 0.0008)
ALL = 45_000  # training pictures
FACTS: Row = {"data": DATA, "batch_size": trials.BATCH_SIZE, "weight_decay": trials.WEIGHT_DECAY}
FEW = 1  # passes of training after compression


def settings(method: str, *, passes: int = 0, **choices: Any) -> list[Row]:
    """Return the settings of a technique: each of its choices with each seed."""
    one = {"bits": (0,), "kept": (1.0,)} | choices
    return grid(method=[method], passes=[passes], **one, seed=SEEDS)


def searched(method: str, *, lr: tuple[float, ...], bits: int = 0, kept: float = 1.0) -> list[Row]:
    """Return the settings of a search of the learning rate."""
    return grid(method=[method], bits=[bits], kept=[kept], lr=lr, seed=[RATES_SEED])


def lesson(method: str, lr: float, n_train: int = LESSON, **choices: Any) -> list[Row]:
    """Return the settings of a technique with a pass over some of the pictures afterwards."""
    return settings(method, passes=FEW, n_train=(n_train,), lr=(lr,), **choices)


SEARCH = Table(
    "cifar10_rates",
    trials.rate_row,
    grid(
        n_train=[trials.SEARCH["n_train"]],
        passes=[trials.SEARCH["passes"]],
        lr=RATES,
        seed=[RATES_SEED],
    ),
    facts=FACTS,
)
RESNET8 = Table(
    "cifar10_resnet8",
    trials.resnet8_row,
    grid(seed=SEEDS),
    facts=FACTS | {"passes": trials.PASSES, "lr": trials.RATE},
)
UNTRAINED = Table(
    "cifar10_untrained",
    compressed.row,
    [
        *settings("uncompressed"),
        *settings("int8", bits=(8, 7)),
        *settings("rounded", bits=(8, 4, 3, 2)),
        *settings("shared", bits=(6, 5, 4, 3)),
        *settings("pruned", kept=(0.7, 0.5, 0.3)),
        *settings("cut", kept=(0.75, 0.5)),
    ],
    (RESNET8,),
    facts=FACTS | {"calibration": stored.CALIBRATION},
)
TUNED = Table(
    "cifar10_tuned",
    compressed.row,
    [
        *settings("trained_on", passes=FEW),
        *settings("cut", kept=(0.5,), passes=FEW),
    ],
    (RESNET8,),
    facts=FACTS | {"lr": compressed.LOW_RATE},
)
LESSON_RATES = Table(
    "cifar10_lesson_rates",
    rates.compressed_row,
    [
        *searched("rounded", bits=4, lr=(0.0001, 0.0005, 0.002, 0.005, 0.02)),
        *searched("rounded", bits=2, lr=(0.0005, 0.002, 0.005, 0.02)),
        *searched("shared", bits=4, lr=(2e-5, 1e-4, 5e-4, 2e-3)),
    ],
    (RESNET8,),
    facts=FACTS | {"n_train": rates.N_TRAIN, "passes": rates.PASSES},
)


# Of the trainings that keep the batch norms, each with the pictures that it learns from.
TUNING_RATES = Table(
    "cifar10_tuning_rates",
    rates.compressed_row,
    [
        setting | {"n_train": n_train}
        for n_train, choices in {
            ALL: [("trained_on", 1.0), ("cut", 0.5)],
            LESSON: [("thin", 0.5), ("pruned", 0.5), ("pruned", 0.1)],
        }.items()
        for method, kept in choices
        for setting in searched(method, kept=kept, lr=TUNED_RATES)
    ]
    + [
        setting | {"n_train": LESSON}
        for setting in searched("pruned", kept=0.5, lr=LOWER)  # whose best was the lowest of nine
    ],
    (RESNET8,),
    facts=FACTS | {"passes": rates.PASSES},
)
EXIT_RATES = Table(
    "cifar10_exit_rates",
    exits.rate_row,
    grid(n_train=[LESSON], passes=[FEW], lr=(*TUNED_RATES, 0.8, 1.6), seed=[RATES_SEED]),
    (RESNET8,),
    facts=FACTS,
)


def four_bits(_: Any, searches: Any) -> list[Row]:
    """Return the settings of four bits with training, at the best rate of their search."""
    return lesson("rounded", best_rate(searches, method="rounded", bits=4), bits=(4,))


def two_bits(_: Any, searches: Any) -> list[Row]:
    """Return the settings of two bits with training, on twice as many pictures."""
    return lesson("rounded", best_rate(searches), LONGER, bits=(2,))


def sharing(_: Any, searches: Any) -> list[Row]:
    """Return the settings of shared values that are trained, at the best rate."""
    return lesson("shared", best_rate(searches, method="shared"), bits=(4,))


def thinner(_: Any, searches: Any) -> list[Row]:
    """Return the settings of half of the rank, at the best rate of its search."""
    return lesson("thin", best_rate(searches, method="thin"), kept=(0.5,))


def sparser(_: Any, searches: Any) -> list[Row]:
    """Return the settings of fewer weights, each share at its own best rate."""
    return [
        setting
        for kept in (0.5, 0.1)
        for setting in lesson(
            "pruned", best_rate(searches, method="pruned", kept=kept), kept=(kept,)
        )
    ]


LESSON_FACTS = FACTS | {"n_train": LESSON}
FEW_BITS = Table(
    "cifar10_few_bits", compressed.row, four_bits, (RESNET8, LESSON_RATES), facts=LESSON_FACTS
)
TWO_BITS_RATES = Table(  # forty steps did not tell rates apart for two bits
    "cifar10_two_bits_rates",
    rates.compressed_row,
    [
        row | {"n_train": LESSON}
        for row in searched("rounded", bits=2, lr=(0.0005, 0.002, 0.005, 0.02))
    ],
    (RESNET8,),
    facts=LESSON_FACTS | {"passes": rates.PASSES},
)
TWO_BITS = Table(
    "cifar10_two_bits",
    compressed.row,
    two_bits,
    (RESNET8, TWO_BITS_RATES),
    facts=FACTS,
)
SHARED = Table(
    "cifar10_shared", compressed.row, sharing, (RESNET8, LESSON_RATES), facts=LESSON_FACTS
)
LOW_RANK = Table(
    "cifar10_low_rank",
    compressed.row,
    thinner,
    (RESNET8, TUNING_RATES),
    facts=LESSON_FACTS,
)
PRUNED = Table(
    "cifar10_pruned",
    compressed.row,
    sparser,
    (RESNET8, TUNING_RATES),
    facts=LESSON_FACTS,
)
BFLOAT16 = {"trained in": "bfloat16, weights in float32"}
STUDENT_RATES = Table(
    "cifar10_student_rates",
    students.rate_row,
    grid(lesson=students.LESSONS, lr=START_RATES, seed=[RATES_SEED]),
    (RESNET8,),
    facts=FACTS | students.SEARCH | BFLOAT16,
)
STUDENTS = Table(
    "cifar10_students",
    students.student_rows,
    lambda _, searches: grid(
        labels_lr=[best_rate(searches, lesson="labels")],
        taught_lr=[best_rate(searches, lesson="taught")],
        seed=SEEDS,
    ),
    (RESNET8, STUDENT_RATES),
    facts=FACTS
    | BFLOAT16
    | {"n_train": students.N_TRAIN, "passes": students.PASSES}
    | {"temperature": students.TEMPERATURE, "soft_weight": students.SOFT_WEIGHT},
)
EXITS = Table(
    "cifar10_exits",
    exits.exit_rows,
    lambda _, searches: grid(n_train=[LESSON], passes=[FEW], lr=[best_rate(searches)], seed=SEEDS),
    (RESNET8, EXIT_RATES),
    facts=FACTS | {"weights": exits.METHOD.weights, "grid": exits.GRID},
)
BLOCK_RATES = Table(
    "cifar10_block_rates",
    contest.rate_row,
    [
        *grid(kind=contest.KINDS.values(), lr=START_RATES, seed=[RATES_SEED]),
        {"kind": "standard", "lr": 1.6, "seed": RATES_SEED},  # whose best was the highest of four
    ],
    facts=FACTS | contest.SEARCH | BFLOAT16 | {"budget": contest.BUDGET},
)
BLOCKS = Table(
    "cifar10_blocks",
    contest.contest_rows,
    lambda searches: grid(
        **{f"{name}_lr": [best_rate(searches, kind=kind)] for name, kind in contest.KINDS.items()},
        seed=SEEDS,
    ),
    (BLOCK_RATES,),
    facts=FACTS
    | BFLOAT16
    | {"n_train": contest.N_TRAIN, "passes": contest.PASSES, "budget": contest.BUDGET},
)
TIMES = TimedTable("cifar10_times", "benchmarks/small_photographs.py")
EXIT_TIMES = TimedTable("cifar10_exit_times", "benchmarks/small_photographs.py")
STUDY = Study(
    "cifar10",
    (
        *(SEARCH, RESNET8, UNTRAINED, TUNED),
        *(
            LESSON_RATES,
            TUNING_RATES,
            EXIT_RATES,
            FEW_BITS,
            TWO_BITS_RATES,
            TWO_BITS,
            SHARED,
            LOW_RANK,
            PRUNED,
        ),
        *(STUDENT_RATES, STUDENTS, EXITS, BLOCK_RATES, BLOCKS, TIMES, EXIT_TIMES),
        *target_tables.TABLES,
    ),
)
