"""The conventions under which papers count, as plain sums over the rows of `labcode.count`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import torch
from torch import nn

from labcode.counting import LayerCost, ModelCost, count
from labcode.papers import published

M = 1e6
G = 1e9


@cache
def built(make: Callable[..., nn.Module], **settings: Any) -> nn.Module:
    """Return a network without memory for its weights; each is built once."""
    with torch.device("meta"):
        return make(**settings)


@cache
def counted(make: Callable[..., nn.Module], size: int = 224, **settings: Any) -> ModelCost:
    """Return the cost of a network on square images with three channels.

    >>> from labcode.models import mobilenet_v1
    >>> counted(mobilenet_v1, 192).macs
    418121728
    """
    return count(built(make, **settings), (3, size, size))


def convolution_macs(cost: ModelCost) -> int:
    """Multiply-adds of the convolutions alone."""
    return sum(row.macs for row in cost.layers if row.type == "Conv2d")


def weights(make: Callable[..., nn.Module], **settings: Any) -> int:
    """Weights of convolutions and linear layers: no bias, no batch norm."""
    return sum(p.numel() for p in built(make, **settings).parameters() if p.dim() > 1)


def running_statistics(make: Callable[..., nn.Module], **settings: Any) -> int:
    """Means and variances that batch norms keep: numbers of the file, but no parameters."""
    layers = built(make, **settings).modules()
    return sum(2 * layer.num_features for layer in layers if isinstance(layer, nn.BatchNorm2d))


def squeezed_values(cost: ModelCost) -> int:
    """Values that squeeze-and-excitation layers average: one addition each."""
    pairs = zip(cost.layers, cost.layers[1:], strict=False)
    means = [pair for pair in pairs if pair[1].type == "AdaptiveAvgPool2d"]
    return sum(_channels(row) * _area(before) for before, row in means)


def normalised_values(cost: ModelCost) -> int:
    """Values that batch norms put out: one multiply-add each, by its scale and shift."""
    norms = (row for row in cost.layers if row.type == "BatchNorm2d")
    return sum(math.prod(row.output_shape or ()) for row in norms)


def _channels(row: LayerCost) -> int:
    assert row.output_shape is not None
    return row.output_shape[0]


def _area(row: LayerCost) -> int:
    assert row.output_shape is not None
    return row.output_shape[1] * row.output_shape[2]


def printed_rows(paper: str, tables: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Return the published rows of some tables of a paper.

    Args:
        paper: One of `labcode.papers.published.papers()`.
        tables: A regular expression that the name of a table matches whole.

    Returns:
        The name of the table and the row, in the order of the paper.
    """
    for row in published.table(paper).to_dict("records"):
        match = re.search(r"(Table \d+|Figure \d+|sec [\d.]+)", row["source"])
        name = match.group(1) if match else row["source"]
        if re.fullmatch(tables, name):
            yield name, {str(key): str(value) for key, value in row.items()}
