"""Measure what int8 saves in ONNX Runtime: bytes of the file, and time beside float32.

Run as `python benchmarks/quantization.py` on a quiet machine (about two minutes). Writes
quantization_latency.csv and quantization_kernels.csv. One thread; the float32 and the int8 form of
a network in turn, warm. The clock counts this thread's processor time, so that other work on the
machine does not count; the times of single layers come from the runtime's own profile, which has no
such clock.

LeNet-5 and the small CNN are the trained baselines. ResNet-18 and MobileNetV2 have random weights:
a time does not depend on what the weights are, and nothing is said about their accuracy.
"""

import argparse
import json
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

import torch
from torch import nn

import labcode
from labcode import data
from labcode._origin import cpu_facts
from labcode.models import mobilenet_v2, resnet18
from labcode.quantization import fold_batch_norm
from labcode.runtime import (
    Timing,
    onnx_session,
    ready_to_run,
    saturates,
    time_in_turn,
    to_int8,
    to_onnx,
)
from labcode.studies.definition import Row
from labcode.studies.quantization.tables import KERNELS, LATENCY, STUDY
from labcode.studies.timings import eight_bit_products, keep, load_average
from labcode.weights import baselines

DIGIT, PHOTO = (1, 28, 28), (3, 224, 224)
CASES = (  # network, shape of an image, images in a batch, timed runs of each form
    ("lenet5", DIGIT, 1, 500),
    ("lenet5", DIGIT, 100, 60),
    ("small_cnn", DIGIT, 1, 500),
    ("small_cnn", DIGIT, 100, 60),
    ("mobilenet_v2", PHOTO, 1, 40),
    ("resnet18", PHOTO, 1, 30),
)
PROFILED = 500  # runs
WITH_WEIGHTS = ("Conv", "Gemm", "FusedGemm", "FusedConv", "QLinearConv", "QGemm")


def network(name: str, shape: tuple[int, ...]) -> nn.Module:
    """A network in evaluation mode with its batch norm folded."""
    torch.manual_seed(0)
    if name in ("mobilenet_v2", "resnet18"):
        return fold_batch_norm({"mobilenet_v2": mobilenet_v2, "resnet18": resnet18}[name](), shape)
    return fold_batch_norm(baselines.load(name, seed=0), shape)


def images(shape: tuple[int, ...], count: int) -> torch.Tensor:
    """Digits for the small networks, noise for the large ones."""
    if shape == DIGIT:
        return data.load("mnist5k").train.images[:count]
    return torch.rand(count, *shape, generator=torch.Generator().manual_seed(0))


def files(model: nn.Module, x: torch.Tensor, batch: int) -> dict[str, bytes]:
    """The float32 and the int8 form of a network.

    The weights have 7 of their 8 bits: right on any processor, and no slower.
    """
    return {
        "float32": to_onnx(model, x.shape[1:], batch=batch),
        "int8": to_int8(model, x, batch=batch),
    }


def latencies() -> list[Row]:
    """All cases, one after the other."""
    return [case(*setting) for setting in CASES]


def case(name: str, shape: tuple[int, ...], batch: int, runs: int) -> Row:
    """One network's float32 and int8 form, in turn on the same images."""
    model, x = network(name, shape), images(shape, max(batch, 4))
    made = files(model, x, batch)
    ready = {n: ready_to_run(onnx_session(file), x[:batch].numpy()) for n, file in made.items()}
    found = time_in_turn(ready, runs=runs, warmup=10, clock=time.thread_time)
    row: Row = {
        "network": name,
        "weights": "random" if shape == PHOTO else "trained",
        "pixels": shape[-1],
        "batch": batch,
        "macs": labcode.count(model, shape).macs,
    }
    for form, timing in found.items():
        row |= {f"{form}_bytes": len(made[form])} | times(timing, form)
    ratio = found["float32"].median_ms / found["int8"].median_ms
    return row | {"faster": f"{ratio:.4g}"}


def times(timing: Timing, form: str) -> Row:
    """The columns of one candidate."""
    low, high = timing.quartiles_ms
    values = {"median_ms": timing.median_ms, "low_ms": low, "high_ms": high}
    return {f"{form}_{name}": f"{value:.4g}" for name, value in values.items()}


def kernels() -> list[Row]:
    """Where the time goes in the small networks, layer by layer, for one image."""
    rows: list[Row] = []
    for name in ("lenet5", "small_cnn"):
        model, x = network(name, DIGIT), images(DIGIT, 4)
        found = {form: profile(file, x[:1]) for form, file in files(model, x, 1).items()}
        layers = [n for n, m in model.named_modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
        for place, layer in enumerate([*layers, "between"]):
            times_ = {f"{form}_us": round(found[form][place], 1) for form in found}
            rows.append({"network": name, "layer": layer} | times_)
    return rows


def profile(file: bytes, x: torch.Tensor) -> list[float]:
    """Median microseconds of each layer with weights in turn, then of all the rest together."""
    with tempfile.TemporaryDirectory() as folder:
        session = onnx_session(file, profile=f"{folder}/run")
        entry = {session.get_inputs()[0].name: x.numpy()}
        for _ in range(PROFILED):
            session.run(None, entry)
        events = json.loads(Path(session.end_profiling()).read_text())
    spent = defaultdict(list)
    for event in events:
        if event["name"].endswith("_kernel_time"):
            spent[event["name"], event["args"]["op_name"]].append(event["dur"])
    layers = [median(v) for (_, kind), v in spent.items() if kind in WITH_WEIGHTS]
    rest = sum(median(v) for (_, kind), v in spent.items() if kind not in WITH_WEIGHTS)
    return [*layers, rest]


def facts() -> Row:
    """What a reader needs to know about all tables."""
    flags = cpu_facts().get("flags", "").split()
    return {
        "vector_instructions": [
            f for f in ("avx2", "avx512f", "avx_vnni", "avx512_vnni") if f in flags
        ],
        "vnni": eight_bit_products(),
        "int8_sums_saturate": saturates(),
        "threads": 1,
        "runs": {f"{name}, {batch}": runs for name, _, batch, runs in CASES},
        "profiled_runs": PROFILED,
        "clock": "processor time of the thread",
        "load_average": load_average(),
        "time": "median of the runs, warm; latencies of float32 and int8 in turn",
    }


TABLES = ((LATENCY, latencies), (KERNELS, kernels))


def main() -> None:
    """Measure the tables named, or all, and write them."""
    names = [table.name for table, _ in TABLES]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", help=f"from {', '.join(names)}; none means all")
    chosen = parser.parse_args().tables or names
    known = facts()
    torch.set_num_threads(1)
    for table, function in TABLES:
        if table.name in chosen:
            print(keep(STUDY, table, function, function(), **known).read_text())


if __name__ == "__main__":
    main()
