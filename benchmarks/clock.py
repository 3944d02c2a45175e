"""Milliseconds of whole networks in ONNX Runtime: float32 and int8, one thread.

Run as `python benchmarks/clock.py` (about two minutes on a quiet machine). Writes
clock_processor.csv. All networks in both forms take turns, so that other work on the machine
strikes them alike: trust the ratio of a round more than a time. A time is that of the thread's
processor, which counts only while the thread runs. The networks are untrained and int8 is
calibrated on noise: neither changes which operations run, and so hardly the time.
"""

import time
from itertools import product

import torch

from labcode import counting
from labcode.runtime import Timing, onnx_session, ready_to_run, time_in_turn, to_int8, to_onnx
from labcode.studies.clock.networks import NETWORKS, Network
from labcode.studies.clock.tables import PROCESSOR, STUDY
from labcode.studies.definition import Row
from labcode.studies.timings import keep, load_average
from labcode.training import seeded

FORMS = ("float32", "int8")
ROUNDS, WARMUP = 60, 2
SEEN = 4  # images of noise that calibrate


def noise(network: Network, count: int = SEEN) -> torch.Tensor:
    """Images of a network's size, (count, 3, H, W)."""
    chance = torch.Generator().manual_seed(0)
    return torch.rand(count, 3, network.pixels, network.pixels, generator=chance)


def files(network: Network) -> tuple[dict[str, bytes], Row]:
    """The float32 and the int8 form of a network, and what it counts."""
    model, x = seeded(network.build, 0).eval(), noise(network)
    made = {"float32": to_onnx(model, x.shape[1:]), "int8": to_int8(model, x)}
    cost = counting.count(model, x.shape[1:])
    return made, {"pixels": network.pixels, "macs": cost.macs, "params": cost.params}


def processor() -> list[Row]:
    """Every network in both forms on one thread, all in turn."""
    made = {network: files(network) for network in NETWORKS}
    keys = list(product(NETWORKS, FORMS))
    runs = {
        f"{network.id}, {form}": ready_to_run(
            onnx_session(made[network][0][form]), noise(network, 1).numpy()
        )
        for network, form in keys
    }
    found = time_in_turn(runs, runs=ROUNDS, warmup=WARMUP, clock=time.thread_time)
    return [
        {"network": network.id, "form": form, "threads": 1}
        | made[network][1]
        | {"bytes": len(made[network][0][form])}
        | times(found[f"{network.id}, {form}"])
        for network, form in keys
    ]


def times(timing: Timing) -> Row:
    """Median and quartiles, and the time of each round: they make the ratios."""
    low, high = timing.quartiles_ms
    values = {"median_ms": timing.median_ms, "low_ms": low, "high_ms": high}
    rounds = " ".join(f"{1e3 * seconds:.4g}" for seconds in timing.seconds)
    return {name: f"{value:.4g}" for name, value in values.items()} | {"rounds_ms": rounds}


def main() -> None:
    """Measure the table, and write it."""
    load = load_average()
    torch.set_num_threads(1)
    facts = {
        "threads": [1],
        "rounds": ROUNDS,
        "clock": "processor time of the thread",
        "load_average": load,
        "weights": "random; int8 calibrated on noise",
        "time": "median of the rounds with quartiles, warm; all candidates in turn",
    }
    print(keep(STUDY, PROCESSOR, processor, processor(), **facts))


if __name__ == "__main__":
    main()
