"""The tables of the chapter *Exploring a design space*, with their settings."""

from __future__ import annotations

from itertools import product

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

FACTS = {"data": "mnist5k: 3500 training, 500 validation and 1000 test images"}
SEEDS = (0, 1, 2)
SEARCHES = 20  # seeds of each sampler
LEARNING_RATES = (1e-2, 2e-2, 4e-2)


def turn(setting: Row) -> int:
    """Return what comes first, so that a stopped sweep is of use: one seed, then the lines."""
    half, plain = setting["expand3x3_share"] == 0.5, setting["bypass"] == "plain"
    return 0 if setting["seed"] == 0 else 1 if half else 2 if plain else 3


# On the validation split, for the kinds of network that differ most.
RATES = Table(
    "design_space_rates",
    trials.rate_row,
    [
        {"rate": rate, "squeeze_ratio": ratio, "bypass": bypass, "seed": 0}
        for rate, (ratio, bypass) in product(LEARNING_RATES, ((0.125, "plain"), (1.0, "complex")))
    ],
    facts=FACTS,
    kept_for="the learning rate of all networks here, chosen on the validation split",
)
GRID = Table(
    "design_space_grid",
    trials.grid_row,
    sorted(
        (
            {"squeeze_ratio": ratio, "expand3x3_share": share, "bypass": bypass, "seed": seed}
            for seed, share, ratio, bypass in product(SEEDS, SHARES, SQUEEZE_RATIOS, BYPASSES)
        ),
        key=turn,
    ),
    facts=FACTS,
)
# Does a bypass help once networks are trained four times as long?
LONGER = Table(
    "design_space_longer",
    trials.longer_row,
    [
        {"bypass": bypass, "epochs": 4 * trials.EPOCHS, "seed": seed}
        for seed, bypass in product(SEEDS, BYPASSES)
    ],
    facts=FACTS,
)
# The same where the bypass gained most: no 3x3 filter at all.
LONGER_WITHOUT = Table(
    "design_space_longer_without_3x3",
    trials.longer_row,
    [setting | {"expand3x3_share": 0.0} for setting in LONGER.runs()],
    facts=FACTS,
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
STUDY = Study("design_space", (RATES, GRID, LONGER, LONGER_WITHOUT, SEARCHED, TIMES), (PAGE,))
