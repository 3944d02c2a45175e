"""Three networks that differ in their pooling alone, as small files for a page to load."""

from __future__ import annotations

import copy

import torch
from torch import nn

from labcode import coding, quantization
from labcode.studies.basics import lessons, trials
from labcode.studies.definition import Outcome, Row, Weights
from labcode.studies.protocol import digits

BITS = 5  # of the values that the weights of a layer share
DISTANCES = (0, 1, 2, 3, 4)  # pixels


def pooled_file_trial(kind: str, seed: int, lr: float = lessons.LR) -> Outcome:
    """Train a network as `trials.pooling_trial` does, on digits as they are, and pack it.

    Args:
        kind: "none", "mean" or "max": what follows each of its two convolutions, in groups of 2.
        seed: Of the first weights and the order of the images.
        lr: Learning rate at the start.

    Returns:
        Rows for the network as trained and as packed, at each distance, with the file's bytes; and
        the file.
    """
    data = digits(lessons.N_TRAIN)
    trained = lessons.pooling(kind).learned(seed, lr)
    small = shared(trained)
    packed = coding.pack(small)
    rows: list[Row] = [
        {"form": form, "bytes_on_disk": size} | trials.under_shift(model, data.test, distance)
        for form, model, size in (
            ("float32", trained, len(coding.pack(trained))),
            (f"{BITS} bits, shared", small, len(packed)),
        )
        for distance in DISTANCES
    ]
    about = {"network": "pooled_network", "seed": seed, "dataset": data.name, "pooling": kind}
    return Outcome(rows, {f"pooled_network-{kind}.diet": Weights(packed, about)})


def shared(model: nn.Module) -> nn.Module:
    """Return a copy whose layers share 2^BITS values, in 16 bits each as the file has them."""
    small = copy.deepcopy(model)
    quantization.share_weights(small, BITS)
    with torch.no_grad():
        for parameter in small.parameters():
            parameter.copy_(parameter.half())
    return small.eval()
