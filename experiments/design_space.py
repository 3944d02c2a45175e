"""Train the design space of the chapter *Exploring a design space*, and search it.

Run as `python experiments/design_space.py` (some minutes of one core), or with the names of
some tables. Writes design_space_*.csv and the calculator's grid.
"""

from itertools import product

from record import measure, run_tables

from labcode.search import SAMPLERS
from labcode.studies import page_data
from labcode.studies.design_space import BYPASSES, SHARES, SQUEEZE_RATIOS, contest, trials

SCRIPT = "experiments/design_space.py"
DATA = "mnist5k: 3500 training, 500 validation and 1000 test images"
SEEDS = (0, 1, 2)
SEARCHES = 20  # seeds of each sampler
RATES = (1e-2, 2e-2, 4e-2)


def rates() -> None:
    """Try learning rates on the validation split, for the kinds of network that differ most."""
    settings = [
        {"rate": rate, "squeeze_ratio": ratio, "bypass": bypass, "seed": 0}
        for rate, (ratio, bypass) in product(RATES, ((0.125, "plain"), (1.0, "complex")))
    ]
    measure("design_space_rates", trials.rate_row, settings, script=SCRIPT, data=DATA)


def grid() -> None:
    settings = [
        {"squeeze_ratio": ratio, "expand3x3_share": share, "bypass": bypass, "seed": seed}
        for seed, share, ratio, bypass in product(SEEDS, SHARES, SQUEEZE_RATIOS, BYPASSES)
    ]
    settings.sort(key=turn)
    measure("design_space_grid", trials.grid_row, settings, script=SCRIPT, data=DATA)


def turn(setting: dict) -> int:
    """Return what comes first, so that a stopped sweep is of use: one seed, then the lines."""
    half, plain = setting["expand3x3_share"] == 0.5, setting["bypass"] == "plain"
    return 0 if setting["seed"] == 0 else 1 if half else 2 if plain else 3


def longer() -> None:
    """Ask whether a bypass helps once networks are trained four times as long."""
    settings = [
        {"bypass": bypass, "epochs": 4 * trials.EPOCHS, "seed": seed}
        for seed, bypass in product(SEEDS, BYPASSES)
    ]
    measure("design_space_longer", trials.longer_row, settings, script=SCRIPT, data=DATA)


def samplers() -> None:
    """Let samplers search the measured grid, each from many seeds: nothing is trained here."""
    settings = [
        {"sampler": sampler, "seed": seed}
        for sampler, seed in product((*SAMPLERS, "grid"), range(SEARCHES))
    ]
    facts = {"objective": "the means of design_space_grid over its seeds"}
    measure("design_space_samplers", contest.contest_rows, settings, script=SCRIPT, **facts)


def bake() -> None:
    """Write what the page browses of the grid."""
    page_data.write("design_space")


TABLES = {"rates": rates, "grid": grid, "longer": longer, "samplers": samplers, "bake": bake}


if __name__ == "__main__":
    run_tables(TABLES, __doc__)
