"""Gather the scoreboard: every technique's rows, and what their files need to run.

Run as `python benchmarks/scoreboard.py` on a quiet machine (a few minutes). Reads the tables
scoreboard_*.csv that the experiments wrote; writes scoreboard.csv, and bakes it for the page's
calculator. Each file takes turns with the uncompressed LeNet-5 in one run, on one thread; the clock
counts the thread's processor time.
"""

import json
import sys
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from labcode import data, studies
from labcode.early_exit import OnnxExits, load_exits
from labcode.pages.drawing.networks import threshold
from labcode.runtime.export.report import percentile_95
from labcode.runtime.latency import Timing, onnx_session, time_in_turn
from labcode.studies import scoreboard
from labcode.studies.scoreboard.deployed import (
    BASELINES,
    activation_bytes,
    deployed_file,
    float_files,
)
from labcode.studies.scoreboard.tables import SCOREBOARD, STUDY
from labcode.studies.timings import keep, load_average

ROOT = Path(__file__).resolve().parent.parent
GRID = ROOT / "labcode/pages/calculators" / "scoreboard_grid.py"
KINDS = {  # in the order of the book
    "pruning": "pruning",
    "distillation": "distillation",
    "quantization": "quantization",
    "deep_compression": "prune, share and code",
    "low_rank": "low rank",
    "architecture": "efficient blocks",
    "early_exit": "early exit",
    "combinations": "combination",
}
RUNS = 1000

Row = dict[str, Any]
Files = tuple[bytes, ...]
Timings = dict[str, Timing]


def rows() -> list[Row]:
    """Every row of the book, the uncompressed networks first."""
    found = [
        described(name, "uncompressed", scoreboard.baseline_row(name), "uncompressed")
        for name in BASELINES
    ]
    for table, kind in KINDS.items():
        name = f"scoreboard_{table}"
        names = studies.table(name)[["network", "technique"]].drop_duplicates()
        for (network, technique), row in zip(
            names.itertuples(index=False), scoreboard.measured_rows(name), strict=True
        ):
            found.append(described(network, technique, row, kind))
    return found


def described(network: str, technique: str, row: scoreboard.Row, kind: str) -> Row:
    """What is known of a row before it runs."""
    return {
        "network": network,
        "technique": technique,
        "kind": kind,
        "seeds": len(row.accuracies),
        "test_accuracy": row.mean,
        "spread": row.spread,
        "params": row.params,
        "macs": row.macs,
        "bytes_on_disk": row.bytes_on_disk,
    }


def run(row: Row, images: np.ndarray, baseline: bytes, timed: dict[Files, Timings]) -> Row:
    """Time a row in turn with the uncompressed LeNet-5; the same files are timed once."""
    network, technique = row["network"], row["technique"]
    early = technique.startswith("early exit")
    files = float_files(network, technique) if early else (deployed_file(network, technique),)
    if files not in timed:
        timed[files] = in_turn(files, images, baseline)
    found = timed[files]
    median = {name: timing.median_ms for name, timing in found.items()}
    # Early exits take as long as the image needs, so what counts is the mean.
    mean = {name: 1e3 * sum(timing.seconds) / RUNS for name, timing in found.items()}
    spent = mean if early else median
    p95 = {name: percentile_95(timing) for name, timing in found.items()}
    return row | {
        "onnx_bytes": sum(map(len, files)),
        "activation_bytes": activation_bytes(network, technique),
        "ms": spent["row"],
        "p95_ms": p95["row"],
        "baseline_ms": spent["baseline"],
        "baseline_p95_ms": p95["baseline"],
        "times_faster": spent["baseline"] / spent["row"],
        "times_faster_p95": p95["baseline"] / p95["row"],
    }


def in_turn(files: Files, images: np.ndarray, baseline: bytes) -> Timings:
    """Time one file, or the stages of early exits, in turn with the baseline's file."""
    mine = one_file(files[0], images) if len(files) == 1 else early_exits(files, images)
    candidates = {"row": mine, "baseline": one_file(baseline, images)}
    return time_in_turn(candidates, runs=RUNS, warmup=20, clock=time.thread_time)


def one_file(file: bytes, images: np.ndarray) -> Callable[[], object]:
    """A function that answers about the next image."""
    session, following = onnx_session(file), cycle(images)
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: next(following)[None]})


def early_exits(files: tuple[bytes, ...], images: np.ndarray) -> Callable[[], object]:
    """The same for stages, of which the later ones run only if they are needed."""
    network, following = OnnxExits(files, threshold(load_exits())), cycle(images)
    return lambda: network(next(following)[None])


def bake(table: pd.DataFrame) -> None:
    """Write the rows that the page's calculator browses: the browser has no table reader."""
    columns = ["test_accuracy", "spread", "params", "macs", "bytes_on_disk", "onnx_bytes"]
    columns += ["activation_bytes", "times_faster", "times_faster_p95"]
    names = table["network"] + ", " + table["technique"]
    rows = table[columns].itertuples(index=False, name=None)
    lines = [
        '"""The scoreboard, written by benchmarks/scoreboard.py."""',
        "",
        "# Of each row: network and technique, and of which sort the technique is.",
        "NAMES = (",
        *(f"    ({written(n)}, {written(k)})," for n, k in zip(names, table["kind"], strict=True)),
        ")",
        "",
        f"# Of each row, in the same order: {', '.join(columns[:6])},",
        f"# {', '.join(columns[6:])}.",
        "NUMBERS = (",
        *(f"    ({', '.join(map(written, row))})," for row in rows),
        ")",
    ]
    GRID.write_text("\n".join(lines) + "\n", encoding="utf-8")


def written(value: str | float) -> str:
    """A value as Python writes it, to five digits."""
    return json.dumps(round(value, 5) if isinstance(value, float) else value, ensure_ascii=False)


def main() -> int:
    """Measure all rows and write them."""
    torch.set_num_threads(1)
    load = load_average()
    images = data.load("mnist5k").test.images[::5].numpy()
    baseline = deployed_file("lenet5", "uncompressed")
    timed: dict[Files, Timings] = {}
    table = pd.DataFrame([run(row, images, baseline, timed) for row in rows()])
    target = keep(
        STUDY,
        SCOREBOARD,
        run,
        table.to_dict("records"),
        threads=1,
        runs=RUNS,
        clock="processor time of the thread",
        load_average=load,
        time="median of the runs (mean for early exits); each row in turn with the uncompressed "
        "LeNet-5, warm, one test image after another; rows that run the same "
        "file share one measurement",
    )
    bake(pd.read_csv(target))
    return 0


if __name__ == "__main__":
    sys.exit(main())
