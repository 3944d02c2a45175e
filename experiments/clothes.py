"""Train the small networks of the architecture part on Fashion-MNIST, longer than on digits.

Run as `python experiments/clothes.py` (an hour and a half of one core; it downloads 30 MB the
first time), or with the names of some tables. Writes clothes_*.csv, each with a
JSON file beside it. The rates come first: the others take from their file the one that is best on
the validation split.
"""

from itertools import product
from typing import Any

from record import measure, run_tables
from small_networks import CHOICES, SHUFFLES, STANDARD

from labcode import studies
from labcode.data import DownloadError
from labcode.models import blocks
from labcode.studies.blocks import block_trials
from labcode.studies.clothes import clothes_trials
from labcode.studies.small_runs import N_TRAIN

SCRIPT = "experiments/clothes.py"
DATA = "fashion_mnist: {} training, 5000 validation and 10000 test images"
ABOUT: dict[str, Any] = {
    "script": SCRIPT,
    "data": DATA.format(clothes_trials.N_TRAIN),
    "epochs": clothes_trials.EPOCHS,
}
SEEDS = (0, 1, 2)
RATE_SEED = 100  # no other table uses it
SMALL = block_trials.BUDGETS[0]
RATED: tuple[tuple[str, dict[str, Any]], ...] = (
    *(("block", {"kind": kind, "budget": SMALL}) for kind in blocks.BLOCKS),
    ("shuffle", {"groups": 4, "shuffle": True}),
    ("se", STANDARD | {"placement": "none"}),
    ("se", STANDARD),
)


def rates() -> None:
    settings = [
        {"trial": trial, "lr": lr, "seed": RATE_SEED} | setting
        for lr, (trial, setting) in product(block_trials.RATES, RATED)
    ]
    measure("clothes_rates", clothes_trials.rate_row, settings, **ABOUT)


def best_rate(trial: str, **which: Any) -> float:
    """Return the rate that is best on the validation split; a mean over what is not told."""
    rows = studies.table("clothes_rates").query("trial == @trial")
    for column, value in which.items():
        rows = rows[rows[column] == value]
    return float(rows.groupby("lr")["validation_accuracy"].mean().idxmax())


def block() -> None:
    settings = [
        {"kind": kind, "budget": budget, "lr": best_rate("block", kind=kind), "seed": seed}
        for seed, budget, kind in product(SEEDS, block_trials.BUDGETS, blocks.BLOCKS)
    ]
    measure("clothes_blocks", clothes_trials.block_row, settings, **ABOUT)


def few() -> None:
    """The contest with as few images and steps as on digits, and their rate."""
    settings = [{"kind": kind, "seed": seed} for seed, kind in product(SEEDS, blocks.BLOCKS)]
    about = ABOUT | {"data": DATA.format(N_TRAIN), "epochs": block_trials.EPOCHS}
    measure("clothes_few", clothes_trials.few_row, settings, **about)


def shuffle() -> None:
    settings = [
        {"groups": groups, "shuffle": mixed, "lr": best_rate("shuffle"), "seed": seed}
        for seed, (groups, mixed) in product(SEEDS, SHUFFLES)
    ]
    measure("clothes_shuffle", clothes_trials.shuffle_row, settings, **ABOUT)


def se() -> None:
    settings = [
        choice | {"lr": best_rate("se"), "seed": seed} for seed, choice in product(SEEDS, CHOICES)
    ]
    measure("clothes_se", clothes_trials.se_row, settings, **ABOUT)


TABLES = {"rates": rates, "blocks": block, "few": few, "shuffle": shuffle, "se": se}


if __name__ == "__main__":
    try:
        clothes_trials.clothes()
    except DownloadError as error:
        print(f"Nothing was trained, the stored tables stay as they are: {error}")
    else:
        run_tables(TABLES, __doc__)
