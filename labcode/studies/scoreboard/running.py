"""The three ways in which a row of the scoreboard runs: a float32 file, an int8 file, early exits.

A technique that no kernel knows changes nothing here: a network with zeros or with two-bit weights
runs as the same dense float32 file as before. That is why its row shows no gain in time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from statistics import fmean
from typing import TYPE_CHECKING, Any, ClassVar

from labcode import data
from labcode.early_exit import OnnxExits, stage_files
from labcode.runtime import Timing, onnx_session, peak_activation_bytes, to_int8, to_onnx
from labcode.weights.exits import threshold

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from labcode.models.exit_network import ExitNetwork

INPUT_SHAPE = (1, 28, 28)
CALIBRATION = 200  # training images that set the ranges of int8

Files = tuple[bytes, ...]


class Deployed(ABC):
    """How a network runs outside PyTorch: which ONNX files, and how they are timed."""

    bytes_each: ClassVar[int] = 4
    """Bytes of one activation while the network runs."""

    @abstractmethod
    def model(self) -> nn.Module:
        """Return a network with the shapes that run; its weights may be untrained."""

    @abstractmethod
    def files(self) -> Files:
        """Return the ONNX files that a runtime runs, one after the other."""

    @abstractmethod
    def answers(self, files: Files, images: NDArray[Any]) -> Callable[[], object]:
        """Return a function that answers about the next image with each call.

        Args:
            files: What `files` returned.
            images: They are taken in turn, again and again, (N, 1, 28, 28).
        """

    def spent_ms(self, timing: Timing) -> float:
        """Return the time of one image in milliseconds: here the median of the runs."""
        return timing.median_ms

    def activation_bytes(self) -> int:
        """Return the peak activation memory for one image, in bytes."""
        return max(
            peak_activation_bytes(file, bytes_each=self.bytes_each) for file in self._float_files()
        )

    def _float_files(self) -> Files:
        """Return the files whose values are counted: int8 has the same ones, each smaller."""
        return self.files()


@dataclass(frozen=True)
class FloatFile(Deployed):
    """One file of float32 weights.

    Args:
        build: Returns the network; called anew whenever it is needed.
    """

    build: Callable[[], nn.Module]

    def model(self) -> nn.Module:
        """Return the network in the file."""
        return self.build()

    def files(self) -> Files:
        """Return the one file."""
        return (to_onnx(self.build(), INPUT_SHAPE),)

    def answers(self, files: Files, images: NDArray[Any]) -> Callable[[], object]:
        """Return a function that answers about the next image with each call."""
        session, following = onnx_session(files[0]), cycle(images)
        name = session.get_inputs()[0].name
        return lambda: session.run(None, {name: next(following)[None]})


@dataclass(frozen=True)
class Int8File(FloatFile):
    """One file whose weights and activations are int8, calibrated on training images."""

    bytes_each: ClassVar[int] = 1

    def files(self) -> Files:
        """Return the one file."""
        return (to_int8(self.build(), data.load("mnist5k").train.images[:CALIBRATION]),)

    def _float_files(self) -> Files:
        return super().files()


@dataclass(frozen=True)
class ExitStages(Deployed):
    """The stages of a network with early exits, a file each; later ones run only if needed.

    Args:
        build: Returns the network; its exits ask for the confidence of `threshold`.
    """

    build: Callable[[], ExitNetwork]

    def model(self) -> nn.Module:
        """Return the network with all stages and exits."""
        return self.build()

    def files(self) -> Files:
        """Return a file for each stage."""
        return stage_files(self.build())

    def answers(self, files: Files, images: NDArray[Any]) -> Callable[[], object]:
        """Return a function that answers about the next image with each call."""
        network, following = OnnxExits(files, threshold(self.build())), cycle(images)
        return lambda: network(next(following)[None])

    def spent_ms(self, timing: Timing) -> float:
        """Return the mean of the runs: how long an image takes depends on the image."""
        return 1e3 * fmean(timing.seconds)
