"""Train one network of the design space: one row of the measured grid."""

from __future__ import annotations

import math
import time
from typing import Any

import labcode
from labcode._checks import check_choice
from labcode.data import Dataset
from labcode.models.small_squeezenet import SmallSqueezeNet, small_squeezenet
from labcode.studies.definition import Row
from labcode.studies.design_space.grid import BYPASSES
from labcode.studies.protocol import digits, scores, trained

EPOCHS = 5
BATCH_SIZE = 100


def schedule(done: float) -> float:
    """Let the rate rise for a tenth of the run, then fall along half a cosine wave.

    >>> schedule(0.05), schedule(1.0)
    (0.5, 0.0)
    """
    if done < 0.1:
        return done / 0.1
    return round(0.5 * (1 + math.cos(math.pi * (done - 0.1) / 0.9)), 12)


def train(
    images: Dataset,
    squeeze_ratio: float,
    expand3x3_share: float,
    bypass: str,
    lr: float,
    seed: int,
    *,
    epochs: int = EPOCHS,
) -> SmallSqueezeNet:
    """Train a network of the design space on the training split.

    Args:
        images: A data set.
        squeeze_ratio: Squeeze filters over expand filters.
        expand3x3_share: Share of the expand filters that are 3x3.
        bypass: "plain", "simple" or "complex".
        lr: Highest learning rate.
        seed: Decides the first weights and the order of the images.
        epochs: Passes over the training split.

    Returns:
        The trained network.
    """
    check_choice("bypass", bypass, BYPASSES)
    return trained(
        lambda: small_squeezenet(
            num_classes=len(images.classes),
            in_channels=images.input_shape[0],
            squeeze_ratio=squeeze_ratio,
            expand3x3_share=expand3x3_share,
            bypass=None if bypass == "plain" else bypass,
        ),
        images.train,
        seed,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        lr=lr,
        schedule=schedule,
    )


def grid_row(
    squeeze_ratio: float, expand3x3_share: float, bypass: str, lr: float, seed: int
) -> Row:
    """Train one network of the grid; the arguments are those of `train`.

    Returns:
        Validation and test accuracy, parameters, multiply-adds, bytes of the float32 file, and
        the processor seconds of the training. Whatever chooses must not look at the test
        accuracy.
    """
    images, start = digits(), time.thread_time()
    model = train(images, squeeze_ratio, expand3x3_share, bypass, lr, seed)
    seconds = time.thread_time() - start
    return scores(model, images) | costs(model) | {"seconds": round(seconds, 2)}


def rate_row(epochs: int, seed: int, **design: Any) -> Row:
    """Train a design at a learning rate; only validation images are looked at.

    Args:
        epochs: Passes over the training split.
        seed: Decides the first weights and the order of the images.
        design: The other arguments of `train`.
    """
    model = train(digits(), **design, seed=seed, epochs=epochs)
    return scores(model, digits(), ["validation"])


def longer_row(epochs: int, seed: int, **design: Any) -> Row:
    """Return the accuracies of a design after longer training; the arguments of `rate_row`."""
    return scores(train(digits(), **design, seed=seed, epochs=epochs), digits())


def costs(model: SmallSqueezeNet) -> Row:
    """Return parameters, multiply-adds for one digit, and bytes of the float32 file.

    The file's tensors are numbered: with their names, a way around a module, which has no
    weights, would cost the bytes of a longer name.
    """
    from safetensors.torch import save

    found = labcode.count(model, (1, 28, 28))
    tensors = {str(number): t for number, t in enumerate(model.state_dict().values())}
    return {
        "params": found.params,
        "macs": found.macs,
        "bytes_on_disk": len(save(tensors)),
    }
