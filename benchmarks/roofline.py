"""Measure the two roofs of this machine, and where convolutions stand under them.

Run as `python benchmarks/roofline.py` on a quiet machine (about two minutes). Writes
roofline.csv, which the chapter *Bytes and time* shows.

Every layer runs in ONNX Runtime, on one thread, as a stack of equal layers, and the time is
divided by their number: a single layer would spend most of a short time on entering and leaving
the runtime's own memory layout, which a network does once. All candidates run in turn.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import nn

from labcode import cost
from labcode.runtime import Timing, onnx_session, ready_to_run, time_in_turn, to_onnx
from labcode.studies.counting.tables import ROOFLINE, STUDY
from labcode.studies.timings import keep, load_average

FLOAT = 4  # bytes of a 32-bit float
MATMUL = 1024  # rows and columns: 12 MB in all, yet 341 FLOPs for each byte
DEPTH = 8  # equal layers in a stack
COPY = 2**26  # floats, 256 MiB: eight times the largest cache here, so it comes from memory

# (channels, height and width): the stages of MobileNet at 224 x 224, from its first to its last.
STAGES = ((32, 112), (64, 112), (128, 56), (256, 28), (512, 14), (1024, 7))
# Of each convolution its kernel and its groups. Groups of four channels: ResNeXt's first stage.
KINDS: dict[str, tuple[int, Callable[[int], int]]] = {
    "standard": (3, lambda channels: 1),
    "grouped": (3, lambda channels: channels // 4),
    "depthwise": (3, lambda channels: channels),
    "pointwise": (1, lambda channels: 1),
}

# One thread does all the work, so its own time leaves out what other programs took of the machine.
CLOCKS = {"wall": time.perf_counter, "cpu": time.thread_time}


@dataclass(frozen=True)
class Row:
    """One candidate: what it does, what it must move at least, and how long it takes."""

    kind: str
    layer: str
    channels: int
    size: int
    params: int
    macs: int
    bytes: int  # input, weights and output, each moved once
    run: Callable[[], object]
    repeats: int = 1  # how often one run does this


def convolution(kind: str, channels: int, size: int) -> Row:
    """A convolution that keeps channels and size, in a stack that is ready to run."""
    kernel, groups_of = KINDS[kind]
    padding, groups = kernel // 2, groups_of(channels)
    predicted = cost.conv2d(channels, channels, kernel, size, padding=padding, groups=groups)
    stack = nn.Sequential(
        *(
            nn.Conv2d(channels, channels, kernel, padding=padding, groups=groups, bias=False)
            for _ in range(DEPTH)
        )
    )
    images = np.random.default_rng(0).standard_normal((1, channels, size, size), np.float32)
    moved = FLOAT * (2 * images.size + predicted.params)
    run = ready_to_run(onnx_session(to_onnx(stack, images.shape[1:])), images)
    name, (params, macs) = f"{kind} {channels} @ {size}", (predicted.params, predicted.macs)
    return Row(kind, name, channels, size, params, macs, moved, run, DEPTH)


def matmul() -> Row:
    """A large square matrix product: as much arithmetic for each byte as one can hope for."""
    layer = nn.Linear(MATMUL, MATMUL, bias=False)
    rows = np.random.default_rng(0).standard_normal((1, 1, MATMUL, MATMUL), np.float32)
    run = ready_to_run(onnx_session(to_onnx(layer, rows.shape[1:])), rows)
    macs, moved = MATMUL**3, FLOAT * 3 * MATMUL**2
    return Row("matmul", f"matrix product {MATMUL}", MATMUL, MATMUL, MATMUL**2, macs, moved, run)


def copy() -> Row:
    """A copy from memory to memory: no arithmetic at all."""
    source, target = np.ones(COPY, np.float32), np.zeros(COPY, np.float32)
    moved = 2 * FLOAT * COPY  # read once and written once
    return Row("copy", "copy of 256 MiB", 0, 0, 0, 0, moved, lambda: np.copyto(target, source))


def table_row(row: Row, timing: Timing) -> dict[str, object]:
    """What the table says of one candidate."""
    hidden = ("run", "repeats")
    record = {name: value for name, value in vars(row).items() if name not in hidden}
    low, high = timing.quartiles_ms
    times = {"median_ms": timing.median_ms, "low_ms": low, "high_ms": high}
    return record | {name: f"{value / row.repeats:.4g}" for name, value in times.items()}


def measure(runs: int, clock: Callable[[], float]) -> list[dict[str, object]]:
    """Both roofs and every convolution, in turn."""
    rows = [matmul(), copy()]
    rows += [convolution(kind, *stage) for kind in KINDS for stage in STAGES]
    timings = time_in_turn({row.layer: row.run for row in rows}, runs=runs, clock=clock)
    return [table_row(row, timings[row.layer]) for row in rows]


def main() -> None:
    """Measure, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu: on a busy machine")
    arguments = parser.parse_args()
    facts = {
        "packages": ("onnxruntime", "torch", "numpy"),
        "threads": 1,
        "runs": arguments.runs,
        "clock": arguments.clock,
        "load_average": load_average(),
        "bytes": "input, weights and output as 32-bit floats, each moved once",
        "time": "median of the runs, with the quartiles; all candidates in turn, warm",
        "layers": f"in stacks of {DEPTH} equal layers, the time divided by {DEPTH}",
    }
    rows = measure(arguments.runs, CLOCKS[arguments.clock])
    print(keep(STUDY, ROOFLINE, measure, rows, **facts).read_text())


if __name__ == "__main__":
    main()
