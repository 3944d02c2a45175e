"""Time the rows of the scoreboard of photographs, and early exits, in ONNX Runtime, in turn.

Run as `python benchmarks/small_photographs.py` on a quiet machine (a minute or two). It needs no
pictures: how long a network takes does not depend on what it sees. Each file takes turns with
the uncompressed ResNet-8 in one run, on one thread; the clock counts the thread's processor time.
"""

import sys
import time

import numpy as np
import torch

from labcode.counting import count, count_parameters
from labcode.early_exit import OnnxExits, stage_files
from labcode.models import exit_macs
from labcode.runtime import Timing, onnx_session, time_in_turn, times_as_long
from labcode.studies.cifar10.board import EXITS
from labcode.studies.cifar10.exits import with_exits
from labcode.studies.cifar10.shapes import FILES, Runs
from labcode.studies.cifar10.stored import SHAPE, whole
from labcode.studies.cifar10.tables import EXIT_TIMES, STUDY, TIMES
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


def leaving() -> list[Row]:
    """Return how long a picture takes that leaves at each exit, and the network in one file.

    ``share`` is the time as a part of the whole network's, with its 95 % interval; all four take
    turns. The network's row has exit 0.
    """
    network = with_exits(whole(0)).eval()
    files, last = stage_files(network), len(network.exits) - 1
    noise = np.random.default_rng(0).random((1, *SHAPE), dtype=np.float32)
    candidates = {0: answering(FILES["whole"].file())}
    for place in range(last + 1):  # thresholds that send each picture to just this exit
        leave = OnnxExits(files, [2.0] * place + [0.0] * (last - place))
        candidates[place + 1] = lambda leave=leave: leave(noise)
    found = time_in_turn(candidates, runs=RUNS, warmup=20, clock=time.thread_time)
    macs = {0: count(whole(0), SHAPE).macs, **dict(enumerate(exit_macs(network), start=1))}
    rows = []
    for place, timing in found.items():
        ratio = times_as_long(timing.seconds, found[0].seconds)
        low, high = timing.quartiles_ms
        row = {"exit": place, "macs": macs[place], "ms": timing.median_ms}
        row |= {"quarter_ms": low, "three_quarters_ms": high}
        rows.append(row | {"share": ratio.value, "share_low": ratio.low, "share_high": ratio.high})
    return rows


def main() -> int:
    """Measure all files and exits, or with `exits` behind the name these alone; store them."""
    torch.set_num_threads(1)
    load = load_average()
    facts = {"threads": 1, "runs": RUNS, "clock": "processor time of the thread"}
    keep(STUDY, EXIT_TIMES, leaving, leaving(), **facts, load_average=load)
    if "exits" in sys.argv[1:]:
        return 0
    baseline = FILES["whole"].file()
    keep(
        STUDY,
        TIMES,
        timed,
        [*(timed(name, runs, baseline) for name, runs in FILES.items()), untimed()],
        **facts,
        load_average=load,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
