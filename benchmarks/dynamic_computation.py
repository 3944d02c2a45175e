"""Measure what early exit saves in time: one image after another, one thread, ONNX Runtime.

Run as `python benchmarks/dynamic_computation.py` on a quiet machine (about a minute). Writes
early_exit_latency.csv. All candidates take turns on
each image, warm; the clock counts this thread's processor time, so that other work on the machine
does not count. An image's time is the median of its runs; mean and 95th percentile are over the
images.
"""

import time

import numpy as np
import torch

from labcode.data import load
from labcode.early_exit import (
    OnnxExits,
    answer,
    certainty,
    outcome,
    shared_threshold,
    stage_files,
)
from labcode.models import exit_cnn, exit_macs
from labcode.models.exit_cnn import CHANNELS
from labcode.models.exit_network import Trunk
from labcode.models.slimmable_cnn import WIDTHS
from labcode.runtime import onnx_session, to_onnx
from labcode.studies.definition import Row
from labcode.studies.early_exit.tables import LATENCY, STUDY
from labcode.studies.early_exit.trials import logits_of
from labcode.studies.timings import keep, load_average
from labcode.weights import load_exits

SHARES = (0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
IMAGES, RUNS = 100, 5


def candidates() -> tuple[dict[str, object], dict[str, Row]]:
    """What is timed, by name, and what is known about each."""
    network, data = load_exits(), load("mnist5k")
    files, macs = stage_files(network), exit_macs(network)
    held = logits_of(network, data.validation.images)
    seen = logits_of(network, data.test.images)
    right = seen.argmax(2) == data.test.labels
    runners: dict[str, object] = {}
    facts: dict[str, Row] = {}
    for share in SHARES:
        limit = shared_threshold(certainty(held), macs, share * macs[-1])
        name = f"threshold {share}"
        runners[name] = OnnxExits(files, limit)
        found = outcome(certainty(seen), right, macs, limit)
        facts[name] = {"kind": "threshold", "setting": share, "threshold": limit}
        facts[name] |= {"macs": round(found.macs), "test_accuracy": found.accuracy}
    for k in range(len(macs)):
        always = [2.0] * k + [0.0] * (len(macs) - 1 - k)
        runners[f"exit {k + 1}"] = OnnxExits(files, always)
        accuracy = float(right[k].double().mean())
        facts[f"exit {k + 1}"] = {"kind": "exit", "setting": k + 1, "threshold": ""}
        facts[f"exit {k + 1}"] |= {"macs": macs[k], "test_accuracy": accuracy}
    for width in WIDTHS:
        plain = Trunk(exit_cnn(channels=[round(c * width) for c in CHANNELS])).eval()
        session = onnx_session(to_onnx(plain, (1, 28, 28)))
        entry = session.get_inputs()[0].name
        runners[f"width {width}"] = lambda x, s=session, n=entry: s.run(None, {n: x})
        facts[f"width {width}"] = {"kind": "width", "setting": width, "threshold": ""}
        facts[f"width {width}"] |= {"macs": "", "test_accuracy": ""}
    large = exit_cnn(channels=[4 * c for c in CHANNELS]).eval()  # untrained: only its time counts
    files, costs = stage_files(large), exit_macs(large)
    for k, cost in enumerate(costs):
        runners[f"large exit {k + 1}"] = OnnxExits(files, [2.0] * k + [0.0] * (3 - k))
        facts[f"large exit {k + 1}"] = {"kind": "large exit", "setting": k + 1, "threshold": ""}
        facts[f"large exit {k + 1}"] |= {"macs": cost, "test_accuracy": ""}
    session = onnx_session(to_onnx(Trunk(large), (1, 28, 28)))
    entry = session.get_inputs()[0].name
    runners["large whole"] = lambda x, s=session, n=entry: s.run(None, {n: x})
    facts["large whole"] = {"kind": "large whole", "setting": 4, "threshold": ""}
    facts["large whole"] |= {"macs": costs[-1], "test_accuracy": ""}
    for k in (0, 3):
        always = [2.0] * k + [0.0] * (3 - k)
        runners[f"torch {k + 1}"] = lambda x, t=always: answer(network, torch.from_numpy(x), t)
        facts[f"torch {k + 1}"] = {"kind": "torch exit", "setting": k + 1, "threshold": ""}
        facts[f"torch {k + 1}"] |= {"macs": macs[k], "test_accuracy": ""}
    return runners, facts


def time_group(runners: dict[str, object], images: np.ndarray, seconds: dict) -> None:
    """Time some candidates on every image, in turn; the first turn warms up."""
    names = list(runners)
    for turn in range(-1, RUNS):
        for i in range(IMAGES):
            x, first = images[i : i + 1], (turn + i) % len(names)
            for name in [*names[first:], *names[:first]]:
                start = time.thread_time()
                runners[name](x)
                seconds[name][max(turn, 0), i] = time.thread_time() - start


def measure() -> list[Row]:
    """Time every candidate on every image, in turn."""
    runners, facts = candidates()
    images = load("mnist5k").test.images[:IMAGES].numpy()
    names = list(runners)
    seconds = {name: np.zeros((RUNS, IMAGES)) for name in names}
    for part in ("large", "torch", ""):  # apart: a large network empties the caches for a small one
        group = [n for n in names if part in n and (part or not n.startswith(("large", "torch")))]
        time_group({name: runners[name] for name in group}, images, seconds)
    rows = []
    each = {name: 1e3 * np.median(found, axis=0) for name, found in seconds.items()}
    wholes = {
        name: each["large whole" if "large" in name else "width 1.0"].mean() for name in names
    }
    for name in names:
        mean, p95 = each[name].mean(), np.quantile(each[name], 0.95)
        whole = wholes[name]
        times = {"mean_ms": mean, "p95_ms": p95, "mean_share": mean / whole}
        times |= {"p95_share": p95 / whole}
        rows.append(facts[name] | {key: f"{value:.4g}" for key, value in times.items()})
    return rows


def main() -> None:
    """Measure and write."""
    facts = {
        "threads": 1,
        "runs": RUNS,
        "images": IMAGES,
        "clock": "processor time of the thread",
        "load_average": load_average(),
        "time": "median of an image's runs; mean and 95th percentile over the images",
        "share": "of the mean time of the same network without exits in one session, same turns",
    }
    torch.set_num_threads(1)
    print(keep(STUDY, LATENCY, measure, measure(), **facts).read_text())


if __name__ == "__main__":
    main()
