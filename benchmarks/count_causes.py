"""Why counters disagree: what each says of models so small that the truth is known by hand.

Run as `python benchmarks/count_causes.py` (seconds). Writes count_causes.csv, which the chapter
*Counting cost* shows. Counts only, no times: every machine with the same versions gives the same
table.
"""

import copy
import warnings
from typing import Any

import torch
from count import TOOLS, Shape  # this folder's count.py
from torch import Tensor, nn
from torch.nn import functional as F

from labcode.studies.counting.tables import CAUSES, STUDY
from labcode.studies.timings import keep


class Functional(nn.Module):
    """A convolution that is not a layer of its own, only a call in forward."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(4, 3, 3, 3))

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight)


class Attention(nn.Module):
    """Self-attention over 5 positions of 8 values."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, num_heads=2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.attention(x, x, x, need_weights=False)[0]
        return result


def conv(*after: nn.Module, bias: bool = False) -> nn.Module:
    """A convolution from 3 x 5 x 5 to 4 x 3 x 3, 972 multiply-adds, and what follows it."""
    return nn.Sequential(nn.Conv2d(3, 4, 3, bias=bias), *after).eval()


IMAGE = (3, 5, 5)
CONVOLUTION = 4 * 3 * 3 * 3 * 3 * 3
ATTENTION = 4 * 5 * 8 * 8 + 2 * 5 * 5 * 8  # four projections, then comparing and mixing
# What is tried: the model, its input, and its multiply-adds by hand in the book's convention.
CASES: dict[str, tuple[nn.Module, Shape, int]] = {
    "convolution": (conv(), IMAGE, CONVOLUTION),
    "with bias": (conv(bias=True), IMAGE, CONVOLUTION),
    "with batch norm": (conv(nn.BatchNorm2d(4)), IMAGE, CONVOLUTION),
    "with ReLU": (conv(nn.ReLU()), IMAGE, CONVOLUTION),
    "with average pooling": (conv(nn.AdaptiveAvgPool2d(1)), IMAGE, CONVOLUTION),
    "as a function call": (Functional(), IMAGE, CONVOLUTION),
    "attention": (Attention().eval(), (5, 8), ATTENTION),
}


def measure() -> list[dict[str, Any]]:
    """Count everything with every tool."""
    table = []
    for name, (model, shape, by_hand) in CASES.items():
        says = {t: int(tool(copy.deepcopy(model), shape)) for t, (tool, _, _) in TOOLS.items()}
        table.append({"model": name, "by_hand": by_hand} | says)
    return table


def main() -> None:
    """Count, then write the table."""
    warnings.simplefilter("ignore")
    keep(
        STUDY,
        CAUSES,
        measure,
        measure(),
        packages=sorted({package for _, package, _ in TOOLS.values()} - {"labcode"}),
        reading={tool: reading for tool, (_, _, reading) in TOOLS.items()},
        note="multiply-adds; torch without gradients, the others as they come",
    )


if __name__ == "__main__":
    main()
