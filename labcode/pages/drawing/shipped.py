"""A network as the files that a reader's browser loads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from labcode import early_exit
from labcode.counting import count
from labcode.models.exit_network import ExitNetwork

INPUT_SHAPE = (1, 28, 28)


@dataclass(frozen=True, eq=False)
class Answers:
    """What a network says about images.

    Args:
        probabilities: Of each class, (N, classes).
        exits: The exit that each image took, from 1; None in a network without early exits.
    """

    probabilities: Tensor
    exits: list[int | None]


@dataclass(frozen=True, eq=False)
class Shipped:
    """A network as files.

    Args:
        id: A short name, part of the files' names.
        title: Its name in words.
        made: How it was made, in a sentence.
        model: The network itself.
        files: Bytes of each file by its name; the first is run first.
        weights: The file of `files` that is packed, if one is.
        thresholds: How sure each exit but the last must be; empty without early exits.
    """

    id: str
    title: str
    made: str
    model: nn.Module
    files: dict[str, bytes] = field(repr=False)
    weights: str | None = None
    thresholds: tuple[float, ...] = ()

    def answer(self, images: Tensor) -> Answers:
        """Return what the network says about images (N, 1, 28, 28)."""
        if isinstance(self.model, ExitNetwork):
            found = early_exit.answer(self.model, images, self.thresholds)
            return Answers(found.logits.softmax(dim=1), [e + 1 for e in found.exits.tolist()])
        with torch.inference_mode():
            logits: Tensor = self.model(images)
        return Answers(logits.softmax(dim=1), [None] * len(images))

    def entry(self) -> dict[str, Any]:
        """Return what the page needs to know of it, as plain values."""
        tensors = sorted(self.model.state_dict().items())
        return {
            "id": self.id,
            "title": self.title,
            "made": self.made,
            "params": sum(int(p.count_nonzero()) for p in self.model.parameters()),
            "macs": count(self.model, INPUT_SHAPE).macs,
            "files": {name: len(data) for name, data in self.files.items()},
            "weights": self.weights,
            "tensors": [{"name": n, "shape": list(t.shape)} for n, t in tensors],
            "thresholds": list(self.thresholds),
        }
