"""The soft label of a real picture at a temperature."""

from __future__ import annotations

import math
from collections.abc import Sequence

from labcode._checks import check_int
from labcode.pages.calculators.sevens import LOGITS, PIXELS
from labcode.pages.live.draw import bar, heading, svg, table
from labcode.pages.live.result import Result

HIGHEST = 32
SIZE = 5  # of a pixel in the picture
INK = "0123456789abcdef"  # how dark a pixel is


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
    if picture not in LOGITS:
        raise ValueError(f"picture must be one of {', '.join(LOGITS)}, got {picture!r}")
    if check_int("temperature", temperature) > HIGHEST:
        raise ValueError(f"temperature must be from 1 to {HIGHEST}, got {temperature!r}")
    shares = softened(LOGITS[picture], temperature)
    first, second = sorted(range(10), key=lambda digit: -shares[digit])[:2]
    bits = -sum(p * math.log2(p) for p in shares if p)
    lead = (
        f"Temperature {temperature}: {_percent(shares[first])} for {first}, then "
        f"{_percent(shares[second])} for {second}. Entropy {bits:.2f} bits."
    )
    text = "\n".join([lead, *(f"{digit}: {_percent(p)}" for digit, p in enumerate(shares))])
    rows = [
        (str(digit), [f"<b>{_percent(p)}</b>{bar(p, 'a' if digit == 7 else 'b')}"])
        for digit, p in enumerate(shares)
    ]
    body = table([heading("Share of the soft label", "a")], rows)
    body = body.replace('class="live-table"', 'class="live-table live-list"')
    caption = (
        "The logits are those of the stored LeNet-5, seed 0, for a test image. Entropy goes from "
        f"0 bits (a hard label) to {math.log2(10):.2f} bits (ten equal shares)."
    )
    return Result(
        f'<p class="live-lead">{lead}</p>\n'
        f'<div class="live-beside">{_drawn(picture)}\n{body}</div>\n'
        f'<p class="live-caption">{caption}</p>',
        text,
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


def _drawn(picture: str) -> str:
    """Return the image; for each shade one path of all its pixels."""
    shapes: dict[str, str] = {}
    for y, row in enumerate(PIXELS[picture]):
        for x, shade in enumerate(row):
            if shade != "0":
                square = f"M{x * SIZE} {y * SIZE}h{SIZE}v{SIZE}h-{SIZE}z"
                shapes[shade] = shapes.get(shade, "") + square
    paths = "".join(
        f'<path class="live-full" fill-opacity="{INK.index(shade) / 15:.2f}" d="{shape}"/>'
        for shade, shape in shapes.items()
    )
    width = SIZE * len(PIXELS[picture])
    return svg(width, width, f"A handwritten seven, {picture}", paths)
