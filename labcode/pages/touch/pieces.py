"""The pieces: what each is called, what it shows where nothing moves, and what its script needs."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass

from labcode.pages.touch import digits, stills

# What `labcode.pages.drawing.networks.unpacked_lenet5` says about `digits.doubtful`.
LOGITS = (-8.5576, -10.0302, -9.5786, -8.6684, -6.66, -7.5607, -16.6154, -1.0545, -6.1475, -1.2647)


@dataclass(frozen=True)
class Piece:
    """A piece to touch.

    Args:
        title: Its heading.
        sentence: What the still picture shows, for readers whose page runs no script.
        picture: Returns the still picture as HTML.
        data: Returns what the script needs, by the names of data attributes.
    """

    title: str
    sentence: str
    picture: Callable[[], str]
    data: Callable[[], dict[str, str]] = dict


def _digit(number: int) -> Callable[[], dict[str, str]]:
    return lambda: {"digit": _encoded(digits.sample(number))}


def _encoded(pixels: bytes) -> str:
    return base64.b64encode(pixels).decode()


def _doubtful() -> dict[str, str]:
    found = {"digit": _encoded(digits.doubtful()), "label": str(digits.DOUBTFUL_LABEL)}
    return found | {"logits": json.dumps(LOGITS)}


PIECES = {
    "filter": Piece(
        "A filter under your finger",
        "A seven, and the map that a filter for horizontal edges makes of it: at each place nine "
        "pixels times nine weights, added up. Dark is where the sum is far from zero.",
        lambda: stills.filtered(7),
        _digit(7),
    ),
    "shift": Piece(
        "A digit on the move",
        "A seven of 28 × 28 pixels, and what mean pooling and max pooling of 2 × 2 make of it.",
        lambda: stills.pooled(7),
        _digit(7),
    ),
    "soft_labels": Piece(
        "Soft labels of your own digit",
        "A seven that looks like a nine, and the shares that LeNet-5 gives to the ten digits at "
        "temperature 4. A hard label would give all to 7.",
        lambda: stills.softened(LOGITS, 4),
        _doubtful,
    ),
    "coding": Piece(
        "Join the two rarest",
        "Huffman's tree for the letters of ABRACADABRA, which takes 23 bits. One number that every "
        "letter makes larger (rANS) needs about 22.4.",
        stills.abracadabra,
    ),
    "shuffle": Piece(
        "Who hears whom",
        "Three groups of four channels, dealt out to three groups by the shuffle: each group of "
        "the next layer hears all three.",
        stills.shuffled,
    ),
}
