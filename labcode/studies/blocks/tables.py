"""The tables of blocks at equal multiply-adds, with their settings."""

from __future__ import annotations

from itertools import product

from labcode.models import blocks
from labcode.studies.blocks import block_trials
from labcode.studies.definition import Row, Study, Table, TimedTable
from labcode.studies.scoreboard import techniques

SEEDS = (0, 1, 2)
RATE_SEEDS = (100, 101, 102)  # no other table uses them
FACTS = {
    "data": "mnist5k: 1000 training, 500 validation and 1000 test images",
    "epochs": block_trials.EPOCHS,
}
KINDS = {technique.id: kind for kind, technique in techniques.BLOCKS.items()}


def scoreboard_row(network: str, technique: str, seed: int) -> Row:
    """Run `block_trials.board_row` for a technique of the scoreboard, by its id."""
    return block_trials.board_row(KINDS[technique], seed)


# On the validation split.
RATES = Table(
    "architecture_block_rates",
    block_trials.rate_row,
    [
        {"kind": kind, "budget": block_trials.BUDGETS[0], "lr": lr, "seed": seed}
        for seed, lr, kind in product(
            RATE_SEEDS, (*block_trials.RATES, *block_trials.HIGHER), blocks.BLOCKS
        )
    ],
    facts=FACTS,
)
BLOCKS = Table(
    "architecture_blocks",
    block_trials.block_row,
    [
        {"kind": kind, "budget": budget, "seed": seed}
        for seed, budget, kind in product(SEEDS, block_trials.BUDGETS, blocks.BLOCKS)
    ],
    facts=FACTS | {"lr": block_trials.LR},
)
# Each block's small backbone, trained as the small CNN is trained, at one budget.
SCOREBOARD = Table(
    "scoreboard_architecture",
    scoreboard_row,
    [
        technique.key | {"seed": seed}
        for seed, technique in product(SEEDS, techniques.BLOCKS.values())
    ],
    facts={
        "data": "mnist5k: 3500 training, 500 validation and 1000 test images, augmented",
        "budget": block_trials.BUDGETS[0],
        "recipe": "small_cnn",
    },
)
LATENCY = TimedTable("architecture_latency", "benchmarks/architecture.py")
CHANNELS = TimedTable("architecture_channels", "benchmarks/architecture.py")
STUDY = Study("blocks", (RATES, BLOCKS, SCOREBOARD, LATENCY, CHANNELS))
