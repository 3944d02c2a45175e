"""Stages as ONNX files, run one after another: in ONNX Runtime too, a later one may never run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from labcode.early_exit.inference import check_thresholds
from labcode.early_exit.rules import certainty
from labcode.models.exit_network import ExitNetwork, Features
from labcode.runtime import export_module, onnx_session
from labcode.training import eval_mode

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Stage(nn.Module):
    """One stage and its exit, with plain tensors in and out, as ONNX wants them."""

    def __init__(self, network: ExitNetwork, index: int) -> None:
        """Share the network's stage ``index``, from 0."""
        super().__init__()
        self.stage = network.stages[index]
        self.leave = network.exits[index]
        self.last = index == len(network.exits) - 1

    def forward(self, *features: Tensor) -> tuple[Tensor, ...]:
        """Return the logits, and behind them the features unless this is the last stage."""
        after: Features = self.stage(features)
        logits = self.leave(after[-1])
        return (logits,) if self.last else (logits, *after)


@torch.no_grad()
def stage_files(network: ExitNetwork) -> tuple[bytes, ...]:
    """Return the network as ONNX files, one a stage, for one image at a time.

    The first takes the image, (1, C, H, W); each later one takes what the one before returned
    behind its logits. Each returns logits (1, classes) and then, but for the last, the features.

    Args:
        network: A network with exits; it is exported in evaluation mode and left as it was.

    Returns:
        The bytes of each file, weights included.
    """
    found = []
    features: Features = (torch.zeros(1, *network.input_shape),)
    with eval_mode(network):
        for index in range(len(network.exits)):
            stage = Stage(network, index).eval()
            found.append(export_module(stage, features))
            _, features = network.step(index, features)
    return tuple(found)


class OnnxExits:
    """A network with exits in ONNX Runtime: one session a stage, run only when it is needed.

    Args:
        files: What `stage_files` returned.
        thresholds: As in `labcode.early_exit.answer`.
        rule: "confidence", "entropy" or "margin".
    """

    def __init__(
        self,
        files: Sequence[bytes],
        thresholds: float | Sequence[float],
        *,
        rule: str = "confidence",
    ) -> None:
        """Load the sessions, with one thread each."""
        self.sessions = [onnx_session(file) for file in files]
        self.inputs = [[entry.name for entry in s.get_inputs()] for s in self.sessions]
        self.thresholds = check_thresholds(thresholds, len(files))
        self.rule = rule

    def __call__(self, image: NDArray[Any]) -> tuple[NDArray[Any], int]:
        """Answer about one image, (1, C, H, W): the logits (1, classes) and the exit, from 0."""
        features: list[NDArray[Any]] = [image]
        last = len(self.sessions) - 1
        for index, session in enumerate(self.sessions):
            feed = dict(zip(self.inputs[index], features, strict=True))
            logits, *features = session.run(None, feed)
            if index == last or _certainty(logits[0], self.rule) >= self.thresholds[index]:
                return logits, index
        raise AssertionError("the last exit always answers")


def _certainty(logits: NDArray[Any], rule: str) -> float:
    """Return how sure (classes,) logits are; confidence without PyTorch's cost of a call."""
    if rule != "confidence":
        return float(certainty(torch.from_numpy(logits), rule))
    return float(1 / np.exp(logits - logits.max()).sum())
