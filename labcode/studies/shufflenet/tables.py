"""The tables of small ShuffleNets, with their settings."""

from __future__ import annotations

from itertools import product
from typing import Any

from labcode.studies.definition import Row, Study, Table
from labcode.studies.searches import with_rates
from labcode.studies.shufflenet import shuffle_trials

SEEDS = (0, 1, 2)
RATE_SEEDS = (100, 101)  # no other table uses them
RATES_TRIED = (2.5e-3, 5e-3, 1e-2, 2e-2, 4e-2, 8e-2)
SHUFFLES: list[Row] = [
    {"groups": groups, "shuffle": shuffle}
    for groups, shuffle in ((1, False), (4, True), (4, False), (8, True), (8, False))
]

RATES = Table(
    "shufflenet_rates",
    shuffle_trials.rate_row,
    [
        setting | {"lr": lr, "seed": seed}
        for setting, lr, seed in product(SHUFFLES, RATES_TRIED, RATE_SEEDS)
    ],
    facts={
        "data": "mnist5k: 1000 training and 500 validation images",
        "epochs": shuffle_trials.EPOCHS,
    },
)


def at_own_rates(searches: Any) -> list[Row]:
    """Return the runs of the table, each network at the rate that is best for it."""
    rated = with_rates(searches, SHUFFLES)
    return [setting | {"seed": seed} for seed, setting in product(SEEDS, rated)]


SHUFFLE = Table(
    "shufflenet_shuffle",
    shuffle_trials.shuffle_row,
    at_own_rates,
    (RATES,),
    facts={
        "data": "mnist5k: 1000 training, 500 validation and 1000 test images",
        "epochs": shuffle_trials.EPOCHS,
    },
)
STUDY = Study("shufflenet", (RATES, SHUFFLE))
