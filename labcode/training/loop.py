"""The training loop: plain, and fast on a CPU with two cores."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from labcode._checks import check_int, check_number
from labcode._progress import wants_progress
from labcode.data.dataset import Split
from labcode.training.devices import pick_device
from labcode.training.evaluation import check_logits, check_split, evaluate, restored_mode
from labcode.training.history import Epoch, History, TrainingDiverged
from labcode.training.schedule import OptimizerFactory, Schedule, make_optimizer, pick_schedule

Augment = Callable[[Tensor, torch.Generator], Tensor]
AfterStep = Callable[[nn.Module, int], None]


@dataclass(frozen=True)
class Batch:
    """What one step trains on.

    Args:
        images: As the network sees them, after any change, shape (N, C, H, W).
        labels: Class numbers, shape (N,).
        places: Where the images stand in the split, shape (N,).
    """

    images: Tensor
    labels: Tensor
    places: Tensor


LossFn = Callable[[nn.Module, Batch], tuple[Tensor, Tensor]]
"""Runs the network on a batch; returns its logits (N, classes) and the loss ()."""


def cross_entropy(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return a network's logits for a batch, and their mean cross-entropy: the plain loss."""
    logits = check_logits(model(batch.images), batch.labels)  # (N, classes)
    return logits, F.cross_entropy(logits, batch.labels)


def fit(
    model: nn.Module,
    train: Split,
    *,
    epochs: int,
    batch_size: int = 64,
    lr: float = 1e-3,
    weight_decay: float = 0.0,
    augment: Augment | None = None,
    seed: int = 0,
    validation: Split | None = None,
    device: str | torch.device | None = None,
    progress: bool | None = None,
    loss_fn: LossFn | None = None,
    optimizer: str | OptimizerFactory = "adamw",
    schedule: str | Schedule = "cosine",
    after_step: AfterStep | None = None,
) -> History:
    """Train a network in place; the same seed on the same machine gives the same weights.

    The whole split lies in memory; each epoch goes through it once in a new random order, in
    batches whose sizes differ by at most one. The caller's random state and the model's mode
    are left as they were; the model stays on the device that it was trained on.

    Args:
        model: Turns images (N, C, H, W) into logits (N, classes).
        train: The images and labels to fit.
        epochs: Number of passes over ``train``.
        batch_size: Largest number of images in a step.
        lr: Highest learning rate.
        weight_decay: As the optimizer defines it (AdamW: decoupled from the gradient).
        augment: Changes a batch of images; gets the images and a random generator.
        seed: Decides the order of the images, the augmentation, and dropout.
        validation: Evaluated after every epoch, for the history; never trained on.
        device: Where to train; None takes the fastest that is there.
        progress: Whether to show a bar; None shows it to people and not in stored outputs.
        loss_fn: Runs the network on a `Batch` and returns logits (N, classes), which only the
            accuracy is taken from, and the loss; None is `cross_entropy`.
        optimizer: "adamw", "sgd" (momentum 0.9), or a function of the parameters.
        schedule: "cosine", "linear", "constant", or a function of the part done (0 to 1).
        after_step: Called after each step with the model and the number of steps done, for
            instance to keep pruned weights at zero.

    Returns:
        Loss and accuracy of every epoch, and the time in seconds.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A number is out of range, or the logits do not fit the labels.
        TrainingDiverged: The loss or a weight became NaN or infinite.
    """
    check_split("train", train)
    if validation is not None:
        check_split("validation", validation)
    check_int("epochs", epochs)
    check_int("batch_size", batch_size)
    check_int("seed", seed, minimum=0)
    check_number("lr", lr, above=0.0)
    check_number("weight_decay", weight_decay, minimum=0.0)
    run = _Run(
        model=model.to(where := pick_device(device)),
        images=train.images.to(where),
        labels=train.labels.to(where),
        batches=math.ceil(len(train) / batch_size),
        epochs=epochs,
        optimizer=make_optimizer(optimizer, model, lr=lr, weight_decay=weight_decay),
        schedule=pick_schedule(schedule),
        augment=augment,
        loss_fn=loss_fn or cross_entropy,
        after_step=after_step,
    )
    start = time.perf_counter()
    bar = tqdm(total=run.total, unit="step", leave=False, disable=not wants_progress(progress))
    records = []
    with bar, restored_mode(model), _own_random_numbers(seed, where) as generator:
        for number in range(1, epochs + 1):
            loss, accuracy = run.epoch(number, generator, bar)
            seen = evaluate(model, validation) if validation is not None else None
            records.append(
                Epoch(
                    epoch=number,
                    lr=run.lr,
                    train_loss=loss,
                    train_accuracy=accuracy,
                    validation_loss=seen.loss if seen else None,
                    validation_accuracy=seen.accuracy if seen else None,
                )
            )
        _check_weights(model, run)
    return History(tuple(records), run.step, time.perf_counter() - start, str(where))


@dataclass
class _Run:
    """A training run on its way."""

    model: nn.Module
    images: Tensor  # (N, C, H, W)
    labels: Tensor  # (N,)
    batches: int  # in an epoch
    epochs: int
    optimizer: torch.optim.Optimizer
    schedule: Schedule
    augment: Augment | None
    loss_fn: LossFn
    after_step: AfterStep | None
    step: int = 0  # steps done
    base_rates: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.base_rates = [group["lr"] for group in self.optimizer.param_groups]

    @property
    def total(self) -> int:
        return self.epochs * self.batches

    @property
    def lr(self) -> float:
        return float(self.optimizer.param_groups[0]["lr"])

    def epoch(self, number: int, generator: torch.Generator, bar: Any) -> tuple[float, float]:
        """Go through the images once; return the mean loss and the accuracy."""
        self.model.train()
        loss_sum, correct = 0.0, 0
        order = torch.randperm(len(self.labels), generator=generator)
        for chosen in order.tensor_split(self.batches):  # sizes differ by at most one
            loss, right = self.one_step(chosen.to(self.labels.device), number, generator)
            loss_sum += loss * len(chosen)
            correct += right
            bar.update()
        bar.set_postfix(epoch=number, loss=f"{loss_sum / len(self.labels):.3f}", refresh=False)
        return loss_sum / len(self.labels), correct / len(self.labels)

    def one_step(
        self, picked: Tensor, number: int, generator: torch.Generator
    ) -> tuple[float, int]:
        """Take one step on the images at ``picked`` (N,); return the loss and the right ones."""
        images, labels = self.images[picked], self.labels[picked]  # (N, C, H, W), (N,)
        if self.augment is not None:
            images = self.augment(images, generator)
        self.set_lr()
        self.optimizer.zero_grad(set_to_none=True)
        logits, loss = self.loss_fn(self.model, Batch(images, labels, picked))
        check_logits(logits, labels)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise TrainingDiverged(_diverged(f"the loss became {value}", number, self))
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.step += 1
        if self.after_step is not None:
            self.after_step(self.model, self.step)
        return value, int((logits.detach().argmax(dim=1) == labels).sum())

    def set_lr(self) -> None:
        """Set the learning rate of the next step."""
        factor = self.schedule(self.step / self.total)
        for group, base in zip(self.optimizer.param_groups, self.base_rates, strict=True):
            group["lr"] = base * factor


def _check_weights(model: nn.Module, run: _Run) -> None:
    """Refuse to hand back broken weights: the last step has no loss after it."""
    for name, parameter in model.named_parameters():
        if not bool(parameter.isfinite().all()):
            raise TrainingDiverged(_diverged(f"{name} became NaN or infinite", run.epochs, run))


def _diverged(what: str, epoch: int, run: _Run) -> str:
    return (
        f"{what} in epoch {epoch} of {run.epochs}, after {run.step} of {run.total} steps, "
        f"with lr {run.lr:.3g}: try a smaller lr, and check that the images are finite"
    )


@contextlib.contextmanager
def _own_random_numbers(seed: int, device: torch.device) -> Iterator[torch.Generator]:
    """Yield a generator that starts at ``seed``, with PyTorch's own (dropout) there too.

    Afterwards the caller's random state is back. On a GPU cuDNN is held to its
    reproducible algorithms.
    """
    cuda = [device] if device.type == "cuda" else []
    with (
        torch.random.fork_rng(devices=cuda),
        torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True),
    ):
        torch.manual_seed(seed)
        yield torch.Generator().manual_seed(seed)
