"""Rules for packed sequences: only the steps that a sequence has are work, not its padding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from labcode.counting.shapes import empty

if TYPE_CHECKING:
    from labcode.counting.dispatch import CountingMode

PACK = torch.ops.aten._pack_padded_sequence.default
PAD = torch.ops.aten._pad_packed_sequence.default


def pack(mode: CountingMode, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Rule for pack_padded_sequence; the lengths must be known."""
    x, lengths, batch_first = args  # x: (N, T, ...) with batch_first, else (T, N, ...)
    if not x.is_meta:
        return None
    lengths = mode.values.known(lengths, PACK)
    data, sizes = PACK(torch.empty(*x.shape[:2], 1), lengths, batch_first)
    return empty((data.shape[0], *x.shape[2:]), x), mode.values.keep(sizes)  # (steps of all, ...)


def pad(mode: CountingMode, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Rule for pad_packed_sequence."""
    data, sizes, batch_first, value, total = args  # data: (steps of all sequences, ...)
    if not data.is_meta:
        return None
    sizes = mode.values.known(sizes, PAD)
    padded, lengths = PAD(torch.empty(data.shape[0], 1), sizes, batch_first, value, total)
    return empty((*padded.shape[:2], *data.shape[1:]), data), mode.values.keep(lengths)
