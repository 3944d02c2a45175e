"""What the calculator of exit thresholds browses: the stored network's answers."""

from __future__ import annotations

import base64
import textwrap
from dataclasses import dataclass
from typing import Any

import torch

from labcode import counting
from labcode.early_exit import RULES, certainty, load_exits
from labcode.models import exit_macs
from labcode.models.exit_network import Trunk
from labcode.studies.early_exit import trials


@dataclass(frozen=True)
class Answers:
    """What the stored network answers about the validation images, exit by exit.

    Args:
        macs: Multiply-adds up to each exit.
        plain_macs: Those of the network without early exits.
        images: How many images there are.
        right: Whether each exit is right, a bit an image.
        sure: How sure each early exit is by each rule, in 65,535ths, two bytes an image.
    """

    macs: tuple[int, ...]
    plain_macs: int
    images: int
    right: bytes
    sure: dict[str, bytes]


def answers() -> Answers:
    """Ask the stored network about the validation images."""
    network, split = load_exits(), trials.digits().validation
    logits = trials.logits_of(network, split.images)
    right = (logits.argmax(2) == split.labels).to(torch.uint8).flatten().tolist()
    return Answers(
        exit_macs(network),
        counting.count(Trunk(network), (1, 28, 28)).macs,
        len(split),
        int("".join(map(str, right)), 2).to_bytes(-(-len(right) // 8), "big"),
        {rule: _two_bytes(certainty(logits[:-1], rule)) for rule in RULES},
    )


def exit_outputs(_: Any) -> str:
    """Return the module that the calculator reads; the file of weights comes with the table."""
    found = answers()
    lines = [
        '"""What `exit_thresholds` browses: written by labcode.studies.early_exit."""',
        "",
        f"MACS = {found.macs}  # up to each exit",
        f"PLAIN_MACS = {found.plain_macs}  # no early exits",
        f"IMAGES = {found.images}",
        "# Whether each exit is right, a bit an image, exit by exit; base64.",
        _lines("RIGHT", found.right),
        "# How sure each early exit is, in 65,535ths, two bytes an image, exit by exit; base64.",
        "SURE = {",
        *(_lines(f'    "{rule}"', sure, sep=": ", tail=",") for rule, sure in found.sure.items()),
    ]
    return "\n".join([*lines, "}"]) + "\n"


def _two_bytes(certainties: torch.Tensor) -> bytes:
    values = (certainties * 65_535).floor().int().flatten().tolist()
    return b"".join(value.to_bytes(2, "big") for value in values)


def _lines(name: str, data: bytes, *, sep: str = " = ", tail: str = "") -> str:
    """Return bytes as base64 in lines of source code."""
    text = base64.b64encode(data).decode()
    indent = " " * (len(name) - len(name.lstrip()))
    body = "\n".join(f'{indent}    "{part}"' for part in textwrap.wrap(text, 88))
    return f"{name}{sep}(\n{body}\n{indent}){tail}"
