"""The tables of small MobileNets, with their settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

from labcode.studies.definition import Row, Study, Table, TimedTable
from labcode.studies.mobilenet import mobilenet_trials
from labcode.studies.searches import with_rates
from labcode.training.decay import DECAYS

SEEDS = (0, 1, 2)
DECAY_SEEDS = range(5)  # the difference is small
RATE_SEEDS = (100, 101)  # no other table uses them
RATES_TRIED = (2.5e-3, 5e-3, 1e-2, 2e-2, 4e-2, 8e-2, 0.16, 0.32)
WIDTHS, SIZES = mobilenet_trials.WIDTHS, mobilenet_trials.SIZES
DATA = "mnist5k: 1000 training, 500 validation and 1000 test images"
FACTS = {"data": DATA, "epochs": mobilenet_trials.EPOCHS}
# Width at full resolution, and resolution at full width.
MULTIPLIED: list[Row] = [
    {"width_multiplier": width, "size": size}
    for width, size in [*product(WIDTHS, SIZES[:1]), *product(WIDTHS[:1], SIZES[1:])]
]
# Is the narrow network too narrow, or only not yet trained? And does it help to change images?
PROLONGED: list[Row] = [
    {"width_multiplier": width, "epochs": 4 * mobilenet_trials.EPOCHS, "augmented": augmented}
    for width, augmented in ((0.25, False), (0.25, True), (1.0, False))
]
DECAYED: list[Row] = [{"where": where, "decay": mobilenet_trials.DECAY} for where in DECAYS]
RATED = {"multiplier": MULTIPLIED, "decay": DECAYED}

RATES = Table(
    "architecture_mobilenet_rates",
    mobilenet_trials.rate_row,
    [
        {"trial": trial, "lr": lr, "seed": seed} | setting
        for trial, settings in RATED.items()
        for setting, lr, seed in product(settings, RATES_TRIED, RATE_SEEDS)
    ],
    facts={"data": "mnist5k: 1000 training and 500 validation images"},
)


def whole_digits(setting: Row) -> Row:
    """Return the search of a longer training: that of the same width in ten passes."""
    return {"trial": "multiplier", "width_multiplier": setting["width_multiplier"], "size": 28}


def at_own_rates(
    settings: list[Row], seeds: Iterable[int], chosen: Callable[[Row], Row]
) -> Callable[[Any], list[Row]]:
    """Return what makes the runs of a table, each network at the rate that is best for it.

    Args:
        settings: One for each kind of network.
        seeds: Of the runs.
        chosen: Turns a setting into what chooses its search in `RATES`.
    """

    def runs(searches: Any) -> list[Row]:
        rated = with_rates(searches, settings, chosen)
        return [setting | {"seed": seed} for seed, setting in product(seeds, rated)]

    return runs


MULTIPLIERS = Table(
    "architecture_multipliers",
    mobilenet_trials.multiplier_row,
    at_own_rates(MULTIPLIED, SEEDS, lambda setting: {"trial": "multiplier"} | setting),
    (RATES,),
    facts=FACTS,
)
LONGER = Table(
    "architecture_longer",
    mobilenet_trials.longer_row,
    at_own_rates(PROLONGED, SEEDS, whole_digits),
    (RATES,),
    facts={"data": DATA},
)
DECAY = Table(
    "architecture_decay",
    mobilenet_trials.decay_row,
    at_own_rates(DECAYED, DECAY_SEEDS, lambda setting: {"trial": "decay"} | setting),
    (RATES,),
    facts=FACTS,
)
SHARES = TimedTable("architecture_shares", "benchmarks/architecture.py")
STUDY = Study("mobilenet", (RATES, MULTIPLIERS, LONGER, DECAY, SHARES))
