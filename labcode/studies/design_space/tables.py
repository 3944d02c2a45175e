"""The tables of the chapter *Exploring a design space*, with their settings."""

from __future__ import annotations

from itertools import product
from typing import Any

from labcode.search import SAMPLERS
from labcode.studies.definition import Export, Row, Study, Table, TimedTable, grid
from labcode.studies.design_space import (
    BYPASSES,
    SHARES,
    SQUEEZE_RATIOS,
    contest,
    page_data,
    trials,
)
from labcode.studies.searches import safe_rate, with_rates

FACTS = {"data": "mnist5k: 3500 training, 500 validation and 1000 test images"}
SEEDS = (0, 1, 2, 3, 4, 5)
SEARCHES = 50  # seeds of each sampler
RATE_SEEDS = (100, 101, 102)  # no other table uses them
RATES_TRIED = (1.25e-3, 2.5e-3, 5e-3, 1e-2, 2e-2, 4e-2, 8e-2, 0.16)
LONGER_EPOCHS = 4 * trials.EPOCHS
DESIGNS: list[Row] = [
    {"squeeze_ratio": ratio, "expand3x3_share": share, "bypass": bypass}
    for share, ratio, bypass in product(SHARES, SQUEEZE_RATIOS, BYPASSES)
]
# Does a bypass help once networks are trained four times as long, and where it gained most?
LONGER_DESIGNS: list[Row] = [
    {"squeeze_ratio": 0.25, "expand3x3_share": share, "bypass": bypass}
    for share, bypass in product((0.5, 0.0), BYPASSES)
]


def searched(designs: list[Row], epochs: int) -> list[Row]:
    """Return the runs that search for the rate of each design, on the validation split."""
    return [
        design | {"epochs": epochs, "lr": lr, "seed": seed}
        for lr, seed, design in product(RATES_TRIED, RATE_SEEDS, designs)
    ]


def grid_settings(rates: Any) -> list[Row]:
    """Return the runs of the grid, each design at a rate of its own."""
    rated = with_rates(rates, DESIGNS, rate=safe_rate)
    return [design | {"seed": seed} for seed, design in product(SEEDS, rated)]


def longer_settings(rates: Any) -> list[Row]:
    """Return the longer trainings, each design at its own rate of a search as long."""
    rated = with_rates(rates, LONGER_DESIGNS, rate=safe_rate)
    return [
        design | {"epochs": LONGER_EPOCHS, "seed": seed} for design, seed in product(rated, SEEDS)
    ]


RATES = Table("design_space_rates", trials.rate_row, searched(DESIGNS, trials.EPOCHS), facts=FACTS)
GRID = Table("design_space_grid", trials.grid_row, grid_settings, (RATES,), facts=FACTS)
LONGER_RATES = Table(
    "design_space_longer_rates",
    trials.rate_row,
    searched(LONGER_DESIGNS, LONGER_EPOCHS),
    facts=FACTS,
)
LONGER = Table(
    "design_space_longer", trials.longer_row, longer_settings, (LONGER_RATES,), facts=FACTS
)
# Samplers search the measured grid, each from many seeds: nothing is trained here.
SEARCHED = Table(
    "design_space_samplers",
    contest.contest_rows,
    grid(sampler=(*SAMPLERS, "grid"), seed=range(SEARCHES)),
    (GRID,),
    facts={"objective": f"the means of {GRID.name} over its seeds"},
)
TIMES = TimedTable("design_space_times", "benchmarks/design_space.py", (GRID,))
PAGE = Export("design_space", page_data.page_data, (GRID,))
STUDY = Study("design_space", (RATES, GRID, LONGER_RATES, LONGER, SEARCHED, TIMES), (PAGE,))
