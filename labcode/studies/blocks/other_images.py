"""The contest of the blocks on other images than digits, where they can be had."""

from __future__ import annotations

from collections.abc import Sequence

from labcode._checks import check_choice
from labcode.data import Dataset
from labcode.models.blocks import BLOCKS
from labcode.studies.blocks.block_trials import BUDGETS, trained_block
from labcode.studies.protocol import N_TRAIN
from labcode.training import evaluate


def contest(images: Dataset, kinds: Sequence[str], *, seed: int = 0) -> dict[str, float]:
    """Train a backbone of each kind at the smaller budget, and return its test accuracy.

    Steps, learning rate and number of training images are those of the contest on digits.

    Args:
        images: Ten classes of grey images of 28 x 28, 1,000 training images or more; only
            the first 1,000 of a balanced choice are used.
        kinds: Some of `blocks.BLOCKS`.
        seed: Decides the first weights and the order of the images.

    Returns:
        The share of the test images that is right, by kind.

    Raises:
        ValueError: A kind is unknown, or the images have another shape or too few.
    """
    for kind in kinds:
        check_choice("kinds", kind, BLOCKS)
    if images.input_shape != (1, 28, 28):
        raise ValueError(f"images must have the shape (1, 28, 28), got {images.input_shape}")
    few = images.with_train(N_TRAIN)
    found = {}
    for kind in kinds:
        model = trained_block(kind, BUDGETS[0], seed, images=few)
        found[kind] = evaluate(model, few.test).accuracy
    return found
