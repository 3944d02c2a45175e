"""Prune while training: the schedule says how much, the importance says what."""

from __future__ import annotations

import math
from typing import Any

from torch import nn

from labcode._checks import check_int
from labcode.data.dataset import Split
from labcode.pruning.importance import Importance, magnitude
from labcode.pruning.masks import Masks
from labcode.pruning.schedules import KeptSchedule
from labcode.pruning.selection import select
from labcode.training import fit

SHORT = 20  # looks: in a run with fewer, one that is missed is more than 5 % of it


class Pruner:
    """Masks that tighten along a schedule, to be called after each step of a training run.

    What was pruned stays pruned, exactly zero. ``masks`` holds the masks of the moment.
    """

    def __init__(
        self,
        model: nn.Module,
        schedule: KeptSchedule,
        *,
        steps: int,
        every: int = 10,
        importance: Importance = magnitude,
        scope: str = "global",
    ) -> None:
        """Prune the model for the first time, as the schedule says for the start.

        Args:
            model: The network, pruned in place.
            schedule: From the part of the run done to the part of the weights kept.
            steps: Number of steps of the whole run.
            every: Steps between two looks at the schedule. A run of fewer than 20 times as many
                looks at it in each step, or its end would come late or never.
            importance: Scores the weights at each pruning.
            scope: "global" or "local"; see `select`.
        """
        self.schedule, self.importance, self.scope = schedule, importance, scope
        self.steps, self.every = check_int("steps", steps), check_int("every", every)
        if steps < SHORT * every:
            self.every = 1
        self.kept = math.inf
        self.masks: Masks | None = None
        self.after_step(model, 0)

    def after_step(self, model: nn.Module, step: int) -> None:
        """Tighten the masks if it is time, and apply them: ``fit(…, after_step=…)``."""
        if step % self.every == 0 or step == self.steps:
            kept = self.schedule(step / self.steps)
            if kept < self.kept:
                scores = self.importance(model)
                self.masks = select(model, scores, kept, scope=self.scope, within=self.masks)
                self.kept = kept
        assert self.masks is not None
        self.masks.apply(model)


def prune_and_train(
    model: nn.Module,
    train: Split,
    schedule: KeptSchedule,
    *,
    epochs: int,
    batch_size: int = 64,
    importance: Importance = magnitude,
    scope: str = "global",
    **settings: Any,
) -> Masks:
    """Train a network in place and prune it on the way.

    All schedules take the same steps with the same learning rates, so that they can be compared.

    Args:
        model: The network, usually trained already.
        train: The images and labels to train on.
        schedule: From the part of the run done to the part of the weights kept.
        epochs: Passes over ``train``, all rounds of pruning together.
        batch_size: Images in a step.
        importance: Scores the weights at each pruning.
        scope: "global" or "local"; see `select`.
        **settings: For `labcode.training.fit`, such as ``lr``, ``augment`` and ``loss_fn``.

    Returns:
        The masks at the end; the model's pruned weights are exactly zero.

    >>> from labcode import data
    >>> from labcode.pruning.schedules import one_shot
    >>> digits = data.load("digits", n_train=20)
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    >>> masks = prune_and_train(model, digits.train, one_shot(0.25), epochs=1, device="cpu")
    >>> masks.total_kept, int((model[1].weight != 0).sum())
    (160, 160)
    """
    steps = check_int("epochs", epochs) * math.ceil(len(train) / batch_size)
    pruner = Pruner(model, schedule, steps=steps, importance=importance, scope=scope)
    fit(
        model,
        train,
        epochs=epochs,
        batch_size=batch_size,
        after_step=pruner.after_step,
        **settings,
    )
    assert pruner.masks is not None
    return pruner.masks
