"""Measure what the number of channels does to the time: single numbers, and networks cut to them.

Run as `python benchmarks/channels.py` on a quiet machine (about ten minutes). Writes
pruning_channels.csv and pruning_multiples.csv, which the chapter *Removing filters* shows. One
thread; all candidates that are compared run in turn, warm.
"""

import argparse
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from labcode import cost, counting, models, pruning
from labcode.quantization import fold_batch_norm
from labcode.runtime import Timing, onnx_session, ready_to_run, time_in_turn, to_onnx
from labcode.studies.definition import Row
from labcode.studies.pruning.tables import CHANNELS, MULTIPLES, STUDY
from labcode.studies.timings import keep, load_average

COUNTS = range(40, 73)
SIZE, DEPTH = 28, 4  # height and width of the maps; layers in a stack
KEPT, MULTIPLE = (0.9, 0.75, 0.5), (1, 4, 8, 16)
INPUT = (3, 224, 224)
NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "EfficientNet-Lite0": models.efficientnet_lite,
    "MobileNet": models.mobilenet_v1,
    "ResNet-18": models.resnet18,
}


def stack(kind: str, channels: int) -> nn.Sequential:
    """Equal layers one behind the other, each with a ReLU."""

    def layers() -> list[nn.Module]:
        if kind == "standard":
            return [nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()]
        each_alone = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        return [each_alone, nn.ReLU(), nn.Conv2d(channels, channels, 1), nn.ReLU()]

    return nn.Sequential(*(layer for _ in range(DEPTH) for layer in layers()))


def macs(kind: str, channels: int) -> int:
    """The multiply-adds of a stack."""
    layer = cost.conv2d if kind == "standard" else cost.depthwise_separable
    return DEPTH * layer(channels, channels, 3, SIZE, padding=1).macs


def channels(runs: int) -> list[Row]:
    """Stacks of 40 to 72 channels; each once more without the runtime's rewriting of the graph."""
    rows: list[Row] = []
    for kind in ("standard", "separable"):
        candidates = {}
        for count in COUNTS:
            shape = (count, SIZE, SIZE)
            file, images = to_onnx(stack(kind, count), shape), torch.zeros(1, *shape).numpy()
            for optimized in (True, False):
                session = onnx_session(file, optimized=optimized)
                candidates[f"{count} {optimized}"] = ready_to_run(session, images)
        found = time_in_turn(candidates, runs=runs, warmup=3)
        rows += [
            {"kind": kind, "channels": count, "optimized": optimized, "macs": macs(kind, count)}
            | times(found[f"{count} {optimized}"])
            for count in COUNTS
            for optimized in (True, False)
        ]
    return rows


def multiples(runs: int) -> list[Row]:
    """Untrained networks cut by the norms of their filters, to any number or to multiples."""
    rows: list[Row] = []
    images = torch.rand(1, *INPUT, generator=torch.Generator().manual_seed(0))
    for name, build in NETWORKS.items():
        torch.manual_seed(0)
        model = fold_batch_norm(build().eval(), INPUT)
        mine: list[Row] = []
        candidates = {}
        for kept, multiple in [(1.0, 1), *((k, m) for k in KEPT for m in MULTIPLE)]:
            smaller = cut_to(model, kept, multiple)
            row = facts_of(smaller, images)
            candidates[f"{kept} {multiple}"] = row.pop("run")
            mine.append({"network": name, "kept": kept, "multiple": multiple} | row)
        found = time_in_turn(candidates, runs=runs, warmup=2)
        rows += [row | times(found[f"{row['kept']} {row['multiple']}"]) for row in mine]
    return rows


def cut_to(model: nn.Module, kept: float, multiple: int) -> nn.Module:
    """A network that keeps a part of its channels, rounded up to a multiple."""
    scores = pruning.unit_norms(model)
    plan = pruning.joint_plan(model, scores, kept, INPUT, multiple=multiple)
    return pruning.cut(model, plan, INPUT)


def facts_of(model: nn.Module, images: Tensor) -> Row:
    """What a network costs, and what runs its file once."""
    file, counted = to_onnx(model, INPUT), counting.count(model, INPUT)
    facts: Row = {"params": counted.params, "macs": counted.macs, "bytes_on_disk": len(file)}
    return facts | {"run": ready_to_run(onnx_session(file), images.numpy())}


def times(timing: Timing) -> Row:
    """The columns of one candidate."""
    low, high = timing.quartiles_ms
    values = {"median_ms": timing.median_ms, "low_ms": low, "high_ms": high}
    return {name: f"{value:.4g}" for name, value in values.items()}


TABLES = ((CHANNELS, channels, 60), (MULTIPLES, multiples, 30))


def main() -> None:
    """Measure the tables named, or all, and write them."""
    names = [table.name for table, _, _ in TABLES]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("tables", nargs="*", help=f"from {', '.join(names)}; none means all")
    chosen = parser.parse_args().tables or names
    torch.set_num_threads(1)
    facts: dict[str, Any] = {
        "threads": 1,
        "clock": "wall",
        "load_average": load_average(),
        "time": "median of the runs; all candidates that are compared in turn, warm",
    }
    for table, function, runs in TABLES:
        if table.name in chosen:
            print(keep(STUDY, table, function, function(runs), runs=runs, **facts).read_text())


if __name__ == "__main__":
    main()
