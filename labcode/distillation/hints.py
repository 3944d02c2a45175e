"""Feature hints: a student also imitates what the teacher sees in its middle (FitNets)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_choice
from labcode.data import Split
from labcode.training import Batch, eval_mode, fit, seeded
from labcode.training.history import History


def features(model: nn.Module, layer: str, images: Tensor) -> Tensor:
    """Return what a layer of a network gives for images, in evaluation mode.

    Args:
        model: The network.
        layer: The layer's name, as in ``model.named_modules()``.
        images: Shape (N, C, H, W).

    Returns:
        The layer's output, shape (N, ...), without a gradient.

    Raises:
        ValueError: There is no such layer, or the network does not run it.

    >>> from labcode.models import lenet5
    >>> features(lenet5(), "pool2", torch.rand(2, 1, 28, 28)).shape
    torch.Size([2, 50, 4, 4])
    """
    with _listening(model, layer) as heard, eval_mode(model), torch.no_grad():
        model(images)
    if not heard:
        raise ValueError(f"layer {layer!r} did not run")
    return heard[-1]


@contextmanager
def _listening(model: nn.Module, layer: str) -> Iterator[list[Tensor]]:
    """Collect the outputs of a layer while the network runs."""
    check_choice("layer", layer, [name for name, _ in model.named_modules() if name])
    heard: list[Tensor] = []
    hook = model.get_submodule(layer).register_forward_hook(
        lambda _m, _i, output: heard.append(output)
    )
    try:
        yield heard
    finally:
        hook.remove()


def regressor(student: Tensor, teacher: Tensor) -> nn.Module:
    """Return the layer that turns a student's features into guesses of the teacher's.

    The student is narrower, so its features cannot equal the teacher's: a linear map in between
    is trained along and thrown away afterwards. For maps (N, C, H, W) of one size it is a 1 × 1
    convolution; otherwise all values go through a fully connected layer.

    Args:
        student: Example features of the student, shape (N, ...).
        teacher: Example features of the teacher, shape (N, ...).

    Returns:
        The regressor, untrained.

    Source: Romero et al., 2015 (arXiv:1412.6550), section 2.2 (there with larger filters).

    >>> regressor(torch.zeros(1, 8, 4, 4), torch.zeros(1, 50, 4, 4))
    Conv2d(8, 50, kernel_size=(1, 1), stride=(1, 1))
    """
    if student.ndim == teacher.ndim == 4 and student.shape[2:] == teacher.shape[2:]:
        return nn.Conv2d(student.shape[1], teacher.shape[1], kernel_size=1)
    n_in, n_out = student[0].numel(), teacher[0].numel()
    return nn.Sequential(nn.Flatten(), nn.Linear(n_in, n_out), nn.Unflatten(1, teacher.shape[1:]))


def fit_hints(
    student: nn.Module,
    student_layer: str,
    teacher: nn.Module,
    teacher_layer: str,
    split: Split,
    *,
    epochs: int,
    lr: float = 2e-3,
    seed: int = 0,
) -> History:
    """Train a student's lower part to foretell the teacher's features: stage one of FitNets.

    Layers after ``student_layer`` get no gradient. Stage two is ordinary distillation. The
    teacher sees the unchanged images, once.

    Args:
        student: The network to train, in place.
        student_layer: Name of its guided layer.
        teacher: The trained network.
        teacher_layer: Name of its hint layer.
        split: The images.
        epochs: Passes over them.
        lr: Highest learning rate.
        seed: Decides the order of the images and the regressor's first weights.

    Returns:
        What happened; its losses are mean squared errors, and its accuracies mean nothing.

    Raises:
        ValueError: A layer has another name.

    Source: Romero et al., 2015 (arXiv:1412.6550), section 2.2.
    """
    wanted = features(teacher, teacher_layer, split.images)  # (N, ...)
    given = features(student, student_layer, split.images[:1])
    guide = seeded(lambda: regressor(given, wanted), seed)
    targets = wanted.flatten(1)  # (N, values)

    def loss_fn(both: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        with _listening(student, student_layer) as heard:
            student(batch.images)
        guess = guide(heard[-1]).flatten(1)  # (N, values)
        return guess, F.mse_loss(guess, targets.to(guess.device)[batch.places])

    both = nn.ModuleList([student, guide])  # the regressor is trained along
    return fit(both, split, epochs=epochs, lr=lr, seed=seed, loss_fn=loss_fn)
