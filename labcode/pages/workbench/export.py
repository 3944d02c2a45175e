"""Make what `labcode.pages.workbench` stores: run as `make workbench`."""

from __future__ import annotations

import gzip
import json

import torch

from labcode.data import load
from labcode.data.dataset import Split
from labcode.pages.workbench.networks import INPUT_SHAPE, LENET5, entry, shapes, untrained_lenet5
from labcode.pages.workbench.site import WEIGHTS
from labcode.runtime.training_graph import answering_graph, training_graph

HELD_OUT = 500  # digits of the test split


def stored_files() -> dict[str, bytes]:
    """Return what the folder `stored` holds, by name: graphs, digits, and a list of networks."""
    model, data = untrained_lenet5(), load("mnist5k")
    facts = entry("lenet5", WEIGHTS, model, LENET5)
    graph = (LENET5, shapes(model), INPUT_SHAPE)
    return {
        facts["answers"]: answering_graph(*graph),
        facts["step"]: training_graph(*graph),
        "networks.json": (json.dumps({"lenet5": facts}, indent=1) + "\n").encode(),
        "held-out.bin": digits(data.test.subset(HELD_OUT // len(data.classes))),
        "train.bin": digits(data.train),
    }


def digits(split: Split) -> bytes:
    """Return digits as a gzip file: one byte for each label, then 784 for each digit.

    The order is the split's, in which each class comes once in ten.
    """
    pixels = (split.images * 255).round().to(torch.uint8).numpy().tobytes()
    labels = split.labels.to(torch.uint8).numpy().tobytes()
    return gzip.compress(labels + pixels, compresslevel=9, mtime=0)
