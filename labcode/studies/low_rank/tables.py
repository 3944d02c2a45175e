"""The tables of low-rank layers, with their settings."""

from __future__ import annotations

from itertools import product
from typing import Any

from labcode.studies.definition import Row, Study, Table
from labcode.studies.low_rank import low_rank_trials
from labcode.studies.scoreboard import techniques

SEEDS = (0, 1, 2)
DATA = "mnist5k: 3500 training, 500 validation and 1000 test images"
# LeNet-300-100 before and after fine-tuning, and LeNet-5 before it at a few ranks.
RANKS = {"lenet_300_100": low_rank_trials.RANKS, "lenet5": low_rank_trials.FEW_RANKS}
SCRATCH = {"short": low_rank_trials.RANKS, "long": low_rank_trials.LONG_RANKS}  # by budget
RATED = {"cut": (2, 8, 16, 64), "short": (2, 8, 16), "long": low_rank_trials.LONG_RANKS}  # by way
RATED_AT = tuple(2.0**power * 2e-3 for power in range(-5, 6))  # 0.0000625 to 0.064
COLUMNS = ("seed", "validation_accuracy", "test_accuracy", "params", "macs", "bytes_on_disk")


def scoreboard_rows(cuts: Any) -> list[Row]:
    """Take LeNet-300-100 with a low-rank first layer from its table, and weigh that shape."""
    from safetensors.torch import save

    from labcode import counting
    from labcode.studies.pruning.unit_trials import INPUT_SHAPE

    mended = cuts.query("network == 'lenet_300_100' and closest == 'answers' and epochs > 0")
    rows: list[Row] = []
    for rank, technique in techniques.RANKS.items():
        shape = low_rank_trials.cut_network("lenet_300_100", "weights", rank, 0)
        cost = counting.count(shape, INPUT_SHAPE)
        spent = {"macs": cost.macs, "bytes_on_disk": len(save(shape.state_dict()))}
        found = mended[mended["rank"] == rank].assign(**technique.key, **spent)
        rows += found[["network", "technique", *COLUMNS]].to_dict("records")
    return rows


CUTS = Table(
    "architecture_low_rank",
    low_rank_trials.cut_rows,
    [
        {"network": n, "closest": c, "rank": r, "seed": s, "mended": n == "lenet_300_100"}
        for n in RANKS
        for s, r, c in product(SEEDS, RANKS[n], low_rank_trials.CUTS)
    ],
    facts={"data": DATA},
)
FROM_SCRATCH = Table(
    "architecture_low_rank_scratch",
    low_rank_trials.scratch_row,
    [
        {"network": "lenet_300_100", "rank": rank, "seed": seed, "budget": budget}
        for budget in SCRATCH
        for seed, rank in product(SEEDS, SCRATCH[budget])
    ],
    facts={"data": DATA},
)
# On the validation split; the first layer was trained at 0.002.
RATES = Table(
    "architecture_low_rank_rates",
    low_rank_trials.rate_row,
    [
        {"network": "lenet_300_100", "way": way, "rank": rank, "lr": lr, "seed": seed}
        for way, ranks in RATED.items()
        for rank, lr, seed in product(ranks, RATED_AT, SEEDS)
    ],
    facts={"data": DATA},
)
SCOREBOARD = Table(
    "scoreboard_low_rank",
    needs=(CUTS,),
    gather=scoreboard_rows,
    facts={"data": f"{DATA}, augmented", "tables": [CUTS.name]},
)
STUDY = Study("low_rank", (CUTS, FROM_SCRATCH, RATES, SCOREBOARD))
