"""Time the rows of the scoreboard of photographs in ONNX Runtime, in turn.

Run as `python benchmarks/small_photographs.py` on a quiet machine (a minute or two). It needs no
pictures: how long a network takes does not depend on what it sees. Each file takes turns with
the uncompressed ResNet-8 in one run, on one thread; the clock counts the thread's processor time.
"""

import sys
import time

import numpy as np
import torch

from labcode.counting import count_parameters
from labcode.early_exit import stage_files
from labcode.runtime import Timing, onnx_session, time_in_turn
from labcode.studies.cifar10.board import EXITS
from labcode.studies.cifar10.exits import with_exits
from labcode.studies.cifar10.shapes import FILES, Runs
from labcode.studies.cifar10.stored import SHAPE, whole
from labcode.studies.cifar10.tables import STUDY, TIMES
from labcode.studies.definition import Row
from labcode.studies.timings import keep, load_average

RUNS = 300


def answering(file: bytes):
    """Return a function that answers about one picture with each call."""
    session = onnx_session(file)
    (image,) = session.get_inputs()
    noise = np.random.default_rng(0).random((1, *SHAPE), dtype=np.float32)
    return lambda: session.run(None, {image.name: noise})


def in_turn(file: bytes, baseline: bytes) -> tuple[Timing, Timing]:
    """Time a file in turn with the baseline's; the baseline's own is as fast as itself."""
    candidates = {"baseline": answering(baseline)}
    if file != baseline:
        candidates["row"] = answering(file)
    found = time_in_turn(candidates, runs=RUNS, warmup=20, clock=time.thread_time)
    return found.get("row", found["baseline"]), found["baseline"]


def timed(name: str, runs: Runs, baseline: bytes) -> Row:
    """Return how long a file takes, and what it takes of memory."""
    file = runs.file()
    row, other = in_turn(file, baseline)
    return {
        "file": name,
        "params": count_parameters(runs.build()),
        "onnx_bytes": len(file),
        "activation_bytes": runs.activation_bytes(),
        "ms": row.median_ms,
        "p95_ms": row.p95_ms,
        "baseline_ms": other.median_ms,
        "baseline_p95_ms": other.p95_ms,
        "times_faster": other.median_ms / row.median_ms,
    }


def untimed() -> Row:
    """Return what the network with exits takes: how long depends on who leaves early."""
    network = with_exits(whole(0)).eval()
    size = sum(map(len, stage_files(network)))
    return {"file": EXITS, "params": count_parameters(network), "onnx_bytes": size}


def main() -> int:
    """Measure all files and store them."""
    torch.set_num_threads(1)
    load = load_average()
    baseline = FILES["whole"].file()
    keep(
        STUDY,
        TIMES,
        timed,
        [*(timed(name, runs, baseline) for name, runs in FILES.items()), untimed()],
        threads=1,
        runs=RUNS,
        clock="processor time of the thread",
        load_average=load,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
