"""Measure what blocks cost at equal multiply-adds, and where MobileNet spends its time.

Run as `python benchmarks/architecture.py` on a quiet machine (about two minutes). Writes
architecture_latency.csv, architecture_channels.csv and architecture_shares.csv. One thread;
the blocks in turn, warm, by the thread's processor time, so that other work on the machine does
not count. MobileNet's layers are timed by ONNX Runtime's own profiler.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

from labcode.counting import count
from labcode.models import mobilenet_v1
from labcode.models.blocks import BLOCKS, backbone, widths
from labcode.runtime import onnx_session, ready_to_run, time_in_turn, times_as_long, to_onnx
from labcode.studies.blocks import tables as blocks
from labcode.studies.blocks.block_trials import BUDGETS
from labcode.studies.definition import Row
from labcode.studies.mobilenet import tables as mobilenet
from labcode.studies.timings import keep, load_average

DIGIT = (1, 28, 28)
BATCHES = (1, 16)


def images(batch: int, shape: tuple[int, ...]) -> np.ndarray:
    """Random images, the same each time."""
    return np.random.default_rng(0).standard_normal((batch, *shape), dtype=np.float32)


def latencies(runs: int) -> list[Row]:
    """Each block at each budget, on one image and on sixteen; blocks of a budget in turn."""
    rows = []
    for budget in BUDGETS:
        models = {kind: backbone(kind, *widths(kind, budget)).eval() for kind in BLOCKS}
        for batch in BATCHES:
            ready = {
                kind: ready_to_run(
                    onnx_session(to_onnx(model, DIGIT, batch=batch)), images(batch, DIGIT)
                )
                for kind, model in models.items()
            }
            found = time_in_turn(ready, runs=runs, warmup=30, clock=time.thread_time)
            base = found["standard"].median_ms
            for kind, timing in found.items():
                low, high = timing.quartiles_ms
                values = {"median_ms": timing.median_ms, "low_ms": low, "high_ms": high}
                values["ratio"] = timing.median_ms / base
                row = {"kind": kind, "budget": budget, "batch": batch}
                row |= {"macs": count(models[kind], DIGIT).macs}
                rows.append(row | {name: f"{value:.4g}" for name, value in values.items()})
    return rows


def nearest(width: int, step: int = 8) -> int:
    """The nearest multiple of a number of channels, at least one; of two as near the lower.

    >>> [nearest(width) for width in (3, 20, 26, 91)]
    [8, 16, 24, 88]
    """
    return max(step, step * -(-(2 * width - step) // (2 * step)))


def channels(runs: int) -> list[Row]:
    """Each block at the widths that meet a budget, and at the nearest multiples of eight.

    ``ratio`` is the time against the standard block's of the same row of widths, with its 95 %
    interval, round by round. All networks of a budget take turns.
    """
    rows = []
    for budget in BUDGETS:
        sizes = {(kind, False): widths(kind, budget) for kind in BLOCKS}
        sizes |= {(kind, True): tuple(map(nearest, sizes[kind, False])) for kind in BLOCKS}
        models = {key: backbone(key[0], *size).eval() for key, size in sizes.items()}
        ready = {
            key: ready_to_run(onnx_session(to_onnx(model, DIGIT)), images(1, DIGIT))
            for key, model in models.items()
        }
        found = time_in_turn(ready, runs=runs, warmup=30, clock=time.thread_time)
        for (kind, eights), timing in found.items():
            against = times_as_long(timing.seconds, found["standard", eights].seconds)
            row = {"kind": kind, "budget": budget, "eights": eights}
            row |= dict(zip(("width1", "width2"), sizes[kind, eights], strict=True))
            row |= {"macs": count(models[kind, eights], DIGIT).macs}
            low, high = timing.quartiles_ms
            values = {"median_ms": timing.median_ms, "low_ms": low, "high_ms": high}
            values |= {"ratio": against.value, "ratio_low": against.low, "ratio_high": against.high}
            rows.append(row | {name: f"{value:.4g}" for name, value in values.items()})
    return rows


def kind_of(event: dict) -> str:
    """The kind of layer of a profiled kernel, by the shape of the weights that it reads."""
    operation = event["args"]["op_name"]
    if "Conv" not in operation:
        return "fully connected" if operation in ("Gemm", "MatMul") else "the rest"
    weight = next(iter(event["args"]["input_type_shape"][1].values()))  # (N, C / groups, k, k)
    if weight[2:] == [1, 1]:
        return "1x1"
    return "depthwise 3x3" if weight[1] == 1 else "3x3"


def shares(runs: int) -> list[Row]:
    """MobileNet's time by kind of layer: the median of each kernel over the runs, summed up."""
    seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        file = to_onnx(mobilenet_v1().eval(), (3, 224, 224))
        session = onnx_session(file, profile=str(Path(folder) / "mobilenet"))
        run = ready_to_run(session, images(1, (3, 224, 224)))
        for _ in range(runs):
            run()
        events = json.loads(Path(session.end_profiling()).read_text())
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("kernel_time"):
            seconds[event["name"], kind_of(event)].append(event["dur"] / 1e3)  # µs -> ms
    total: dict[str, float] = defaultdict(float)
    for (_, kind), times in seconds.items():
        total[kind] += statistics.median(times)
    return [{"kind": kind, "median_ms": f"{ms:.4g}"} for kind, ms in total.items()]


TABLES = (
    (blocks.STUDY, blocks.LATENCY, latencies, 400),
    (blocks.STUDY, blocks.CHANNELS, channels, 400),
    (mobilenet.STUDY, mobilenet.SHARES, shares, 60),
)
FACTS = {
    latencies: {"clock": "processor time", "time": "median of the runs, in turn, warm"},
    channels: {"clock": "processor time", "time": "median of the runs, in turn, warm"},
    shares: {"clock": "ONNX Runtime's profiler, wall time", "time": "median of each kernel"},
}


def main() -> None:
    """Measure the tables named, or all, and write them."""
    names = [table.name for _, table, _, _ in TABLES]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", help=f"from {', '.join(names)}; none means all")
    chosen = parser.parse_args().tables or names
    load = load_average()
    torch.set_num_threads(1)
    for study, table, function, runs in TABLES:
        if table.name in chosen:
            facts = FACTS[function] | {"threads": 1, "runs": runs, "load_average": load}
            print(keep(study, table, function, function(runs), **facts).read_text())


if __name__ == "__main__":
    main()
