"""The tables of small SqueezeNets, with their settings."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

from labcode.models.late_squeezenet import POOLS
from labcode.studies.definition import Row, Study, Table
from labcode.studies.searches import with_rates
from labcode.studies.squeezenet import squeeze_trials

SEEDS = (0, 1, 2)
RATE_SEEDS = (100, 101)  # no other table uses them
RATES_TRIED = (2.5e-3, 5e-3, 1e-2, 2e-2, 4e-2, 8e-2, 0.16)
DATA = "mnist5k: 1000 training, 500 validation and 1000 test images"
# The early network again, so wide that it does the late one's multiply-adds.
WIDER = 2.25
PLACES: list[Row] = [
    *({"place": place, "width": 1.0} for place in POOLS),
    {"place": "early", "width": WIDER},
]
LARGE, SMALL = {"size": 28, "epochs": squeeze_trials.EPOCHS}, {"size": 14, "epochs": 12}
# Only the window changes: the late network with dilated filters sees as far as the early one.
WINDOWS: list[Row] = [
    {"place": place, "width": 1.0, "window": window}
    for place, window in (("early", "as it is"), ("late", "as it is"), ("late", "wide"))
]
WINDOW_SEEDS = range(6)  # the seeds scatter by some points
PLAIN = {"window": "as it is"}
RATED = [
    *(setting | PLAIN | size for size in (LARGE, SMALL) for setting in PLACES),
    WINDOWS[-1] | LARGE,
]

RATES = Table(
    "squeezenet_rates",
    squeeze_trials.rate_row,
    [
        setting | {"lr": lr, "seed": seed}
        for setting, lr, seed in product(RATED, RATES_TRIED, RATE_SEEDS)
    ],
    facts={"data": "mnist5k: 1000 training and 500 validation images"},
)


def at_own_rates(settings: list[Row], size: Row, seeds: Any) -> Callable[[Any], list[Row]]:
    """Return what makes the runs of a table, each network at the rate that is best for it."""

    def runs(searches: Any) -> list[Row]:
        sized = [setting | size for setting in settings]
        rated = with_rates(searches, sized, lambda setting: PLAIN | setting)
        return [setting | {"seed": seed} for seed, setting in product(seeds, rated)]

    return runs


POOLING, POOLING_14 = (
    Table(
        name,
        squeeze_trials.pooling_row,
        at_own_rates(PLACES, size, SEEDS),
        (RATES,),
        facts={"data": DATA},
    )
    # The small digits are seen whole by every place's last layer.
    for name, size in (("squeezenet_pooling", LARGE), ("squeezenet_pooling_14", SMALL))
)
WINDOW = Table(
    "squeezenet_window",
    squeeze_trials.pooling_row,
    at_own_rates(WINDOWS, LARGE, WINDOW_SEEDS),
    (RATES,),
    facts={"data": DATA},
)
STUDY = Study("squeezenet", (RATES, POOLING, POOLING_14, WINDOW))
