"""Milliseconds of whole networks in ONNX Runtime: float32 and int8, on one thread and on two.

Run as `python benchmarks/clock.py` (some minutes on a quiet machine), or name a table. Writes

- clock_processor.csv: all networks on one thread, by the processor time of that thread, which
  counts only while it runs;
- clock_wall.csv: all networks on one thread and on two, by the clock on the wall;
- clock_spinning.csv: some networks on two threads, alone and in turn with the others, where
  threads without work sleep and where they do not.

The last two need a machine with nothing else to do.

All candidates of a table take turns, so that other work on the machine strikes them alike: trust
the ratio of a round more than a time. The networks are untrained and int8 is calibrated on noise:
neither changes which operations run, and so hardly the time.
"""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import product

import torch

from labcode import counting
from labcode.runtime import Timing, onnx_session, ready_to_run, time_in_turn, to_int8, to_onnx
from labcode.studies.clock.networks import NETWORKS, WAITING, Network
from labcode.studies.clock.tables import PROCESSOR, SPINNING, STUDY, WALL
from labcode.studies.definition import Row
from labcode.studies.timings import eight_bit_products, keep, load_average
from labcode.training import seeded

FORMS = ("float32", "int8")
ROUNDS, WALL_ROUNDS, WARMUP = 60, 30, 2
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
    """Every network on one thread, by its processor time."""
    return in_turn(NETWORKS, (1,), ROUNDS, time.thread_time)


def wall() -> list[Row]:
    """Every network on one thread and on two, by the clock on the wall."""
    return in_turn(NETWORKS, (1, 2), WALL_ROUNDS, time.perf_counter)


def spinning() -> list[Row]:
    """Some networks on two threads, each alone and in turn with the others, wall clock."""
    made = {network: files(network)[0]["float32"] for network in WAITING}
    rows = []
    for spins in (False, True):
        runs = {
            network.id: ready_to_run(
                onnx_session(file, threads=2, spinning=spins), noise(network, 1).numpy()
            )
            for network, file in made.items()
        }
        alone = {name: timed({name: run})[name] for name, run in runs.items()}
        rows += [
            {"network": name, "spinning": spins, "beside": beside} | times(found[name])
            for beside, found in (("nothing", alone), ("others", timed(runs)))
            for name in runs
        ]
    return rows


def timed(runs: Mapping[str, Callable[[], object]]) -> dict[str, Timing]:
    """Time what takes turns, by the clock on the wall."""
    return time_in_turn(runs, runs=WALL_ROUNDS, warmup=WARMUP)


def in_turn(
    networks: Sequence[Network], threads: Sequence[int], rounds: int, clock: Callable[[], float]
) -> list[Row]:
    """Each network in both forms, all in turn."""
    made = {network: files(network) for network in networks}
    keys = list(product(networks, FORMS, threads))
    runs = {
        f"{network.id}, {form}, {n}": ready_to_run(
            onnx_session(made[network][0][form], threads=n), noise(network, 1).numpy()
        )
        for network, form, n in keys
    }
    found = time_in_turn(runs, runs=rounds, warmup=WARMUP, clock=clock)
    return [
        {"network": network.id, "form": form, "threads": n}
        | made[network][1]
        | {"bytes": len(made[network][0][form])}
        | times(found[f"{network.id}, {form}, {n}"])
        for network, form, n in keys
    ]


def times(timing: Timing) -> Row:
    """Median and quartiles, and the time of each round: they make the ratios."""
    low, high = timing.quartiles_ms
    values = {"median_ms": timing.median_ms, "low_ms": low, "high_ms": high}
    rounds = " ".join(f"{1e3 * seconds:.4g}" for seconds in timing.seconds)
    return {name: f"{value:.4g}" for name, value in values.items()} | {"rounds_ms": rounds}


TABLES = {
    PROCESSOR: (processor, [1], ROUNDS, "processor time of the thread"),
    WALL: (wall, [1, 2], WALL_ROUNDS, "wall"),
    SPINNING: (spinning, [2], WALL_ROUNDS, "wall"),
}


def main() -> None:
    """Measure the tables named, or all, and write them."""
    names = [table.name for table in TABLES]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", help=f"from {', '.join(names)}; none means all")
    chosen = parser.parse_args().tables or names
    torch.set_num_threads(1)
    for table, (function, threads, rounds, clock) in TABLES.items():
        if table.name in chosen:
            facts = {
                "threads": threads,
                "rounds": rounds,
                "clock": clock,
                "load_average": load_average(),
                "vnni": eight_bit_products(),
                "weights": "random; int8 calibrated on noise",
                "time": "median of the rounds with quartiles, warm; all candidates in turn",
            }
            print(keep(STUDY, table, function, function(), **facts))


if __name__ == "__main__":
    main()
