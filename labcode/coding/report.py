"""Where the bytes of a packed file go, and how near they are to the entropy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn

from labcode.coding.container import decode
from labcode.coding.tensors import Facts

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("header", "codebook", "table", "indices", "values", "biases")


@dataclass(frozen=True)
class Report:
    """Every byte of a file.

    Args:
        tensors: What each tensor took and showed.
        framing: Bytes of the header that belong to no tensor: magic, lengths, checksums.
        total: Size of the file in bytes.
        parameters: How many numbers the network has.
    """

    tensors: dict[str, Facts]
    framing: int
    total: int
    parameters: int

    @property
    def ratio(self) -> float:
        """How many times smaller the file is than the numbers in float32."""
        return 4 * self.parameters / self.total

    @property
    def sections(self) -> dict[str, int]:
        """Bytes of each kind; they add up to the size of the file."""
        sums = {k: sum(f.sizes.get(k, 0) for f in self.tensors.values()) for k in KINDS}
        sums["header"] += self.framing
        return sums

    @property
    def entropy_bytes(self) -> float:
        """The entropy of all symbols of weights, plus codebooks and biases as stored, in bytes."""
        weights = [fact for fact in self.tensors.values() if not fact.sizes.get("biases")]
        bits = sum(fact.index_bits + fact.value_bits for fact in weights)
        return bits / 8 + self.sections["codebook"] + self.sections["biases"]

    @property
    def overhead(self) -> float:
        """How much larger the file is than `entropy_bytes`, as a part of it.

        Infinite where the entropy is zero, such as of a network of zeros alone.
        """
        return self.total / self.entropy_bytes - 1 if self.entropy_bytes else math.inf

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each tensor and one for the framing; bytes of each kind in columns."""
        import pandas as pd

        rows = {
            name: {
                "numbers": fact.places,
                "kept": fact.weights,
                **{kind: fact.sizes.get(kind, 0) for kind in KINDS},
                "bytes": sum(fact.sizes.values()),
            }
            for name, fact in self.tensors.items()
        }
        empty = dict.fromkeys(("numbers", "kept", *KINDS), 0)
        rows["(file)"] = {**empty, "header": self.framing, "bytes": self.framing}
        return pd.DataFrame(rows).T


def report(data: bytes, model: nn.Module) -> Report:
    """Say where the bytes of a file go.

    Args:
        data: What `labcode.coding.pack` returned.
        model: A network of the same architecture; it is not changed.

    Raises:
        CodingError: The file is damaged, or belongs to another network.

    >>> from labcode.coding import pack
    >>> layer = nn.Linear(4, 2)
    >>> found = report(data := pack(layer), layer)
    >>> sum(found.sections.values()) == found.total == len(data)
    True
    """
    decoded = decode(data, model)
    numbers = sum(values.size for values in decoded.tensors.values())
    return Report(decoded.facts, decoded.framing, len(data), numbers)
