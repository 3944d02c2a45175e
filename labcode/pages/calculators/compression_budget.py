"""The Deep Compression budget: how large a pruned network with shared weights becomes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from labcode._checks import check_int
from labcode.pages.calculators.networks import Layer, alexnet, lenet5, vgg16
from labcode.pages.live.draw import bar, number, percent, rounded, scaled
from labcode.pages.live.result import Result

NETWORKS = {"LeNet-5": lenet5, "AlexNet": alexnet, "VGG-16": vgg16}
FLOAT = 32  # bits of a weight before, of a bias, and of an entry of a codebook


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
    if network not in NETWORKS:
        raise ValueError(f"network must be one of {', '.join(NETWORKS)}, got {network!r}")
    for name, value, most in (
        ("kept", kept, 100),
        ("weight_bits", weight_bits, 16),
        ("index_bits", index_bits, 12),
    ):
        if check_int(name, value) > most:
            raise ValueError(f"{name} must be from 1 to {most}, got {value}")
    layers = NETWORKS[network]()
    budgets = [layer_budget(layer, kept / 100, weight_bits, index_bits) for layer in layers]
    total = sum(budgets[1:], budgets[0])
    dense = FLOAT * sum(layer.cost.params for layer in layers)
    lead = (
        f"{network}: {number(dense // 8)} bytes become {number(round(total.total / 8))}, "
        f"{rounded(dense / total.total)} times fewer."
    )
    rows = [
        (layer.name, budget, FLOAT * layer.cost.params)
        for layer, budget in zip(layers, budgets, strict=True)
    ]
    lines = [
        f"{name}: {number(round(b.total / 8))} bytes, {percent(b.total, d)}" for name, b, d in rows
    ]
    ideal = _ideal(kept / 100)
    return Result(
        _html(lead, total, rows, ideal, index_bits, kept / 100), "\n".join([lead, *lines])
    )


def _ideal(kept: float) -> float:
    """Return the entropy of where the weights lie, in bits for each weight."""
    if kept == 1:
        return 0.0
    return -math.log2(kept) - (1 - kept) / kept * math.log2(1 - kept)


PARTS = (
    ("values", "numbers of clusters"),
    ("indices", "relative indices"),
    ("fillers", "fillers"),
    ("codebook", "codebooks"),
    ("biases", "biases, float32"),
)


def _html(
    lead: str,
    total: Budget,
    rows: list[tuple[str, Budget, int]],
    ideal: float,
    bits: int,
    kept: float,
) -> str:
    parts = "".join(_row(title, getattr(total, name), total.total) for name, title in PARTS)
    each = bits * (1 + fillers_per_weight(kept, bits))
    return (
        f'<p class="live-lead">{lead}</p>\n{_table("Part", parts)}\n'
        f'<p class="live-caption">A weight\'s position takes {rounded(each)} bits with fillers. '
        f"The entropy of positions at random is {rounded(ideal)} bits.</p>\n"
        f"{_table('Layer', ''.join(_row(n, b.total, d, of='before') for n, b, d in rows))}"
    )


def _table(title: str, body: str) -> str:
    return (
        '<table class="live-table live-list"><thead><tr>'
        f'<th scope="col">{title}</th><th scope="col">Bytes</th></tr></thead>\n'
        f"<tbody>{body}</tbody></table>"
    )


def _row(title: str, bits: float, whole: float, of: str = "all") -> str:
    if bits < 4:  # that rounds to no byte: its share would be all digits
        bits = 0.0
    share = bits / whole if whole else 0.0
    size = scaled(bits / 8, "B") if bits >= 8000 else f"{number(round(bits / 8))} B"
    return (
        f'<tr><th scope="row">{title}</th><td>{size} '
        f'<span class="live-remark">{percent(bits, whole)} of {of}</span>'
        f"{bar(share, 'a')}</td></tr>"
    )
