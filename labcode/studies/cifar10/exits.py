"""The trained ResNet-8 with two early exits, trained on with all three."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from labcode.data import Split
from labcode.early_exit import Method, budgets, certainty
from labcode.early_exit.training import all_exits
from labcode.models import exit_macs
from labcode.models.exit_network import ExitNetwork, Features, Head
from labcode.studies.cifar10.images import pictures
from labcode.studies.cifar10.rates import NETWORK
from labcode.studies.cifar10.stored import SHAPE, changes, right, whole
from labcode.studies.cifar10.trials import tuned
from labcode.studies.definition import Row
from labcode.training import eval_mode, seeded

GRID = 4  # means a side that an early exit looks at
METHOD = Method(weights=(1.0, 1.0, 1.0))
SHARES = (0.6, 0.8)  # of the last exit's multiply-adds, for which thresholds are chosen


class Part(nn.Module):
    """Some layers of a network as a stage: one map in, one map out."""

    def __init__(self, *layers: nn.Module) -> None:
        """Share the layers."""
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, features: Features) -> Features:
        """Turn one map into one map."""
        (x,) = features
        return (self.layers(x),)


def with_exits(network: Any) -> ExitNetwork:
    """Return a ResNet-8 with exits behind its first two blocks; its layers are shared.

    Args:
        network: A ResNet-8 of the usual width. Its linear layer becomes that of the last exit.
    """
    stages = (
        Part(network.conv, network.bn, nn.ReLU(), network.block1),
        Part(network.block2),
        Part(network.block3),
    )
    last = Head(64, 8, 1, 10)
    last.fc = network.fc
    return ExitNetwork(stages, (Head(16, 32, GRID, 10), Head(32, 16, GRID, 10), last), SHAPE)


def learned(
    seed: int, *, n_train: int, passes: int, lr: float, order: int | None = None
) -> ExitNetwork:
    """Return the stored network of a seed with exits, trained on with all of them.

    Args:
        seed: Of the stored network.
        n_train: Training pictures.
        passes: Over them.
        lr: Highest learning rate.
        order: Of the exits' first weights, and of the pictures' order; None is the seed.
    """
    order = seed if order is None else order
    network = seeded(lambda: with_exits(whole(seed)), order)
    data = pictures(n_train)
    loss = all_exits(network, METHOD)
    tuned(network, order, data=data, passes=passes, lr=lr, loss_fn=loss)
    return network


def rate_row(lr: float, seed: int, *, n_train: int, passes: int) -> Row:
    """Return how the exits read the validation split after a training at a learning rate.

    Args:
        lr: Highest learning rate.
        seed: Of the exits' first weights, and of the pictures' order.
        n_train: Training pictures.
        passes: Over them.

    Returns:
        The accuracy of leaving early, in the mean of the budgets of `SHARES`, and that of the last
        exit alone. The thresholds are chosen on the same pictures.
    """
    model = learned(NETWORK, n_train=n_train, passes=passes, lr=lr, order=seed)
    seen, macs = read_by(model, pictures().validation), exit_macs(model)
    early = [
        budgets.outcome_at(left_at(seen, seen, macs, share), seen.right, macs).accuracy
        for share in SHARES
    ]
    return {
        "validation_accuracy": sum(early) / len(early),
        "last_accuracy": float(seen.right[-1].double().mean()),
    }


class Read(NamedTuple):
    """What all exits say of a split.

    Args:
        scores: How sure each exit is of each picture, (exits, N).
        right: Whether each exit is right, (exits, N).
    """

    scores: Tensor
    right: Tensor


@torch.no_grad()
def read_by(network: ExitNetwork, split: Split) -> Read:
    """Return what the exits of a network say of a split."""
    with eval_mode(network):
        parts = [network.all_logits(part) for part in torch.split(split.images, 500)]
    logits = torch.cat(parts, dim=1)  # (exits, N, classes)
    return Read(certainty(logits), logits.argmax(2) == split.labels)


def left_at(chosen: Read, seen: Read, macs: tuple[int, ...], share: float) -> Tensor:
    """Return the exit that each picture of a split takes, (N,), for a share of the work.

    Args:
        chosen: What the exits say of the pictures that choose the thresholds.
        seen: What they say of the split.
        macs: Multiply-adds up to each exit.
        share: Of the last exit's multiply-adds.
    """
    limits = budgets.share_thresholds(chosen.scores, macs, share * macs[-1])
    return budgets.leaving(seen.scores, limits)


def exit_rows(seed: int, n_train: int, passes: int, lr: float) -> list[Row]:
    """Return each exit alone, and early exits for some shares of the work.

    Args:
        seed: Of the stored network, of the exits' first weights, and of the pictures' order.
        n_train: Training pictures.
        passes: Over them.
        lr: Highest learning rate.

    Returns:
        A row for each exit (``share`` is 0) and for each share of the last exit's multiply-adds,
        whose thresholds the validation split chooses (``exit`` is 0): accuracies, multiply-adds
        in the mean of the test pictures, ``lost`` and ``won`` against the stored network, and
        ``lost_to_last`` and ``won_over_last`` against the last exit.
    """
    network = learned(seed, n_train=n_train, passes=passes, lr=lr)
    chosen, seen = (read_by(network, s) for s in (pictures().validation, pictures().test))
    macs = exit_macs(network)
    ways = {(k + 1, 0.0): torch.full_like(seen.right[0], k, dtype=torch.long) for k in range(3)}
    for share in SHARES:
        ways[0, share] = left_at(chosen, seen, macs, share)
    return [
        {"exit": number, "share": share} | _row(taken, seen, macs, seed)
        for (number, share), taken in ways.items()
    ]


def _row(taken: Tensor, seen: Read, macs: tuple[int, ...], seed: int) -> Row:
    """Return what follows when each picture takes an exit, (N,)."""
    found = budgets.outcome_at(taken, seen.right, macs)
    now = seen.right.gather(0, taken[None])[0]
    against = changes(seen.right[-1], now)
    return {
        "test_accuracy": found.accuracy,
        "macs": round(found.macs),
        **changes(right(seed), now),
        "lost_to_last": against["lost"],
        "won_over_last": against["won"],
    }
