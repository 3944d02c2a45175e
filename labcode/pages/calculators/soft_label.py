"""The soft label of a real picture at a temperature."""

from __future__ import annotations

import math
from collections.abc import Sequence

from labcode._checks import check_between, check_choice
from labcode.pages import data
from labcode.pages.live.result import Beside, Result
from labcode.pages.pictures.pixels import pixels
from labcode.show.tables import Cell, Head, Table

PICTURES = {stored["name"]: stored for stored in data.load("soft_label")["pictures"]}
HIGHEST = 32


def soft_label(picture: str = "like a 1", temperature: int = 1) -> Result:
    """Show what LeNet-5 says about one of four sevens, softened at a temperature.

    Args:
        picture: "like a 1", "like a 9", "like a 2" or "a plain one": a test image.
        temperature: 1 to 32. 1 is the plain softmax.

    Returns:
        The probability of each digit, and the entropy.

    Raises:
        ValueError: There is no such picture, or the temperature is out of range.

    >>> print(soft_label("like a 9", 1).summary)
    Temperature 1: 53.2 % for 7, then 45.9 % for 9. Entropy 1.07 bits.
    """
    stored = PICTURES[check_choice("picture", picture, tuple(PICTURES))]
    shares = softened(stored["logits"], check_between("temperature", temperature, 1, HIGHEST))
    first, second = sorted(range(10), key=lambda digit: -shares[digit])[:2]
    entropy = -sum(p * math.log2(p) for p in shares if p)
    rows = tuple(
        (str(digit), Cell(_percent(p), p, "a" if digit == 7 else "b", kind="strong"))
        for digit, p in enumerate(shares)
    )
    table = Table(columns=("", Head("Share of the soft label", "a")), rows=rows, style="list")
    return Result(
        f"Temperature {temperature}: {_percent(shares[first])} for {first}, then "
        f"{_percent(shares[second])} for {second}. Entropy {entropy:.2f} bits.",
        (Beside(pixels(stored["pixels"], f"A handwritten seven, {picture}"), table),),
        "The logits are those of the stored LeNet-5, seed 0, for a test image. Entropy goes from "
        f"0 bits (a hard label) to {math.log2(10):.2f} bits (ten equal shares).",
        values={"shares": shares, "entropy": entropy, "first": first, "second": second},
    )


def softened(logits: Sequence[float], temperature: float) -> list[float]:
    """Return the softmax of logits divided by a temperature.

    >>> softened([1.0, 1.0], 4)
    [0.5, 0.5]
    """
    top = max(logits)
    powers = [math.exp((logit - top) / temperature) for logit in logits]
    return [power / sum(powers) for power in powers]


def _percent(share: float) -> str:
    return "< 0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"
