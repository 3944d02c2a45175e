"""The table of small ShuffleNets, with its settings."""

from __future__ import annotations

from itertools import product

from labcode.studies.definition import Study, Table
from labcode.studies.shufflenet import shuffle_trials

SEEDS = (0, 1, 2)
SHUFFLES = ((1, False), (4, True), (4, False), (8, True), (8, False))  # groups, shuffled or not

SHUFFLE = Table(
    "shufflenet_shuffle",
    shuffle_trials.shuffle_row,
    [
        {"groups": groups, "shuffle": shuffle, "seed": seed}
        for seed, (groups, shuffle) in product(SEEDS, SHUFFLES)
    ],
    facts={
        "data": "mnist5k: 1000 training, 500 validation and 1000 test images",
        "epochs": shuffle_trials.EPOCHS,
    },
)
STUDY = Study("shufflenet", (SHUFFLE,))
