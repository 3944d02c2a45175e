"""The tables of the folds: five folds with three seeds each, a row for each network."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

from labcode.data.splits import FOLDS
from labcode.studies.blocks import tables as blocks
from labcode.studies.definition import Row, Study, Table
from labcode.studies.early_exit import tables as early_exit
from labcode.studies.folds import chapter_trials, fold_trials
from labcode.studies.pruning import tables as pruning
from labcode.studies.searches import best_rate, with_rates
from labcode.studies.senet import tables as senet
from labcode.studies.small_files import tables as small_files
from labcode.studies.small_files import trials as small_trials

DATA = "mnist5k, five folds: 3500 training, 500 validation and 1000 test images each"
SMALLEST = ("6 12 16", 3)  # filters, and bits of the shared values
FEW = "mnist5k, five folds: 1000 training, 500 validation and 1000 test images each"
SETTINGS = [
    {"fold": fold, "seed": seed} for fold in range(FOLDS) for seed in fold_trials.seeds_of(fold)
]


def folds(name: str, function: Callable[..., list[Row]], data: str = DATA) -> Table:
    """Return the table of a trial over all folds and their seeds."""
    return Table(f"folds_{name}", function, SETTINGS, facts={"data": data})


def own_rates(
    name: str, function: Callable[..., Row], searched: Table, column: str, data: str
) -> Table:
    """Return the table of networks each at the learning rate that is best for it.

    Args:
        name: Of the table of the same networks at one rate.
        function: Called with ``network``, ``lr``, ``fold`` and ``seed``.
        searched: Where the rates were searched, on the validation split.
        column: Of that table, which names the network.
        data: What the networks learn from.
    """

    def settings(searches: Any) -> list[Row]:
        networks = [{"network": network} for network in searches[column].unique()]
        rated = with_rates(searches, networks, lambda each: {column: each["network"]})
        return [each | setting for setting, each in product(SETTINGS, rated)]

    return Table(f"folds_{name}_own_rates", function, settings, (searched,), facts={"data": data})


def small_file_settings(_lenet5: Any, rates: Any, shared_rates: Any) -> list[Row]:
    """Return the runs of the smallest file that keeps up with LeNet-5, at its own rates."""
    widths, bits = SMALLEST
    network = {
        "widths": widths,
        "lr": best_rate(rates, widths=widths),
        "bits": bits,
        "lr_of_values": best_rate(shared_rates, widths=widths, bits=bits),
    }
    return [network | setting for setting in SETTINGS]


def whole_lenet5(lenet5: Any, *_: Any) -> list[Row]:
    """Return the answers of LeNet-5 on the same images, from their table."""
    found = lenet5[lenet5["network"] == "uncompressed"]
    return [dict(row) for row in found.to_dict("records")]


LENET5 = folds("lenet5", chapter_trials.lenet5_rows)
STUDY = Study(
    "folds",
    (
        folds("exits", fold_trials.exit_rows),
        folds("blocks", fold_trials.block_rows, FEW),
        own_rates("blocks", fold_trials.block_row, blocks.RATES, "kind", FEW),
        own_rates("exits", fold_trials.exit_row, early_exit.RATES, "method", DATA),
        folds("se", fold_trials.se_rows, FEW),
        own_rates("se", fold_trials.se_row, senet.RATES, "network", FEW),
        folds("lenet_300_100", fold_trials.lenet_300_100_rows),
        LENET5,
        Table(
            "folds_small_files",
            small_trials.fold_rows,
            small_file_settings,
            (LENET5, small_files.RATES, small_files.SHARED_RATES),
            gather=whole_lenet5,
            facts={"data": DATA},
        ),
        folds("stopping", chapter_trials.stopping_rows),
        folds("lottery", chapter_trials.lottery_rows),
        own_rates("lottery", chapter_trials.lottery_row, pruning.LOTTERY_RATES, "start", DATA),
    ),
)
