"""What ONNX Runtime gets of each network: files of the right shapes, for the clock."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import nn

from labcode import runtime
from labcode.models import resnet8
from labcode.studies.cifar10.compressed import BATCH, Choice, cut_network, thin_network
from labcode.studies.cifar10.stored import SHAPE, whole
from labcode.studies.cifar10.students import WIDTH
from labcode.training import seeded


class Runs(NamedTuple):
    """How a network runs.

    Args:
        build: Returns a network of the shape, in evaluation mode; its time is that of any weights.
        int8: Whether the file has integers of 8 bits.
    """

    build: Callable[[], nn.Module]
    int8: bool = False

    def file(self) -> bytes:
        """Return the ONNX file."""
        if not self.int8:
            return runtime.to_onnx(self.build(), SHAPE)
        noise = torch.rand(BATCH, *SHAPE, generator=torch.Generator().manual_seed(0))
        return runtime.to_int8(self.build(), noise, reduce_range=True)

    def activation_bytes(self) -> int:
        """Return the least memory for the activations of a picture, in bytes."""
        file = runtime.to_onnx(self.build(), SHAPE)
        return runtime.peak_activation_bytes(file, bytes_each=1 if self.int8 else 4)


def _student() -> nn.Module:
    return seeded(partial(resnet8, width=WIDTH), 0).eval()


FILES = {  # by the names in `board.LINES`
    "whole": Runs(partial(whole, 0)),
    "whole, int8": Runs(partial(whole, 0), int8=True),
    "half of the filters": Runs(partial(cut_network, Choice(0, kept=0.5))),
    "half of the rank": Runs(partial(thin_network, Choice(0, kept=0.5))),
    "narrow": Runs(_student),
    "narrow, int8": Runs(_student, int8=True),
}
