"""Gather the scoreboard: every technique's rows, and what their files need to run.

Run as `python benchmarks/scoreboard.py` on a quiet machine (a few minutes). Reads the tables
scoreboard_* of the studies; stores the table `scoreboard` and what its page browses. Each file
takes turns with the uncompressed LeNet-5 in one run, on one thread; the clock counts the thread's
processor time.
"""

import sys
import time

import numpy as np
import torch

from labcode import data
from labcode.runtime import Timing, time_in_turn
from labcode.studies import runner, scoreboard
from labcode.studies.definition import Row
from labcode.studies.scoreboard import techniques
from labcode.studies.scoreboard.running import Deployed, Files
from labcode.studies.scoreboard.tables import PAGE, SCOREBOARD, STUDY
from labcode.studies.scoreboard.techniques import Technique
from labcode.studies.timings import keep, load_average

BASELINE = techniques.LENET5
RUNS = 1000

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
        p95 = {name: timing.p95_ms for name, timing in found.items()}
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


def main() -> int:
    """Measure all rows, store them, and write what the page browses."""
    torch.set_num_threads(1)
    load = load_average()
    images = data.load("mnist5k").test.images[::5].numpy()
    clock = Clock(images)
    rows = [clock.run(technique) for technique in techniques.ALL]
    keep(
        STUDY,
        SCOREBOARD,
        Clock.run,
        rows,
        threads=1,
        runs=RUNS,
        clock="processor time of the thread",
        load_average=load,
        time="median of the runs (mean for early exits); each row in turn with the uncompressed "
        "LeNet-5, warm, one test image after another; rows that run the same "
        "file share one measurement, and those that run the baseline's own are its equal",
    )
    runner.export(PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
