"""Lessons: images changed once, and what several teachers together say about them, stored."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from labcode._checks import check_int
from labcode.coding.pipeline import Guide
from labcode.data import RandomAffine
from labcode.data.dataset import Split
from labcode.distillation import SoftLabels

# Of the soft labels, and their part of the loss. Chosen on the validation split, LeNet-300-100
# with 6 % of its weights, seed 0: 487 of 500 right, with a temperature of 4 it was 485.
TEMPERATURE, SOFT = 2.0, 0.9
LR, BATCH_SIZE = 4e-3, 128  # in the same time twice the epochs of batches of 64


class Lessons:
    """Changed copies of training images with soft labels, made once and used many times.

    Asking several convolutional teachers at every step would take far longer than a step of a
    small student. So the images are changed beforehand, ``copies`` times each, and the teachers'
    mean logits are kept. One pass over ``split`` is as long as ``copies`` passes over ``train``;
    ``guide`` says how `labcode.coding.pipeline` trains on it.
    """

    def __init__(
        self,
        teachers: Sequence[nn.Module],
        train: Split,
        change: RandomAffine,
        *,
        copies: int,
        seed: int,
    ) -> None:
        """Change the images and ask the teachers.

        Args:
            teachers: Networks that turn images (N, C, H, W) into logits (N, classes).
            train: The images and labels to change; each copy keeps its label.
            change: How images are changed.
            copies: Changed copies of each image.
            seed: Decides the changes.

        Raises:
            ValueError: There is no teacher, or ``copies`` is below 1.
        """
        if not teachers:
            raise ValueError("teachers must hold at least one network, got none")
        generator = torch.Generator().manual_seed(check_int("seed", seed, minimum=0))
        changed = [change(train.images, generator) for _ in range(check_int("copies", copies))]
        self.copies = copies
        self.split = Split(torch.cat(changed), train.labels.repeat(copies))
        labels = SoftLabels.from_ensemble(teachers, self.split)
        loss_fn = labels.loss(temperature=TEMPERATURE, soft_weight=SOFT)
        self.guide = Guide(LR, BATCH_SIZE, None, loss_fn)  # the images were changed before
