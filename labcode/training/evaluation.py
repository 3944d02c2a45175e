"""How good a network is on a split."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from labcode._checks import check_int
from labcode.data.dataset import Split
from labcode.training.devices import device_of


@dataclass(frozen=True)
class Evaluation:
    """The result of a network on a split.

    Args:
        correct: Number of images whose largest output is at their label.
        n: Number of images.
        loss: Mean cross-entropy per image, in nats.

    >>> Evaluation(correct=980, n=1000, loss=0.07)
    Evaluation(98.0 % ± 0.4 %, 980 of 1000, loss 0.0700)
    """

    correct: int
    n: int
    loss: float

    @property
    def accuracy(self) -> float:
        """Part of the images that are right, from 0 to 1."""
        return self.correct / self.n

    @property
    def standard_error(self) -> float:
        """Standard error of the accuracy that comes from having only ``n`` images."""
        return math.sqrt(self.accuracy * (1 - self.accuracy) / self.n)

    def __repr__(self) -> str:
        """Show the accuracy with its standard error, in percent."""
        return (
            f"Evaluation({self.accuracy:.1%} ± {self.standard_error:.1%}, "
            f"{self.correct} of {self.n}, loss {self.loss:.4f})"
        ).replace("%", " %")


def evaluate(model: nn.Module, split: Split, *, batch_size: int = 100) -> Evaluation:
    """Run a network on a split, on the device that the network is on.

    The network is put into evaluation mode and afterwards back into the mode it was in.

    Args:
        model: Turns images (N, C, H, W) into logits (N, classes).
        split: The images and labels.
        batch_size: Images at a time; it changes the memory needed, not the result.

    Returns:
        The number of right answers and the mean loss.

    Raises:
        TypeError: ``split`` is not a `labcode.data.Split` (a whole data set is refused).
        ValueError: The network's output is not one row of logits for each image.
    """
    check_split("split", split)
    size, device = check_int("batch_size", batch_size), device_of(model)
    correct, loss = 0, 0.0
    with eval_mode(model), torch.inference_mode():
        for start in range(0, len(split), size):
            images = split.images[start : start + size].to(device)  # (N, C, H, W)
            labels = split.labels[start : start + size].to(device)  # (N,)
            logits = check_logits(model(images), labels)  # (N, classes)
            correct += int((logits.argmax(dim=1) == labels).sum())
            loss += float(F.cross_entropy(logits, labels, reduction="sum"))
    return Evaluation(correct, len(split), loss / len(split))


def check_split(name: str, value: object) -> Split:
    """Return ``value``, which must be a split; a data set gets a hint."""
    if isinstance(value, Split):
        return value
    hint = ", such as data.train" if hasattr(value, "train") else ""
    raise TypeError(f"{name} must be a labcode.data.Split{hint}, got {type(value).__name__}")


def check_logits(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the logits, which must be (N, classes) with a class for every label."""
    if not isinstance(logits, torch.Tensor):
        raise ValueError(
            f"the model must return logits of shape ({len(labels)}, classes), "
            f"got a {type(logits).__name__}"
        )
    if logits.ndim != 2 or len(logits) != len(labels):
        raise ValueError(
            f"the model must return logits of shape ({len(labels)}, classes), "
            f"got {tuple(logits.shape)}"
        )
    if int(labels.max()) >= logits.shape[1]:
        raise ValueError(
            f"the model has {logits.shape[1]} outputs, but a label is {int(labels.max())}"
        )
    return logits


@contextmanager
def eval_mode(model: nn.Module) -> Iterator[None]:
    """Put every part of a model into evaluation mode, and each back afterwards."""
    with restored_mode(model):
        model.eval()
        yield


@contextmanager
def restored_mode(model: nn.Module) -> Iterator[None]:
    """Put every part of a model back into its mode, training or evaluation, afterwards."""
    before = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, training in before:
            module.training = training
