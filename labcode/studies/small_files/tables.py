"""The tables of the study on small files, with their settings."""

from __future__ import annotations

from itertools import product
from typing import Any

from labcode.studies.definition import Row, Study, Table, grid
from labcode.studies.searches import best_rate, with_rates
from labcode.studies.small_files import trials

SEEDS = (0, 1, 2)
RATE_SEEDS = (100, 101, 102)  # no other table uses them
WIDTHS = ("4 8 12", "6 12 16", "8 16 24")
PLAIN_RATES = (2e-3, 5e-3, 1e-2, 2e-2, 4e-2, 8e-2, 0.16)
DATA = "mnist5k: 3,500 training and 500 validation images, augmented"


def searched_settings(rates: Any) -> list[Row]:
    """Return the runs that search for the rate of shared values, in networks at their own rate."""
    return [
        {"widths": widths, "plain_lr": best_rate(rates, widths=widths), "seed": seed}
        for widths, seed in product(WIDTHS, RATE_SEEDS)
    ]


def plain_settings(rates: Any, shared_rates: Any) -> list[Row]:
    """Return the runs of the plain networks, with a rate for each training of each."""
    rated = with_rates(rates, [{"widths": widths} for widths in WIDTHS])
    for setting in rated:
        for bits in trials.BITS:
            found = best_rate(shared_rates, widths=setting["widths"], bits=bits)
            setting[f"lr_{bits}_bits"] = found
    return [setting | {"seed": seed} for setting, seed in product(rated, SEEDS)]


RATES = Table(
    "small_files_rates",
    trials.rate_row,
    grid(widths=WIDTHS, lr=PLAIN_RATES, seed=RATE_SEEDS),
    facts={"data": DATA, "epochs": trials.EPOCHS},
)
SHARED_RATES = Table(
    "small_files_shared_rates",
    trials.shared_rate_rows,
    searched_settings,
    (RATES,),
    facts={"data": DATA, "epochs": trials.SHARED_EPOCHS},
)
PLAIN = Table(
    "small_files",
    trials.plain_rows,
    plain_settings,
    (RATES, SHARED_RATES),
    facts={
        "data": "mnist5k: 3,500 training, 500 validation and 1,000 test images, augmented",
        "epochs": trials.EPOCHS,
        "epochs_of_shared_values": trials.SHARED_EPOCHS,
    },
)
STUDY = Study("small_files", (RATES, SHARED_RATES, PLAIN))
