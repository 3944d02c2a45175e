"""Measure what int8 saves in ONNX Runtime: bytes of the file, and time beside float32.

Run as `python benchmarks/quantization.py` on a quiet machine (about two minutes). Writes
labcode/measured/quantization_latency.csv with a JSON file beside it. One thread; the float32 and
the int8 form of a network in turn, warm. The clock counts this thread's processor time, so that
other work on the machine does not count.

LeNet-5 and the small CNN are the trained baselines. ResNet-18 and MobileNetV2 have random weights:
a time does not depend on what the weights are, and nothing is said about their accuracy.
"""

import csv
import datetime
import json
import os
import platform
import sys
import time
from pathlib import Path

import onnxruntime
import torch
from torch import nn

import labcode
from labcode import baselines, data
from labcode.latency import Timing, onnx_bytes, onnx_session, ready_to_run, time_in_turn
from labcode.models import mobilenet_v2, resnet18
from labcode.quantization import fold_batch_norm, onnx_int8_bytes, saturates

TARGET = (
    Path(__file__).resolve().parent.parent / "labcode" / "measured" / "quantization_latency.csv"
)
DIGIT, PHOTO = (1, 28, 28), (3, 224, 224)
CASES = (  # network, shape of an image, images in a batch, timed runs of each form
    ("lenet5", DIGIT, 1, 500),
    ("lenet5", DIGIT, 100, 60),
    ("small_cnn", DIGIT, 1, 500),
    ("small_cnn", DIGIT, 100, 60),
    ("mobilenet_v2", PHOTO, 1, 40),
    ("resnet18", PHOTO, 1, 30),
)

Row = dict[str, object]


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


def case(name: str, shape: tuple[int, ...], batch: int, runs: int) -> Row:
    """One network's float32 and int8 form, in turn on the same images."""
    model, x = network(name, shape), images(shape, max(batch, 4))
    # 7 bits of the weights' 8: right on any processor, and no slower.
    files = {
        "float32": onnx_bytes(model, shape, batch=batch),
        "int8": onnx_int8_bytes(model, x, batch=batch, reduce_range=True),
    }
    ready = {n: ready_to_run(onnx_session(file), x[:batch].numpy()) for n, file in files.items()}
    found = time_in_turn(ready, runs=runs, warmup=10, clock=time.thread_time)
    row: Row = {
        "network": name,
        "weights": "random" if shape == PHOTO else "trained",
        "pixels": shape[-1],
        "batch": batch,
        "macs": labcode.count(model, shape).macs,
    }
    for form, timing in found.items():
        row |= {f"{form}_bytes": len(files[form])} | times(timing, form)
    ratio = found["float32"].median_ms / found["int8"].median_ms
    return row | {"faster": f"{ratio:.4g}"}


def times(timing: Timing, form: str) -> Row:
    """The columns of one candidate."""
    low, high = timing.quartiles_ms
    values = {"median_ms": timing.median_ms, "low_ms": low, "high_ms": high}
    return {f"{form}_{name}": f"{value:.4g}" for name, value in values.items()}


def provenance(load: float) -> Row:
    """How, when and on which machine the table was made."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    facts = dict(reversed([map(str.strip, line.split(":", 1)) for line in lines if ":" in line]))
    flags = facts.get("flags", "").split()
    versions = {"python": platform.python_version(), "onnxruntime": onnxruntime.__version__}
    return {
        "script": "benchmarks/quantization.py",
        "date": datetime.date.today().isoformat(),
        "machine": f"{facts.get('model name', platform.processor())}, {os.cpu_count()} cores",
        "vector_instructions": [
            f for f in ("avx2", "avx512f", "avx_vnni", "avx512_vnni") if f in flags
        ],
        "vnni": any("vnni" in flag for flag in flags),
        "int8_sums_saturate": saturates(),
        "threads": 1,
        "runs": {f"{name}, {batch}": runs for name, _, batch, runs in CASES},
        "clock": "processor time of the thread",
        "load_average": round(load, 2),
        "versions": versions | {"torch": torch.__version__},
        "time": "median of the runs; float32 and int8 of a network in turn, warm",
    }


def main() -> None:
    """Measure all cases and write the table."""
    load = os.getloadavg()[0]  # before this script adds its own
    torch.set_num_threads(1)
    rows = [case(*setting) for setting in CASES]
    with TARGET.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    TARGET.with_suffix(".json").write_text(json.dumps(provenance(load), indent=2) + "\n")
    sys.stdout.write(TARGET.read_text())


if __name__ == "__main__":
    main()
