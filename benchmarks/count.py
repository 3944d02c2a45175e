"""Time, memory and error of `labcode.count` beside other counters, on the same models in one run.

Usage: `python benchmarks/count.py` writes count.csv, or with `--models` its rows of some models.
Linux only, as the peak memory is read from /proc.

How it is measured. Time: on one thread, the tools take turns, `--rounds` times each after one
warm-up, on models with the same weights; the median stands with the fastest and the slowest.
Memory: one process for each model and tool, forked when the model is built; the tool is warmed up
on a tiny model; then the peak is read, less what was in use before. Error: against what
torchvision publishes (for LeNet-5: the formulas of `labcode.cost`), signed, each tool's output
read as said below.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import os
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fvcore.nn
import ptflops
import thop
import torch
import torchinfo
from calflops import calculate_flops
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models

from labcode import count, studies
from labcode.cost import conv2d, linear
from labcode.models.lenet5 import lenet5
from labcode.studies.counting.tables import COUNTERS, STUDY
from labcode.studies.timings import keep, load_average

MODELS = [
    "lenet5", "alexnet", "resnet18", "resnet50", "mobilenet_v2", "mobilenet_v3_small",
    "shufflenet_v2_x1_0", "squeezenet1_0", "densenet121", "inception_v3", "googlenet", "vgg16",
    "efficientnet_b0", "convnext_tiny", "swin_t", "vit_b_16",
]  # fmt: skip
Shape = tuple[int, ...]
Tool = Callable[[nn.Module, Shape], float]


def _labcode(model: nn.Module, shape: Shape) -> float:
    return count(model, shape).macs


def _torch(model: nn.Module, shape: Shape) -> float:
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, *shape))
    return float(counter.get_total_flops() / 2)


def _torch_meta(model: nn.Module, shape: Shape) -> float:
    twin = copy.deepcopy(model).to("meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        twin(torch.empty(1, *shape, device="meta"))
    return float(counter.get_total_flops() / 2)


def _thop(model: nn.Module, shape: Shape) -> float:
    return float(thop.profile(model, (torch.zeros(1, *shape),), verbose=False)[0])


def _fvcore(model: nn.Module, shape: Shape) -> float:
    analysis = fvcore.nn.FlopCountAnalysis(model, torch.zeros(1, *shape))
    return float(analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).total())


def _ptflops(backend: str) -> Tool:
    def tool(model: nn.Module, shape: Shape) -> float:
        settings = {"as_strings": False, "print_per_layer_stat": False, "verbose": False}
        macs, _ = ptflops.get_model_complexity_info(model, shape, backend=backend, **settings)
        return float(macs)

    return tool


def _torchinfo(model: nn.Module, shape: Shape) -> float:
    return float(torchinfo.summary(model, (1, *shape), verbose=0).total_mult_adds)


def _calflops(model: nn.Module, shape: Shape) -> float:
    settings = {"print_results": False, "print_detailed": False, "output_as_string": False}
    return float(calculate_flops(model, input_shape=(1, *shape), **settings)[1])


# Tool -> the call, the package, and how its output is read as multiply-adds.
TOOLS: dict[str, tuple[Tool, str, str]] = {
    "labcode": (_labcode, "labcode", "macs"),
    "thop": (_thop, "thop", "profile()[0], which its documentation calls macs or flops: MACs"),
    "fvcore": (_fvcore, "fvcore", "FlopCountAnalysis.total(): one 'flop' is a multiply-add"),
    "ptflops": (_ptflops("pytorch"), "ptflops", "backend='pytorch': MACs"),
    "ptflops (aten)": (_ptflops("aten"), "ptflops", "backend='aten': MACs"),
    "torchinfo": (_torchinfo, "torchinfo", "summary().total_mult_adds"),
    "calflops": (_calflops, "calflops", "the second of (flops, macs, params)"),
    "torch": (_torch, "torch", "FlopCounterMode.get_total_flops() / 2"),
    "torch (meta copy)": (_torch_meta, "torch", "the same on a copy of the model moved to meta"),
}


def build(name: str) -> tuple[nn.Module, Shape, float]:
    """Return a model in evaluation mode, its input's shape, and its published multiply-adds."""
    if name == "lenet5":
        parts = [conv2d(1, 20, 5, 28), conv2d(20, 50, 5, 12), linear(800, 500), linear(500, 10)]
        return lenet5().eval(), (1, 28, 28), float(sum(part.macs for part in parts))
    extra: dict[str, Any] = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    extra |= {"aux_logits": False} if name == "googlenet" else {}
    weights = models.get_model_weights(name)
    published = next(iter(weights))  # the first: at the resolution of the paper
    size = published.transforms.keywords["crop_size"]
    model = models.get_model(name, **extra).eval()
    return model, (3, size, size), published.meta["_ops"] * 1e9


def _sharing(model: nn.Module) -> nn.Module:
    """Return a copy with the same weights, since some tools leave traces on a model."""
    return copy.deepcopy(model, {id(p): p for p in model.parameters()})


def _attempt(tool: Tool, model: nn.Module, shape: Shape) -> float | None:
    try:
        return tool(model, shape)
    except Exception as error:  # a tool that cannot count a model gets an empty cell
        logging.getLogger(__name__).error("%s: %s", type(error).__name__, error)
        return None


def measure(name: str, rounds: int) -> list[dict[str, Any]]:
    """Return one row a tool: memory first, since only a process without threads may be forked."""
    torch.set_num_threads(1)
    model, shape, published = build(name)
    memory = {tool: in_child(_peak, model, shape, tool) for tool in TOOLS}
    copies = {tool: _sharing(model) for tool in TOOLS}
    macs = {tool: _attempt(TOOLS[tool][0], copies[tool], shape) for tool in TOOLS}
    counted = {tool: value for tool, value in macs.items() if value is not None}
    times = _times({tool: copies[tool] for tool in counted}, shape, rounds)
    return [
        {
            "model": name,
            "tool": tool,
            "published_macs": round(published),
            "macs": round(value),
            "error_percent": round(100 * (value / published - 1), 3),
            "median_ms": round(1e3 * statistics.median(times[tool]), 2),
            "fastest_ms": round(1e3 * min(times[tool]), 2),
            "slowest_ms": round(1e3 * max(times[tool]), 2),
            "peak_mib": memory[tool],
        }
        for tool, value in counted.items()
    ]


def _times(copies: dict[str, nn.Module], shape: Shape, rounds: int) -> dict[str, list[float]]:
    """Return each tool's times in seconds; the tools take turns."""
    times: dict[str, list[float]] = {tool: [] for tool in copies}
    for _ in range(rounds):
        for tool, seconds in times.items():
            start = time.perf_counter()
            TOOLS[tool][0](copies[tool], shape)
            seconds.append(time.perf_counter() - start)
    return times


def in_child(function: Callable[..., Any], *args: Any) -> Any:
    """Return what a function gives in a forked process of its own; None if that process dies."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with os.fdopen(writer, "w") as pipe:
                json.dump(function(*args), pipe)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else None


def _peak(model: nn.Module, shape: Shape, tool: str) -> float | None:
    """Return the memory that a tool takes at its peak on one model, in MiB."""
    tiny = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2)).eval()
    _attempt(TOOLS[tool][0], tiny, (3, 8, 8))
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew from what is in use now
    before = _memory("VmRSS")
    if _attempt(TOOLS[tool][0], model, shape) is None:
        return None
    return round(max(_memory("VmHWM") - before, 0) / 1024, 1)


def _memory(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1])  # KiB
    raise OSError(f"/proc/self/status has no {field}")


def facts(rounds: int) -> dict[str, Any]:
    """Return whose versions matter, and how each tool's output was read."""
    packages = {package for _, package, _ in TOOLS.values()} | {"torchvision"}
    return {
        "packages": sorted(packages - {"labcode"}),
        "threads": 1,
        "rounds": rounds,
        "reading": {tool: reading for tool, (_, _, reading) in TOOLS.items()},
    }


def main() -> None:
    """Measure everything and write the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--models", nargs="+", default=MODELS, choices=MODELS)
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    load = load_average()
    stored = studies.table(COUNTERS.name).to_dict("records")
    rows = {name: [row for row in stored if row["model"] == name] for name in MODELS}
    for name in chosen.models:
        measured = in_child(measure, name, chosen.rounds)
        if measured is None:
            raise RuntimeError(f"measuring {name} failed")
        rows[name] = measured
        print(name, {row["tool"]: row["median_ms"] for row in measured}, flush=True)
        table = [row for name in MODELS for row in rows[name]]
        keep(STUDY, COUNTERS, measure, table, load_average=load, **facts(chosen.rounds))


if __name__ == "__main__":
    main()
