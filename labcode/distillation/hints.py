"""Feature hints: a student also imitates what the teacher sees in its middle (FitNets)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_choice
from labcode._walk import dtype_of
from labcode.data import Split
from labcode.training import Batch, device_of, eval_mode, fit, seeded
from labcode.training.history import History


def features(model: nn.Module, layer: str, images: Tensor) -> Tensor:
    """Return what a layer of a network gives for images, in evaluation mode.

    Args:
        model: The network.
        layer: The layer's name, as in ``model.named_modules()``.
        images: Shape (N, C, H, W).

    Returns:
        The layer's output, shape (N, ...), without a gradient, as it left the layer: what an
        in-place ReLU behind it does, does not reach it.

    Raises:
        ValueError: There is no such layer, the network does not run it or runs it more than
            once, or it gives no tensor.

    >>> from labcode.models import lenet5
    >>> features(lenet5(), "pool2", torch.rand(2, 1, 28, 28)).shape
    torch.Size([2, 50, 4, 4])
    """
    with _listening(model, layer) as heard, eval_mode(model), torch.no_grad():
        model(images.to(device_of(model), dtype_of(model)))
    return _the_one(layer, heard)


@contextmanager
def _listening(model: nn.Module, layer: str) -> Iterator[list[Tensor]]:
    """Collect the outputs of a layer while the network runs."""
    names = [name for name, _ in model.named_modules(remove_duplicate=False) if name]
    check_choice("layer", layer, names)
    heard: list[Tensor] = []

    def hear(_m: nn.Module, _i: object, output: object) -> None:
        if not isinstance(output, Tensor):
            raise ValueError(f"layer {layer!r} must give a tensor, got a {type(output).__name__}")
        heard.append(output.clone())  # an in-place layer behind it would change the output itself

    hook = model.get_submodule(layer).register_forward_hook(hear)
    try:
        yield heard
    finally:
        hook.remove()


def _the_one(layer: str, heard: list[Tensor]) -> Tensor:
    """Return the output of a layer that ran once."""
    if not heard:
        raise ValueError(f"layer {layer!r} did not run")
    if len(heard) > 1:
        raise ValueError(f"layer {layer!r} ran {len(heard)} times: name one that runs once")
    return heard[0]


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
        ValueError: A layer has another name, does not run or runs more than once, or gives no
            tensor.

    Source: Romero et al., 2015 (arXiv:1412.6550), section 2.2.
    """
    wanted = features(teacher, teacher_layer, split.images)  # (N, ...)
    given = features(student, student_layer, split.images[:1])
    guide = seeded(lambda: regressor(given, wanted), seed)
    targets = wanted.flatten(1)  # (N, values)

    def loss_fn(both: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        with _listening(student, student_layer) as heard:
            student(batch.images)
        guess = guide(_the_one(student_layer, heard)).flatten(1)  # (N, values)
        return guess, F.mse_loss(guess, targets.to(guess.device)[batch.places])

    both = nn.ModuleList([student, guide])  # the regressor is trained along
    return fit(both, split, epochs=epochs, lr=lr, seed=seed, loss_fn=loss_fn)
