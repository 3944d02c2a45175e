"""Gather the scoreboard: every technique's rows, and what their files need to run.

Run as `python benchmarks/scoreboard.py` on a quiet machine (a few minutes). Reads the tables
scoreboard_*.csv that the experiments wrote; writes scoreboard.csv with a JSON
file beside it, and bakes it for the page's calculator. Each file takes turns with the uncompressed
LeNet-5 in one run, on one thread; the clock counts the thread's processor time.
"""

import datetime
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import torch
from machine import machine

from labcode import data
from labcode.runtime.export.report import percentile_95
from labcode.runtime.latency import Timing, time_in_turn
from labcode.studies import scoreboard
from labcode.studies.scoreboard import techniques
from labcode.studies.scoreboard.running import Deployed, Files
from labcode.studies.scoreboard.techniques import Technique

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "labcode/studies/tables" / "scoreboard.csv"
GRID = ROOT / "labcode/pages/calculators" / "scoreboard_grid.py"
BASELINE = techniques.LENET5
RUNS = 1000

Row = dict[str, Any]
Timings = dict[str, Timing]


def described(technique: Technique) -> Row:
    """What is known of a row before it runs."""
    row = scoreboard.row_of(technique)
    return technique.key | {
        "kind": technique.kind.label,
        "seeds": len(row.accuracies),
        "test_accuracy": row.mean,
        "spread": row.spread,
        "params": row.params,
        "macs": row.macs,
        "bytes_on_disk": row.bytes_on_disk,
    }


class Clock:
    """Times files in turn with the baseline's, and the same files once."""

    def __init__(self, images: np.ndarray) -> None:
        """Export the baseline; ``images`` (N, 1, 28, 28) are answered one after another."""
        self.images = images
        self.baseline = BASELINE.deployed.files()
        self.timed: dict[Files, Timings] = {}

    def run(self, technique: Technique) -> Row:
        """Return a row of the scoreboard."""
        deployed = technique.deployed
        files = deployed.files()
        if files not in self.timed:
            self.timed[files] = self.in_turn(deployed, files)
        found = self.timed[files]
        spent = {name: deployed.spent_ms(timing) for name, timing in found.items()}
        p95 = {name: percentile_95(timing) for name, timing in found.items()}
        return described(technique) | {
            "onnx_bytes": sum(map(len, files)),
            "activation_bytes": deployed.activation_bytes(),
            "ms": spent["row"],
            "p95_ms": p95["row"],
            "baseline_ms": spent["baseline"],
            "baseline_p95_ms": p95["baseline"],
            "times_faster": spent["baseline"] / spent["row"],
            "times_faster_p95": p95["baseline"] / p95["row"],
        }

    def in_turn(self, deployed: Deployed, files: Files) -> Timings:
        """Time files in turn with the baseline's; the baseline's own are as fast as themselves."""
        candidates = {"baseline": BASELINE.deployed.answers(self.baseline, self.images)}
        if files != self.baseline:
            candidates["row"] = deployed.answers(files, self.images)
        found = time_in_turn(candidates, runs=RUNS, warmup=20, clock=time.thread_time)
        return {"row": found["baseline"]} | found


def bake(table: pd.DataFrame) -> None:
    """Write the rows that the page's calculator browses: the browser has no table reader."""
    columns = ["test_accuracy", "spread", "params", "macs", "bytes_on_disk", "onnx_bytes"]
    columns += ["activation_bytes", "times_faster", "times_faster_p95"]
    keys = table[["network", "technique"]].itertuples(index=False, name=None)
    names = [techniques.technique(*key).name for key in keys]
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
    load = os.getloadavg()[0]
    images = data.load("mnist5k").test.images[::5].numpy()
    clock = Clock(images)
    table = pd.DataFrame([clock.run(technique) for technique in techniques.ALL])
    table.to_csv(TARGET, index=False, float_format="%.6g", lineterminator="\n")
    made = {
        "script": "benchmarks/scoreboard.py",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "threads": 1,
        "runs": RUNS,
        "clock": "processor time of the thread",
        "load_average": round(load, 2),
        "machine": machine(),
        "versions": {
            "python": platform.python_version(),
            "onnxruntime": onnxruntime.__version__,
            "torch": torch.__version__,
        },
        "time": "median of the runs (mean for early exits); each row in turn with the uncompressed "
        "LeNet-5, warm, one test image after another; rows that run the same "
        "file share one measurement, and those that run the baseline's own are its equal",
    }
    TARGET.with_suffix(".json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    bake(pd.read_csv(TARGET))
    return 0


if __name__ == "__main__":
    sys.exit(main())
