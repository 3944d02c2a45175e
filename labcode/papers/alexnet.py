"""AlexNet: the numbers that later papers start from."""

from __future__ import annotations

import math

from labcode import models
from labcode.papers.conventions import G, M, counted, printed_rows
from labcode.papers.row import Found, Row, cut_off, make_row, to_digits


def rows() -> list[Row]:
    """Return what the papers say about AlexNet's size.

    >>> [row.kind for row in rows() if row.published == "61100840"]
    ['equal to the digits printed']
    """
    return [
        make_row(printed["source"], printed, _found(printed))
        for _, printed in printed_rows("alexnet", ".*")
    ]


def neurons() -> int:
    """Return the values that the original's layers put out, pooling left aside."""
    layers = counted(models.alexnet, 227).layers
    return sum(math.prod(row.output_shape or ()) for row in layers if row.macs)


def _found(printed: dict[str, str]) -> Found | None:
    quantity = printed["quantity"]
    if "error" in quantity or "acc@" in quantity:
        return None
    original = counted(models.alexnet, 227)
    shipped = counted(models.alexnet, variant="torchvision")
    if printed["model"] == "AlexNet torchvision":
        return {
            "parameters": Found(shipped.params),
            "MACs": Found(shipped.macs / G),
            "file size": _file(4 * shipped.params / 2**20, printed["value"]),
        }[quantity]
    if quantity == "parameters":
        whole = cut_off(original.params / M) if printed["config"] == "abstract" else None
        return Found(original.params / M, "cut off, not rounded", instead=whole)
    two = to_digits(original.macs / M, 2)
    megabytes = 4 * original.params / M
    return {
        "neurons": Found(neurons(), "cut off to two digits", instead=cut_off(neurons(), -4)),
        "size fp32": Found(megabytes, "rounded to two digits", instead=to_digits(megabytes, 2)),
        "mult-adds": Found(original.macs / M, "rounded to two digits", instead=two),
    }[quantity]


def _file(mebibytes: float, value: str) -> Found:
    more = 1024 * (float(value) - mebibytes)
    reason = f"the file also holds the tensors' names and shapes, {more:.0f} KiB"
    return Found(mebibytes, reason, explained=0 < more < 16)
