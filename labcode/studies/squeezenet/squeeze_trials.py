"""Trials of the small SqueezeNet whose poolings move."""

from __future__ import annotations

from typing import Any

from labcode._checks import check_choice
from labcode.models.late_squeezenet import PLAIN, POOLS, WIDE, late_squeezenet
from labcode.studies.definition import Row
from labcode.studies.protocol import N_TRAIN, digits, facts, small_run

EPOCHS = 10
WINDOWS = {"as it is": PLAIN, "wide": WIDE}
LR = 1e-2  # where none is searched


def pooling_row(
    place: str,
    seed: int,
    *,
    width: float = 1.0,
    size: int = 28,
    epochs: int = EPOCHS,
    window: str = "as it is",
    lr: float = LR,
) -> Row:
    """Train the small SqueezeNet with its poolings at one place.

    Args:
        place: One of `POOLS`.
        seed: Of the first weights and the order of the images.
        width: All channels are multiplied by it.
        size: 28, or 14 for digits that are made half as large.
        epochs: Passes over the training images.
        window: One of `WINDOWS`: filters as they are, or dilated.
        lr: Learning rate at the start.

    Raises:
        ValueError: ``place``, ``size`` or ``window`` is unknown.
    """
    pools, images = POOLS[check_choice("place", place, POOLS)], digits(N_TRAIN, size)
    dilations = WINDOWS[check_choice("window", window, WINDOWS)]
    model = small_run(
        lambda: late_squeezenet(pools, width=width, dilations=dilations),
        seed,
        epochs=epochs,
        lr=lr,
        images=images,
    )
    return facts(model, images)


def rate_row(place: str, seed: int, **setting: Any) -> Row:
    """Return the validation accuracy of `pooling_row`, whose arguments these are."""
    return {"validation_accuracy": pooling_row(place, seed, **setting)["validation_accuracy"]}


def field(place: str, window: str = "as it is") -> int:
    """Return how many pixels, in a line, a value of the last Fire module sees.

    >>> field("early"), field("late"), field("late", "wide")
    (37, 17, 37)
    """
    seen, step = 3, 1  # conv1
    for layer in range(1, 6):
        if layer > 1:
            seen += 2 * step * WINDOWS[window][layer - 2]  # the 3x3 filters of a Fire module
        if layer in POOLS[place] and layer < 5:
            seen, step = seen + 2 * step, 2 * step
    return seen
