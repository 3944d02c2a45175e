"""Where the weights that are not zero stand, in the two forms of a sparse file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Numbers = NDArray[np.int64]
Parts = dict[str, NDArray[np.generic]]


def _smallest(numbers: Numbers, most: int) -> NDArray[np.generic]:
    """Return numbers in 16 bits, or in 32 where they can be larger than that."""
    return numbers.astype(np.uint16 if most < 2**16 else np.uint32)


def _to_csr(places: Numbers, shape: tuple[int, int]) -> Parts:
    """Return the numbers in each row and the columns."""
    row, column = np.divmod(places, max(shape[1], 1))
    counts = np.bincount(row, minlength=shape[0])
    return {
        "length": np.array([len(places)]),
        "own": np.arange(len(places)),
        "c": _smallest(column, shape[1] - 1),
        "n": _smallest(counts, int(counts.max(initial=0))),
    }


def _from_csr(parts: Mapping[str, Tensor], shape: tuple[int, int], count: int) -> Numbers | None:
    """Return the places of the values, or nothing if they cannot be right."""
    columns, counts = (parts[key].long().numpy() for key in ("c", "n"))
    if len(counts) != shape[0] or counts.sum() != count or len(columns) != count:
        return None
    if count and (columns.max() >= shape[1] or columns.min() < 0 or counts.min() < 0):
        return None
    places: Numbers = np.repeat(np.arange(shape[0]), counts) * shape[1] + columns
    return places if bool((np.diff(places) > 0).all()) else None


def _to_relative(places: Numbers, _: tuple[int, int]) -> Parts:
    """Return the zeros before each value, fillers included."""
    steps = np.diff(places, prepend=-1)  # 1 where the next weight follows at once
    fillers = (steps - 1) // 256  # each stands for 255 zeros and itself
    length = len(steps) + int(fillers.sum())
    zeros = np.full(length, 255, np.uint8)
    own = np.cumsum(fillers + 1) - 1  # where the weights stand among the fillers
    zeros[own] = (steps - 1) % 256
    return {"length": np.array([length]), "own": own, "z": zeros}


def _from_relative(
    parts: Mapping[str, Tensor], shape: tuple[int, int], count: int
) -> Numbers | None:
    """Return the places of the values, or nothing if they cannot be right."""
    places: Numbers = np.cumsum(parts["z"].long().numpy() + 1) - 1
    if len(places) != count or (count and places[-1] >= shape[0] * shape[1]):
        return None
    return places


Packer = Callable[[Numbers, tuple[int, int]], Parts]
Unpacker = Callable[[Mapping[str, Tensor], tuple[int, int], int], Numbers | None]
FORMS: dict[str, tuple[Packer, Unpacker]] = {
    "csr": (_to_csr, _from_csr),
    "relative": (_to_relative, _from_relative),
}
KEYS = {"csr": ("c", "n"), "relative": ("z",)}
