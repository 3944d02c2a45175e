"""The tables of the small networks on Fashion-MNIST, with their settings.

The learning rates come first: the other tables take from them the one that is best on the
validation split. The first run downloads 30 MB.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from labcode.models import blocks
from labcode.studies.blocks import block_trials
from labcode.studies.clothes import clothes_trials
from labcode.studies.definition import Row, Study, Table
from labcode.studies.protocol import N_TRAIN
from labcode.studies.searches import best_rate, with_rates
from labcode.studies.senet.tables import CHOICES, STANDARD
from labcode.studies.shufflenet.tables import SHUFFLES

DATA = "fashion_mnist: {} training, 5000 validation and 10000 test images"
FACTS = {"data": DATA.format(clothes_trials.N_TRAIN), "epochs": clothes_trials.EPOCHS}
SEEDS = (0, 1, 2)
RATE_SEED = 100  # no other table uses it
SMALL = block_trials.BUDGETS[0]
HIGHER = (0.04, 0.08)
# The network without SE and those of other gates have rates of their own; all other choices of the
# SE block take that of the standard one.
OWN_RATE = (
    STANDARD | {"placement": "none"},
    STANDARD,
    *(STANDARD | {"gate": gate} for gate in ("tanh", "relu")),
)
RATED: tuple[tuple[str, Row], ...] = (
    *(("block", {"kind": kind, "budget": SMALL}) for kind in blocks.BLOCKS),
    ("shuffle", {"groups": 4, "shuffle": True}),
    *(("se", choice) for choice in OWN_RATE),
)


def block_settings(rates: Any) -> list[Row]:
    """Return every block at every budget, at its own best rate."""
    settings = [
        {"kind": kind, "budget": budget}
        for budget, kind in product(block_trials.BUDGETS, blocks.BLOCKS)
    ]
    rated = with_rates(rates, settings, lambda each: {"trial": "block", "kind": each["kind"]})
    return [setting | {"seed": seed} for seed, setting in product(SEEDS, rated)]


def shuffle_settings(rates: Any) -> list[Row]:
    """Return groups with and without a shuffle, at the best rate."""
    return [
        setting | {"lr": best_rate(rates, trial="shuffle"), "seed": seed}
        for seed, setting in product(SEEDS, SHUFFLES)
    ]


def se_rate(rates: Any, choice: Row) -> float:
    """Return the best rate of a choice of the SE block, or of the standard block."""
    return best_rate(rates, trial="se", **(choice if choice in OWN_RATE else STANDARD))


def se_settings(rates: Any) -> list[Row]:
    """Return the choices of the SE block, each at its rate."""
    return [
        choice | {"lr": se_rate(rates, choice), "seed": seed}
        for seed, choice in product(SEEDS, CHOICES)
    ]


RATES = Table(
    "clothes_rates",
    clothes_trials.rate_row,
    [
        {"trial": trial, "lr": lr, "seed": RATE_SEED} | setting
        for lr, (trial, setting) in product((*block_trials.RATES, *HIGHER), RATED)
    ],
    facts=FACTS,
)
BLOCKS = Table("clothes_blocks", clothes_trials.block_row, block_settings, (RATES,), facts=FACTS)
# The contest with as few images and steps as on digits, and their rate.
FEW = Table(
    "clothes_few",
    clothes_trials.few_row,
    [{"kind": kind, "seed": seed} for seed, kind in product(SEEDS, blocks.BLOCKS)],
    facts={"data": DATA.format(N_TRAIN), "epochs": block_trials.EPOCHS},
)
SHUFFLE = Table(
    "clothes_shuffle", clothes_trials.shuffle_row, shuffle_settings, (RATES,), facts=FACTS
)
SENET = Table("clothes_se", clothes_trials.se_row, se_settings, (RATES,), facts=FACTS)
STUDY = Study("clothes", (RATES, BLOCKS, FEW, SHUFFLE, SENET))
