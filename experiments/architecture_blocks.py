"""Train blocks at equal multiply-adds, low-rank layers and small MobileNets over seeds.

Run as `python experiments/architecture_blocks.py` (about half an hour on one core), or with the
names of some tables. Writes architecture_*.csv, each with a JSON file beside it.
"""

from itertools import product

from record import measure, run_tables

from labcode.models import blocks
from labcode.studies.blocks import block_trials
from labcode.studies.low_rank import low_rank_trials
from labcode.studies.mobilenet import mobilenet_trials

SCRIPT = "experiments/architecture_blocks.py"
SEEDS = (0, 1, 2)
DECAY_SEEDS = range(5)  # the difference is small
DATA = "mnist5k: 3500 training, 500 validation and 1000 test images"
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


def low_rank() -> None:
    """LeNet-300-100 before and after fine-tuning, and LeNet-5 before it at a few ranks."""
    ranks = {"lenet_300_100": low_rank_trials.RANKS, "lenet5": low_rank_trials.FEW_RANKS}
    settings = [
        {"network": n, "closest": c, "rank": r, "seed": s, "mended": n == "lenet_300_100"}
        for n in ranks
        for s, r, c in product(SEEDS, ranks[n], low_rank_trials.CUTS)
    ]
    measure("architecture_low_rank", low_rank_trials.cut_rows, settings, script=SCRIPT, data=DATA)


def scratch() -> None:
    ranks = {"short": low_rank_trials.RANKS, "long": low_rank_trials.LONG_RANKS}
    settings = [
        {"network": "lenet_300_100", "rank": rank, "seed": seed, "budget": budget}
        for budget in ranks
        for seed, rank in product(SEEDS, ranks[budget])
    ]
    function = low_rank_trials.scratch_row
    measure("architecture_low_rank_scratch", function, settings, script=SCRIPT, data=DATA)


def multipliers() -> None:
    """Width at full resolution, and resolution at full width."""
    widths, sizes = mobilenet_trials.WIDTHS, mobilenet_trials.SIZES
    pairs = [*product(widths, sizes[:1]), *product(widths[:1], sizes[1:])]
    settings = [
        {"width_multiplier": width, "size": size, "seed": seed}
        for seed, (width, size) in product(SEEDS, pairs)
    ]
    facts = {"data": FEW, "epochs": mobilenet_trials.EPOCHS, "lr": mobilenet_trials.LR}
    function = mobilenet_trials.multiplier_row
    measure("architecture_multipliers", function, settings, script=SCRIPT, **facts)


def decay() -> None:
    settings = [
        {"where": where, "decay": mobilenet_trials.DECAY, "seed": seed}
        for seed, where in product(DECAY_SEEDS, mobilenet_trials.DECAYS)
    ]
    facts = {"data": FEW, "epochs": mobilenet_trials.EPOCHS, "lr": mobilenet_trials.LR}
    measure("architecture_decay", mobilenet_trials.decay_row, settings, script=SCRIPT, **facts)


TABLES = {
    "blocks": block_rows,
    "low_rank": low_rank,
    "scratch": scratch,
    "multipliers": multipliers,
    "decay": decay,
    "rates": rates,
}


if __name__ == "__main__":
    run_tables(TABLES, __doc__)
