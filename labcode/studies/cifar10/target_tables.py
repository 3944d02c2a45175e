"""The tables of MLPerf Tiny's own target, with their settings."""

from __future__ import annotations

from typing import Any

from labcode.studies.cifar10 import target, trials
from labcode.studies.cifar10.images import DATA
from labcode.studies.definition import Row, Table, grid
from labcode.studies.searches import best_rate

SEEDS = (0, 1, 2)
RATES_SEED = 100  # no other table uses it
RATES = (0.05, 0.1, 0.2, 0.4, 0.8)
LESSON_RATES = (1e-4, 5e-4, 2e-3, 5e-3, 2e-2)
LESSON = 10_000  # training pictures of the search
FACTS: Row = {
    "data": DATA,
    "network": target.NETWORK,
    "batch_size": trials.BATCH_SIZE,
    "weight_decay": target.GENTLE["weight_decay"],
    "max_shift": target.GENTLE["augment"].max_shift,
}
BFLOAT16 = {"trained in": "bfloat16, weights in float32"}


def at_best(searches: Any) -> list[Row]:
    """Return each seed at the best rate of a search."""
    return grid(lr=[best_rate(searches)], seed=SEEDS)


NETWORK_RATES = Table(
    "cifar10_target_rates",
    target.rate_row,
    grid(lr=RATES, seed=[RATES_SEED]),
    facts=FACTS | BFLOAT16 | trials.SEARCH,
)
NETWORK = Table(
    "cifar10_target",
    target.network_row,
    at_best,
    (NETWORK_RATES,),
    facts=FACTS | BFLOAT16 | {"passes": target.PASSES},
)
FILES = Table(
    "cifar10_target_files",
    target.file_row,
    [
        row
        for method, bits in (("uncompressed", 0), ("int8", 8), ("rounded", target.BITS))
        for row in grid(method=[method], bits=[bits], seed=SEEDS)
    ],
    (NETWORK,),
    facts=FACTS,
)
LESSON_SEARCH = Table(
    "cifar10_target_lesson_rates",
    target.lesson_rate_row,
    grid(lr=LESSON_RATES, n_train=[LESSON], seed=[RATES_SEED]),
    (NETWORK,),
    facts=FACTS,
)
LESSONS = Table(
    "cifar10_target_lessons",
    target.lesson_row,
    lambda _, searches: at_best(searches),
    (NETWORK, LESSON_SEARCH),
    facts=FACTS | {"passes": 1, "bits": target.BITS},
)
TABLES = (NETWORK_RATES, NETWORK, FILES, LESSON_SEARCH, LESSONS)
