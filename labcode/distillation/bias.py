"""One number put right: the bias of a class that a network gives too rarely."""

from __future__ import annotations

import torch
from torch import Tensor

from labcode.data import Split
from labcode.distillation.checks import check_logits


def best_bias(logits: Tensor, labels: Tensor, class_number: int) -> float:
    """Return what to add to one class's logit so that most images are right.

    With the added value rising, images of the class become right one after the other, and images
    of other classes become wrong. So the number of right answers is a staircase, and the best
    steps of it are found exactly. Of several equally good ones the widest is taken, and of that
    the middle.

    Args:
        logits: Shape (N, classes), of images that were not trained on.
        labels: Class numbers, shape (N,).
        class_number: The class whose bias is changed.

    Returns:
        The value to add to its logit.

    Raises:
        ValueError: The class does not exist, or the logits do not fit the labels.

    Source: Hinton, Vinyals and Dean, 2015 (arXiv:1503.02531), section 3, raise a bias in this way.

    >>> logits = torch.tensor([[1.0, 0.0], [3.0, 0.0], [9.0, 0.0]])
    >>> best_bias(logits, torch.tensor([1, 1, 0]), class_number=1)
    6.0
    """
    check_logits("logits", logits)
    if labels.shape != logits.shape[:1]:
        raise ValueError(f"labels must have the shape ({len(logits)},), got {tuple(labels.shape)}")
    if not 0 <= class_number < logits.shape[1]:
        raise ValueError(
            f"class_number must be from 0 to {logits.shape[1] - 1}, got {class_number}"
        )
    others = logits.double().clone()
    others[:, class_number] = -torch.inf
    top, answer = others.max(dim=1)  # the best of the other classes
    turns = top - logits[:, class_number].double()  # (N,) the answer turns to the class above this
    won = turns[labels == class_number]
    lost = turns[(labels != class_number) & (answer == labels)]
    return _best_step(won, lost)


def _best_step(won: Tensor, lost: Tensor) -> float:
    """Return the middle of the widest best step: after most of ``won``, before most of ``lost``."""
    if len(won) + len(lost) == 0:
        return 0.0
    edges = torch.unique(torch.cat([won, lost]))  # sorted
    ends = torch.cat([edges[:1] - 2, edges, edges[-1:] + 2])  # beyond the ends all steps are equal
    middles, widths = (ends[:-1] + ends[1:]) / 2, ends.diff()
    right = (won < middles[:, None]).sum(dim=1) + (lost > middles[:, None]).sum(dim=1)
    widths[right < right.max()] = -1.0
    return float(middles[widths.argmax()])


def with_bias(logits: Tensor, class_number: int, bias: float) -> Tensor:
    """Return a copy of the logits with a value added to one class.

    >>> with_bias(torch.zeros(1, 3), 1, 2.5)
    tensor([[0.0000, 2.5000, 0.0000]])
    """
    changed = logits.clone()
    changed[:, class_number] += bias
    return changed


def confusion(logits: Tensor, labels: Tensor) -> Tensor:
    """Return how often each class (row) was given each answer (column).

    Args:
        logits: Shape (N, classes).
        labels: Class numbers, shape (N,).

    Returns:
        Counts, shape (classes, classes).

    >>> confusion(torch.tensor([[2.0, 1.0], [0.0, 1.0], [3.0, 1.0]]), torch.tensor([0, 1, 1]))
    tensor([[1, 0],
            [1, 1]])
    """
    classes = logits.shape[1]
    pairs = labels * classes + logits.argmax(dim=1)
    return torch.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def without(split: Split, class_number: int) -> Split:
    """Return a split without the images of one class.

    Raises:
        ValueError: No image of the class is in it, or no other.

    >>> both = Split(torch.zeros(3, 1, 2, 2), torch.tensor([0, 1, 1]))
    >>> without(both, 1).labels
    tensor([0])
    """
    keep = split.labels != class_number
    if bool(keep.all()) or not bool(keep.any()):
        raise ValueError(f"class_number must be one of several in {split.name}, got {class_number}")
    name = f"{split.name}, no {class_number}"
    return Split(split.images[keep], split.labels[keep], name)
