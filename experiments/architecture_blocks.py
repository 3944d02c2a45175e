"""Train blocks at equal multiply-adds, low-rank layers and small MobileNets over seeds.

Run as `python experiments/architecture_blocks.py` (about half an hour on one core), or with the
names of some tables. Writes labcode/measured/architecture_*.csv, each with a JSON file beside it.
"""

import argparse
import sys
from itertools import product

from record import measure

from labcode.architecture import block_trials, blocks

SCRIPT = "experiments/architecture_blocks.py"
SEEDS = (0, 1, 2)
FEW = "mnist5k: 1000 training, 500 validation and 1000 test images"


def block_rows() -> None:
    settings = [
        {"kind": kind, "budget": budget, "seed": seed}
        for seed, budget, kind in product(SEEDS, block_trials.BUDGETS, blocks.BLOCKS)
    ]
    facts = {"data": FEW, "epochs": block_trials.EPOCHS, "lr": block_trials.LR}
    measure("architecture_blocks", block_trials.block_row, settings, script=SCRIPT, **facts)


def rates() -> None:
    """Try learning rates on the validation split, with a seed that no other table uses."""
    settings = [
        {"kind": kind, "budget": block_trials.BUDGETS[0], "lr": lr, "seed": 100}
        for lr, kind in product(block_trials.RATES, blocks.BLOCKS)
    ]
    facts = {"data": FEW, "epochs": block_trials.EPOCHS}
    measure("architecture_block_rates", block_trials.rate_row, settings, script=SCRIPT, **facts)


TABLES = {"blocks": block_rows, "rates": rates}


def main() -> int:
    """Make the tables named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", help=f"from {', '.join(TABLES)}; none means all")
    for name in parser.parse_args().tables or TABLES:
        TABLES[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
