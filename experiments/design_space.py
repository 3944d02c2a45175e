"""Train the design space of the chapter *Exploring a design space*, and search it.

Run as `python experiments/design_space.py` (some ten minutes of a quiet core), or with the
names of some tables. Writes labcode/measured/design_space_*.csv and the calculator's grid.
"""

import argparse
import sys
from itertools import product

from record import measure

from labcode.search import trials

SCRIPT = "experiments/design_space.py"
DATA = "mnist5k: 3500 training, 500 validation and 1000 test images"
SEEDS = (0, 1, 2)
RATES = (1e-2, 2e-2, 4e-2)


def rates() -> None:
    """Try learning rates on the validation split, for the kinds of network that differ most."""
    settings = [
        {"rate": rate, "squeeze_ratio": ratio, "bypass": bypass, "seed": 0}
        for rate, (ratio, bypass) in product(RATES, ((0.125, "plain"), (1.0, "complex")))
    ]
    measure("design_space_rates", trials.rate_row, settings, script=SCRIPT, data=DATA)


def grid() -> None:
    settings = [  # a whole grid with one seed first: a stopped sweep is of use
        {"squeeze_ratio": ratio, "expand3x3_share": share, "bypass": bypass, "seed": seed}
        for seed, share, ratio, bypass in product(
            SEEDS, trials.SHARES, trials.SQUEEZE_RATIOS, trials.BYPASSES
        )
    ]
    measure("design_space_grid", trials.grid_row, settings, script=SCRIPT, data=DATA)


TABLES = {"rates": rates, "grid": grid}


def main() -> int:
    """Make the tables named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", help=f"from {', '.join(TABLES)}; none means all")
    for name in parser.parse_args().tables or TABLES:
        TABLES[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
