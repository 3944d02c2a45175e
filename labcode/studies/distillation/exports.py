"""What the calculator of soft labels shows: four test images and LeNet-5's logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labcode import data
from labcode.distillation import logits_of
from labcode.weights import baselines

PICTURES = {"like a 1": 977, "like a 9": 837, "like a 2": 847, "a plain one": 307}


@dataclass(frozen=True)
class Seven:
    """A picture of a seven, and what the stored LeNet-5 (seed 0) answers.

    Args:
        place: In the test split.
        logits: Ten of them.
        pixels: Rows of hexadecimal digits, from 0 to f (15, the darkest).
    """

    place: int
    logits: list[float]
    pixels: list[str]


def sevens() -> dict[str, Seven]:
    """Return the pictures by their names."""
    places = list(PICTURES.values())
    images = data.load("mnist5k").test.images[places]  # (4, 1, 28, 28)
    logits = logits_of(baselines.load("lenet5", seed=0), images).tolist()
    return {
        name: Seven(place, row, _shades(image[0]))
        for (name, place), row, image in zip(PICTURES.items(), logits, images, strict=True)
    }


def sevens_module() -> str:
    """Return the module that the calculator reads."""
    found = sevens()
    lines = [
        '"""Four sevens of the test split: written by labcode.studies.distillation, `sevens`."""',
        "",
        "# places in the split",
        f"PLACES = { ({name: seven.place for name, seven in found.items()}) }",
        "",
        "# logits of the stored LeNet-5, seed 0",
        "LOGITS = {",
    ]
    for name, seven in found.items():
        lines += [f"    {name!r}: (", *(f"        {v:.4f}," for v in seven.logits), "    ),"]
    lines += ["}", "", "# how dark each pixel is, from 0 to f (15)", "PIXELS = {"]
    for name, seven in found.items():
        lines += [f"    {name!r}: (", *(f'        "{row}",' for row in seven.pixels), "    ),"]
    return "\n".join([*lines, "}"]).replace("'", '"') + "\n"


def _shades(image: Any) -> list[str]:
    """Return an image (28, 28) of values from 0 to 1 as rows of hexadecimal digits."""
    return ["".join(f"{round(15 * value):x}" for value in row) for row in image.tolist()]
