"""The Deep Compression budget: how large a pruned network with shared weights becomes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from labcode._checks import check_between, check_choice
from labcode.pages.live.result import Paragraph, Result
from labcode.pages.networks import Layer, alexnet, lenet5, vgg16
from labcode.show.numbers import number, percent, rounded, scaled, share
from labcode.show.tables import Cell, Table

NETWORKS = {"LeNet-5": lenet5, "AlexNet": alexnet, "VGG-16": vgg16}
FLOAT = 32  # bits of a weight before, of a bias, and of an entry of a codebook
PARTS = (
    ("values", "numbers of clusters"),
    ("indices", "relative indices"),
    ("fillers", "fillers"),
    ("codebook", "codebooks"),
    ("biases", "biases, float32"),
)


@dataclass(frozen=True)
class Budget:
    """The bits of one layer, or of all.

    Args:
        values: Of the numbers of clusters.
        indices: Of the relative indices of weights.
        fillers: Of relative indices that only bridge a long gap.
        codebook: Of the codebook.
        biases: Of biases, kept in float32.
    """

    values: float
    indices: float
    fillers: float
    codebook: float
    biases: float

    @property
    def total(self) -> float:
        """All bits together."""
        return self.values + self.indices + self.fillers + self.codebook + self.biases

    def __add__(self, other: Budget) -> Budget:
        """Add bits of the same kind."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Budget(*(a + b for a, b in pairs))


def fillers_per_weight(kept: float, index_bits: int) -> float:
    """Return how many fillers come on each weight if weights lie at random.

    A filler bridges 2**index_bits - 1 zeros. With a share ``kept`` of weights, a gap is at least
    so long with a probability of q = (1 - kept)**(2**index_bits - 1), and long enough for n
    fillers with q**n; the sum over n is q / (1 - q).

    Args:
        kept: Share of the weights that is not zero, above 0 to 1.
        index_bits: Bits of a relative index.

    >>> fillers_per_weight(0.5, 1), fillers_per_weight(1.0, 3)
    (1.0, 0.0)
    """
    q = float((1 - kept) ** (2**index_bits - 1))
    return q / (1 - q)


def layer_budget(layer: Layer, kept: float, weight_bits: int, index_bits: int) -> Budget:
    """Return the bits of a layer that keeps a share of its weights.

    Source: Deep Compression (arXiv:1510.00149), tables 2 to 5: kept x (weight bits + index bits)
        of each 32, and the codebook. Fillers and biases are added here.
    """
    biases = layer.output_shape[0]
    weights = layer.cost.params - biases
    left = kept * weights
    fillers = left * fillers_per_weight(kept, index_bits)
    return Budget(
        values=left * weight_bits,
        indices=left * index_bits,
        fillers=fillers * index_bits,
        codebook=FLOAT * min(2**weight_bits, left),
        biases=FLOAT * biases,
    )


def compression_budget(
    network: str = "LeNet-5", kept: int = 8, weight_bits: int = 5, index_bits: int = 5
) -> Result:
    """Show what a network needs after pruning and weight sharing, all layers alike.

    Args:
        network: "LeNet-5", "AlexNet" or "VGG-16".
        kept: Share of the weights that is kept, in percent, from 1 to 100.
        weight_bits: Bits of a number of a cluster.
        index_bits: Bits of a relative index.

    Returns:
        Bytes of each part, the ratio, and what an ideal code of the positions would need.

    Raises:
        ValueError: The network is unknown, or a number is out of range.

    >>> print(compression_budget("LeNet-5", 8, 5, 5).summary)
    LeNet-5: 1,724,320 bytes become 47,638, 36.2 times fewer.
    """
    check_choice("network", network, tuple(NETWORKS))
    check_between("weight_bits", weight_bits, 1, 16)
    bits = check_between("index_bits", index_bits, 1, 12)
    left = check_between("kept", kept, 1, 100) / 100
    layers = NETWORKS[network]()
    budgets = [layer_budget(layer, left, weight_bits, bits) for layer in layers]
    total = sum(budgets[1:], budgets[0])
    before = [FLOAT * layer.cost.params for layer in layers]
    each = bits * (1 + fillers_per_weight(left, bits))
    by_layer = [
        _row(layer.name, budget.total, whole, "before")
        for layer, budget, whole in zip(layers, budgets, before, strict=True)
    ]
    by_part = [_row(title, getattr(total, name), total.total, "all") for name, title in PARTS]
    return Result(
        f"{network}: {number(sum(before) // 8)} bytes become {number(round(total.total / 8))}, "
        f"{rounded(sum(before) / total.total)} times fewer.",
        (
            Table(columns=("Part", "Bytes"), rows=tuple(by_part), style="list"),
            Paragraph(
                f"A weight's position takes {rounded(each)} bits with fillers. The entropy of "
                f"positions at random is {rounded(_ideal(left))} bits.",
                quiet=True,
            ),
            Table(columns=("Layer", "Bytes"), rows=tuple(by_layer), style="list"),
        ),
        values={"bytes": total.total / 8, "by_layer": [budget.total / 8 for budget in budgets]},
    )


def _ideal(kept: float) -> float:
    """Return the entropy of where the weights lie, in bits for each weight."""
    if kept == 1:
        return 0.0
    return -math.log2(kept) - (1 - kept) / kept * math.log2(1 - kept)


def _row(title: str, bits: float, whole: float, of: str) -> tuple[str, Cell]:
    if bits < 4:  # that rounds to no byte: its share would be all digits
        bits = 0.0
    size = scaled(bits / 8, "B") if bits >= 8000 else f"{number(round(bits / 8))} B"
    return title, Cell(size, share(bits, whole), remark=f"{percent(bits, whole)} of {of}")
