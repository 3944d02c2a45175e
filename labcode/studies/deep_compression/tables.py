"""The tables of the chapter *Deep Compression*, with their settings."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labcode.coding.pipeline import SOFT
from labcode.papers import published
from labcode.studies.deep_compression import kept, taught, trials
from labcode.studies.definition import Outcome, Row, Study, Table, Weights, grid
from labcode.studies.scoreboard import techniques
from labcode.studies.scoreboard.techniques import Technique

SEEDS = (0, 1, 2)
DATA = "mnist5k, 3500 training images"
LENET5_LESSONS: Row = {
    "network": "lenet5",
    "rounds": ((0.2, 1), (0.08, 1), (0.04, 2), (0.018, 6)),
    "packed": (0.04, 0.018),
    "bits": 3,
}
NAMES = {"lenet5": "LeNet-5", "lenet_300_100": "LeNet-300-100"}  # in papers


def curve_outcome(network: str, seed: int) -> Outcome:
    """Run `trials.curve_trial`; the run of seed 0 leaves its packed files behind."""
    return _with_files(trials.curve_trial, seed, network=network)


def taught_outcome(seed: int, teachers: str) -> Outcome:
    """Run `taught.taught_trial`; the run of seed 0 leaves its packed files behind."""
    return _with_files(taught.taught_trial, seed, teachers=teachers)


def _with_files(function: Callable[..., list[Row]], seed: int, **setting: Any) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        rows = function(seed=seed, **setting, files=Path(folder) if seed == 0 else None)
        about = {"seed": seed, "dataset": "mnist5k"}
        return Outcome(
            rows,
            {
                path.name: Weights(path.read_bytes(), kept.facts_of(path.name) | about)
                for path in Path(folder).iterdir()
            },
        )


def curve(network: str) -> Table:
    """Return the table of a network that is pruned in rounds, shared and packed."""
    return Table(
        f"deep_compression_{network}",
        curve_outcome,
        grid(network=[network], seed=SEEDS),
        facts={
            "data": DATA,
            "epochs_a_round": trials.EPOCHS[network],
            "epochs_of_centroids": trials.SHARE_EPOCHS[network],
        },
    )


def lessons(teachers: str, function: Callable[..., list[Row] | Outcome]) -> Table:
    """Return the table of LeNet-300-100 that is taught while it is pruned."""
    return Table(
        f"deep_compression_taught_by_{teachers}",
        function,
        grid(seed=SEEDS, teachers=[teachers]),
        facts={
            "data": f"{DATA}, {taught.COPIES} changed copies of each",
            "rounds": taught.ROUNDS,
        },
    )


def final_part(network: str, runs: Any) -> float:
    """Return the share of weights of the final setting: size decides, not accuracy.

    It is the mildest round whose file, with each seed, is smaller than that of soft weight-sharing.
    So neither validation nor test is asked which round looks best. (Later papers go further.)

    Args:
        network: "lenet5" or "lenet_300_100".
        runs: Its table.

    Source: Soft weight-sharing (arXiv:1702.04008), table 1, for that file.
    """
    asked = published.table("soft_weight_sharing").set_index("model")["value"]
    smallest = runs.dropna(subset="ratio").groupby("part")["ratio"].min()
    return float(smallest[smallest > float(asked[NAMES[network]])].index.max())


def scoreboard_rows(lenet5: Any, lenet_300_100: Any, taught_300_100: Any) -> list[Row]:
    """Return the rows of the paper's setting with its file, and those of our final files."""
    rows: list[Row] = []
    for network, curve_runs, final_runs in (
        ("lenet5", lenet5, lenet5),
        ("lenet_300_100", lenet_300_100, taught_300_100),
    ):
        paper, final = techniques.PAPER_FILES[network], techniques.FINAL_FILES[network]
        rows += _rows(paper, curve_runs, kept.PAPER, "bytes_huffman")
        rows += _rows(final, final_runs, final_part(network, final_runs), "bytes_on_disk")
    return rows


def _rows(technique: Technique, runs: Any, part: float, size: str) -> list[Row]:
    """Return a row for each seed, from the round that keeps a part of the weights.

    Args:
        technique: Whose rows they are.
        runs: The table of a trial.
        part: Part of the weights.
        size: The table's column with the bytes of the file.
    """
    return [
        {
            **technique.key,
            "seed": int(row["seed"]),
            "test_accuracy": row["test_accuracy"],
            "params": int(row["params"]),
            "macs": int(row["macs"]),
            "bytes_on_disk": int(row[size]),
        }
        for row in runs[runs["part"] == part].to_dict("records")
    ]


LENET_300_100, LENET5 = curve("lenet_300_100"), curve("lenet5")
# LeNet-300-100 taught by three LeNet-5, and the control: as many steps, its own teacher.
TAUGHT_BY_LENET5 = lessons("lenet5", taught_outcome)
TAUGHT_BY_ITSELF = lessons("itself", taught.taught_trial)
# LeNet-5 taught by all three LeNet-5 together, for as long as the small network was.
LENET5_TAUGHT = Table(
    "deep_compression_lenet5_taught",
    taught.taught_trial,
    [{"seed": seed, "teachers": "lenet5", **LENET5_LESSONS} for seed in SEEDS],
    facts={"data": f"{DATA}, {taught.COPIES} changed copies of each"},
)
# Its control: dense, and as many passes as the smallest file had.
LENET5_DENSE = Table(
    "deep_compression_lenet5_dense",
    taught.dense_trial,
    grid(
        teachers=["lenet5"],
        network=["lenet5"],
        passes=[sum(more for _, more in LENET5_LESSONS["rounds"])],
        seed=SEEDS,
    ),
    facts=LENET5_TAUGHT.facts,
)
INITS = Table(
    "deep_compression_inits",
    trials.init_trial,
    grid(network=["lenet_300_100"], seed=SEEDS),
    facts={"data": DATA, "kept": kept.PAPER},
)
# LeNet-300-100 without one of the two additions: no teacher, or plain magnitude.
CONTROLS = Table(
    "deep_compression_controls",
    trials.curve_trial,
    [
        *grid(soft=[0.0], pressure=[0.5], network=["lenet_300_100"], seed=SEEDS),
        *grid(soft=[SOFT], pressure=[0.0], network=["lenet_300_100"], seed=SEEDS),
    ],
    facts={"data": DATA, "epochs_a_round": trials.EPOCHS["lenet_300_100"]},
)
SCOREBOARD = Table(
    "scoreboard_deep_compression",
    needs=(LENET5, LENET_300_100, TAUGHT_BY_LENET5),
    gather=scoreboard_rows,
    facts={"data": DATA, "tables": [LENET5.name, LENET_300_100.name, TAUGHT_BY_LENET5.name]},
)
STUDY = Study(
    "deep_compression",
    (
        LENET_300_100,
        LENET5,
        TAUGHT_BY_LENET5,
        TAUGHT_BY_ITSELF,
        LENET5_TAUGHT,
        LENET5_DENSE,
        INITS,
        CONTROLS,
        SCOREBOARD,
    ),
)
