"""Train one network of the design space: one row of the measured grid."""

from __future__ import annotations

import math
import time

import labcode
from labcode._checks import check_choice
from labcode.data import Dataset
from labcode.models.small_squeezenet import SmallSqueezeNet, small_squeezenet
from labcode.studies.definition import Row
from labcode.studies.design_space.grid import BYPASSES
from labcode.studies.protocol import digits, scores, trained

EPOCHS = 5
BATCH_SIZE = 100
RATE = 2e-2  # chosen on validation images: see RATES in `tables`


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
    seed: int,
    *,
    epochs: int = EPOCHS,
    rate: float = RATE,
) -> SmallSqueezeNet:
    """Train a network of the design space on the training split.

    Args:
        images: A data set.
        squeeze_ratio: Squeeze filters over expand filters.
        expand3x3_share: Share of the expand filters that are 3x3.
        bypass: "plain", "simple" or "complex".
        seed: Decides the first weights and the order of the images.
        epochs: Passes over the training split.
        rate: Highest learning rate.

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
        lr=rate,
        schedule=schedule,
    )


def grid_row(squeeze_ratio: float, expand3x3_share: float, bypass: str, seed: int) -> Row:
    """Train one network of the grid; the arguments are those of `train`.

    Returns:
        Validation and test accuracy, parameters, multiply-adds, bytes of the float32 file, and
        the processor seconds of the training. Whatever chooses must not look at the test
        accuracy.
    """
    images, start = digits(), time.thread_time()
    model = train(images, squeeze_ratio, expand3x3_share, bypass, seed)
    seconds = time.thread_time() - start
    return scores(model, images) | costs(model) | {"seconds": round(seconds, 2)}


def rate_row(rate: float, squeeze_ratio: float, bypass: str, seed: int) -> Row:
    """Train with another learning rate; only validation images are looked at."""
    model = train(digits(), squeeze_ratio, 0.5, bypass, seed, rate=rate)
    return scores(model, digits(), ["validation"])


def longer_row(bypass: str, epochs: int, seed: int, expand3x3_share: float = 0.5) -> Row:
    """Train one design, squeeze ratio 0.25 and as a rule half 3x3, for longer."""
    model = train(digits(), 0.25, expand3x3_share, bypass, seed, epochs=epochs)
    return scores(model, digits())


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
