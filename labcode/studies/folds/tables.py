"""The tables of the folds: five folds with three seeds each, a row for each network."""

from __future__ import annotations

from collections.abc import Callable

from labcode.data.splits import FOLDS
from labcode.studies.definition import Row, Study, Table
from labcode.studies.folds import chapter_trials, fold_trials

DATA = "mnist5k, five folds: 3500 training, 500 validation and 1000 test images each"
FEW = "mnist5k, five folds: 1000 training, 500 validation and 1000 test images each"
SETTINGS = [
    {"fold": fold, "seed": seed} for fold in range(FOLDS) for seed in fold_trials.seeds_of(fold)
]


def folds(name: str, function: Callable[..., list[Row]], data: str = DATA) -> Table:
    """Return the table of a trial over all folds and their seeds."""
    return Table(f"folds_{name}", function, SETTINGS, facts={"data": data})


STUDY = Study(
    "folds",
    (
        folds("exits", fold_trials.exit_rows),
        folds("blocks", fold_trials.block_rows, FEW),
        folds("se", fold_trials.se_rows, FEW),
        folds("lenet_300_100", fold_trials.lenet_300_100_rows),
        folds("lenet5", chapter_trials.lenet5_rows),
        folds("stopping", chapter_trials.stopping_rows),
        folds("lottery", chapter_trials.lottery_rows),
    ),
)
