"""The tables of the small networks on Fashion-MNIST, with their settings.

The learning rates come first: the other tables take from them the one that is best on the
validation split. The first run downloads 30 MB.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

from labcode.models import blocks
from labcode.studies.blocks import block_trials
from labcode.studies.clothes import clothes_trials
from labcode.studies.definition import Row, Study, Table
from labcode.studies.protocol import N_TRAIN
from labcode.studies.searches import with_rates
from labcode.studies.senet.tables import CHOICES
from labcode.studies.shufflenet.tables import SHUFFLES

DATA = "fashion_mnist: {} training, 5000 validation and 10000 test images"
FACTS = {"data": DATA.format(clothes_trials.N_TRAIN), "epochs": clothes_trials.EPOCHS}
SEEDS = (0, 1, 2)
RATE_SEED = 100  # no other table uses it
SMALL = block_trials.BUDGETS[0]
HIGHER = (0.04, 0.08)
RATED: tuple[tuple[str, Row], ...] = (
    *(("block", {"kind": kind, "budget": SMALL}) for kind in blocks.BLOCKS),
    *(("shuffle", shuffle) for shuffle in SHUFFLES),
    *(("se", choice) for choice in CHOICES),
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
    """Return groups with and without a shuffle, each at its own best rate."""
    return _rated("shuffle", SHUFFLES, rates)


def se_settings(rates: Any) -> list[Row]:
    """Return the choices of the SE block, each at its own best rate."""
    return _rated("se", CHOICES, rates)


def _rated(trial: str, networks: Iterable[Row], rates: Any) -> list[Row]:
    """Return the runs of the networks of a trial, each at the rate of its search."""
    rated = with_rates(rates, networks, lambda each: {"trial": trial, **each})
    return [setting | {"seed": seed} for seed, setting in product(SEEDS, rated)]


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
