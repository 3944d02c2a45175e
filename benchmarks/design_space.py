"""Microseconds of all 36 designs of the chapter's design space in ONNX Runtime, one thread.

Run as `python benchmarks/design_space.py` on a quiet machine (about three minutes). Writes
design_space_times.csv. The designs are untrained and take turns on the same noise; time is the
processor time of the thread, so that other work on the machine counts little.
"""

import time
from itertools import product

import numpy as np
import torch

from labcode.models import small_squeezenet
from labcode.runtime import onnx_session, ready_to_run, time_in_turn, to_onnx
from labcode.studies.definition import Row
from labcode.studies.design_space import SPACE
from labcode.studies.design_space.tables import STUDY, TIMES
from labcode.studies.timings import keep, load_average

SHAPE = (1, 28, 28)
ROUNDS, WARMUP = 500, 10


def design(squeeze_ratio: float, expand3x3_share: float, bypass: str) -> bytes:
    """The file of an untrained design: weights do not change its time."""
    torch.manual_seed(0)
    model = small_squeezenet(
        squeeze_ratio=squeeze_ratio,
        expand3x3_share=expand3x3_share,
        bypass=None if bypass == "plain" else bypass,
    )
    return to_onnx(model.eval(), SHAPE)


def microseconds() -> list[Row]:
    """All designs in turn."""
    digit = np.random.default_rng(0).random((1, *SHAPE), dtype=np.float32)
    settings = [dict(zip(SPACE, chosen, strict=True)) for chosen in product(*SPACE.values())]
    runs = {
        str(number): ready_to_run(onnx_session(design(**setting)), digit)
        for number, setting in enumerate(settings)
    }
    found = time_in_turn(runs, runs=ROUNDS, warmup=WARMUP, clock=time.thread_time)
    rows = []
    for setting, timing in zip(settings, found.values(), strict=True):
        ms = (timing.median_ms, *timing.quartiles_ms)
        names = ("microseconds", "low", "high")
        rows.append(setting | {n: f"{1e3 * x:.4g}" for n, x in zip(names, ms, strict=True)})
    return rows


def main() -> None:
    """Measure the table, and write it."""
    load = load_average()
    torch.set_num_threads(1)
    facts = {
        "threads": 1,
        "rounds": ROUNDS,
        "clock": "processor time of the thread",
        "load_average": load,
        "time": "median of the rounds with quartiles, warm; all designs in turn",
    }
    print(keep(STUDY, TIMES, microseconds, microseconds(), **facts).read_text())


if __name__ == "__main__":
    main()
