"""What the page shows of soft labels: four test images and the logits of the stored LeNet-5."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from labcode import data
from labcode.distillation import logits_of
from labcode.weights import baselines

PLACES = {"like a 1": 977, "like a 9": 837, "like a 2": 847, "a plain one": 307}


def page_data() -> dict[str, Any]:
    """Return four sevens of the test split.

    Returns:
        ``pictures``: of each its name, its place in the split, LeNet-5's ten logits to four
        decimals (another processor changes the sixth) and its rows of pixels, each a hexadecimal
        digit from 0 to f.
    """
    images = data.load("mnist5k").test.images[list(PLACES.values())]  # (4, 1, 28, 28)
    logits = logits_of(baselines.load("lenet5", seed=0), images)  # (4, 10)
    pictures = [
        {
            "name": name,
            "place": place,
            "logits": [round(value, 4) for value in row],
            "pixels": _shades(image[0]),
        }
        for (name, place), row, image in zip(PLACES.items(), logits.tolist(), images, strict=True)
    ]
    return {"pictures": pictures}


def _shades(image: Tensor) -> list[str]:
    """Return an image (28, 28) of values from 0 to 1 as rows of hexadecimal digits."""
    return ["".join(f"{round(15 * value):x}" for value in row) for row in image.tolist()]
