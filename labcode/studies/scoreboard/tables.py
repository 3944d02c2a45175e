"""The scoreboard, and its rows that no other study has: techniques one after the other."""

from __future__ import annotations

from typing import Any

from labcode.studies.blocks.tables import SCOREBOARD as BLOCKS
from labcode.studies.deep_compression.tables import LENET5_TAUGHT
from labcode.studies.deep_compression.tables import SCOREBOARD as DEEP_COMPRESSION
from labcode.studies.definition import Export, Row, Study, Table, TimedTable, grid
from labcode.studies.distillation.tables import SCOREBOARD as DISTILLATION
from labcode.studies.early_exit.tables import SCOREBOARD as EARLY_EXIT
from labcode.studies.low_rank.tables import SCOREBOARD as LOW_RANK
from labcode.studies.pruning.tables import SCOREBOARD as PRUNING
from labcode.studies.quantization.tables import SCOREBOARD as QUANTIZATION
from labcode.studies.scoreboard import combinations, page_data, techniques

SEEDS = (0, 1, 2)
COLUMNS = ["seed", "validation_accuracy", "test_accuracy", "params", "macs", "bytes_on_disk"]
WHOLE = {"params": int, "macs": int, "bytes_on_disk": int}  # empty for the dense network


def combination_rows(network: str, seed: int) -> list[Row]:
    """Run `combinations.combination_rows`, which knows one network."""
    assert network == combinations.NETWORK
    return combinations.combination_rows(seed)


def taught_rows(runs: Any) -> list[Row]:
    """Return the smallest packed LeNet-5 that three LeNet-5 taught, from its table."""
    smallest = runs[runs["part"] == runs["part"].min()].astype(WHOLE)[COLUMNS]
    named = smallest.assign(**techniques.TAUGHT_PACKED.key)
    return [dict(row) for row in named.to_dict("records")]


# Half of LeNet-5's filters with what comes after; and the whole LeNet-5, from its table.
COMBINATIONS = Table(
    "scoreboard_combinations",
    combination_rows,
    grid(network=[combinations.NETWORK], seed=SEEDS),
    (LENET5_TAUGHT,),
    gather=taught_rows,
    facts={
        "data": "mnist5k: 3500 training, 500 validation and 1000 test images, augmented",
        "taught by three": f"from {LENET5_TAUGHT.name}",
    },
)
# Every technique's rows, in the order of the book.
GATHERED = (
    PRUNING,
    DISTILLATION,
    QUANTIZATION,
    DEEP_COMPRESSION,
    LOW_RANK,
    BLOCKS,
    EARLY_EXIT,
    COMBINATIONS,
)
SCOREBOARD = TimedTable("scoreboard", "benchmarks/scoreboard.py", GATHERED)
PAGE = Export("compare_techniques", page_data.page_data, (SCOREBOARD,))
STUDY = Study("scoreboard", (COMBINATIONS, SCOREBOARD), (PAGE,))
