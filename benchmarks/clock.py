"""Milliseconds of whole networks in ONNX Runtime: float32 and int8, on one thread and on two.

Run as `python benchmarks/clock.py` on a quiet machine (about ten minutes). Writes

- clock_processor.csv: one thread, by the processor time of that thread;
- clock_wall.csv: one thread and two, by the clock on the wall.

Name a table to measure it alone. All candidates of a table take turns, so that other work on the
machine strikes them alike: trust the ratio of a round more than a time. The networks are
untrained and int8 is calibrated on noise: neither changes which operations run, and so hardly the
time.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from functools import cache
from itertools import product

import torch

from labcode import counting
from labcode.runtime import Timing, onnx_session, ready_to_run, time_in_turn, to_int8, to_onnx
from labcode.studies.clock.networks import NETWORKS, Network
from labcode.studies.clock.tables import PROCESSOR, STUDY, WALL
from labcode.studies.definition import Row
from labcode.studies.timings import keep, load_average
from labcode.training import seeded

FORMS = ("float32", "int8")
ROUNDS, WARMUP = 60, 2
SEEN = 4  # images of noise that calibrate

Files = Mapping[str, dict[str, bytes]]


def noise(network: Network, count: int = SEEN) -> torch.Tensor:
    """Images of a network's size, (count, 3, H, W)."""
    chance = torch.Generator().manual_seed(0)
    return torch.rand(count, 3, network.pixels, network.pixels, generator=chance)


@cache
def files() -> tuple[Files, dict[str, Row]]:
    """The float32 and the int8 form of each network, and what each counts."""
    made, counts = {}, {}
    for network in NETWORKS:
        model, x = seeded(network.build, 0).eval(), noise(network)
        made[network.id] = {"float32": to_onnx(model, x.shape[1:]), "int8": to_int8(model, x)}
        cost = counting.count(model, x.shape[1:])
        counts[network.id] = {"pixels": network.pixels, "macs": cost.macs, "params": cost.params}
        print(network.label, {form: len(file) for form, file in made[network.id].items()})
    return made, counts


def on_threads(threads: tuple[int, ...], clock: Callable[[], float]) -> list[Row]:
    """Every network in both forms on so many threads, all in turn."""
    made, counts = files()
    images = {network.id: noise(network, 1).numpy() for network in NETWORKS}
    keys = list(product(made, FORMS, threads))
    runs = {
        str(key): ready_to_run(onnx_session(made[key[0]][key[1]], threads=key[2]), images[key[0]])
        for key in keys
    }
    found = time_in_turn(runs, runs=ROUNDS, warmup=WARMUP, clock=clock)
    return [
        {"network": name, "form": form, "threads": n}
        | counts[name]
        | {"bytes": len(made[name][form])}
        | times(found[str((name, form, n))])
        for name, form, n in keys
    ]


def times(timing: Timing) -> Row:
    """Median and quartiles, and the time of each round: they make the ratios."""
    low, high = timing.quartiles_ms
    values = {"median_ms": timing.median_ms, "low_ms": low, "high_ms": high}
    rounds = " ".join(f"{1e3 * seconds:.4g}" for seconds in timing.seconds)
    return {name: f"{value:.4g}" for name, value in values.items()} | {"rounds_ms": rounds}


def processor() -> list[Row]:
    """One thread, by its processor time."""
    return on_threads((1,), time.thread_time)


def wall() -> list[Row]:
    """One thread and two, by the clock on the wall."""
    return on_threads((1, 2), time.perf_counter)


TABLES = {
    PROCESSOR: (processor, [1], "processor time of the thread"),
    WALL: (wall, [1, 2], "wall"),
}


def main() -> None:
    """Measure the tables named, or all, and write them."""
    names = [table.name for table in TABLES]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", help=f"from {', '.join(names)}; none means all")
    chosen = parser.parse_args().tables or names
    torch.set_num_threads(1)
    for table, (function, threads, clock) in TABLES.items():
        if table.name in chosen:
            load, start = load_average(), time.perf_counter()
            rows = function()
            facts = {
                "threads": threads,
                "rounds": ROUNDS,
                "clock": clock,
                "load_average": load,
                "minutes": round((time.perf_counter() - start) / 60, 1),
                "weights": "random; int8 calibrated on noise",
                "time": "median of the rounds with quartiles, warm; all candidates in turn",
            }
            print(keep(STUDY, table, function, rows, **facts))


if __name__ == "__main__":
    main()
