"""Deep Compression's table of a network, layer by layer, from files that were really packed."""

from __future__ import annotations

from typing import Any

from torch import nn

from labcode.coding.container import pack
from labcode.coding.report import report
from labcode.coding.tensors import Facts

STAGES = {"P+Q": "fixed", "P+Q+H": "huffman"}  # the paper's names of stages: coder of symbols
FLOAT = 32  # bits of a weight before


def layer_table(model: nn.Module, *, index_bits: int = 5) -> list[dict[str, Any]]:
    """Return a row for each layer and one for all, with the columns of the paper's tables.

    Bits are bits of the file for each weight that is left, so that fillers of relative indices
    count. The rate is compressed over float32 size, codebook and tables included.

    Args:
        model: A network that is pruned and whose weights are shared.
        index_bits: Bits of a relative index before Huffman coding.

    Returns:
        By row: layer, weights, kept (0 to 1), and for each stage of `STAGES` weight bits, index
        bits and rate (0 to 1). Biases are left out, as in the paper.

    Source: Deep Compression (arXiv:1510.00149), tables 2 and 3.

    >>> layer = nn.Linear(4, 4)
    >>> _ = nn.init.eye_(layer.weight)
    >>> [row["layer"] for row in layer_table(nn.Sequential(layer))]
    ['0', 'total']
    """
    files = {}
    for stage, coder in STAGES.items():
        data = pack(model, indices="relative", coder=coder, index_bits=index_bits)
        found = report(data, model).tensors
        files[stage] = {name: f for name, f in found.items() if name.endswith("weight")}
    names = {name: name.rpartition(".")[0] for name in files["P+Q"]}
    rows = [_row(layer, {s: [f[name]] for s, f in files.items()}) for name, layer in names.items()]
    return [*rows, _row("total", {s: list(f.values()) for s, f in files.items()})]


def _row(layer: str, stages: dict[str, list[Facts]]) -> dict[str, Any]:
    """Return the row of some tensors together."""
    first = stages["P+Q"]
    weights, kept = sum(f.places for f in first), sum(f.weights for f in first)
    row: dict[str, Any] = {"layer": layer, "weights": weights, "kept": kept / weights}
    for stage, facts in stages.items():
        for kind, section in (("weight", "values"), ("index", "indices")):
            size = sum(fact.sizes[section] for fact in facts)
            row[f"{kind} bits ({stage})"] = 8 * size / max(kept, 1)
        whole = sum(sum(fact.sizes.values()) for fact in facts)
        row[f"rate ({stage})"] = 8 * whole / (FLOAT * weights)
    return row
