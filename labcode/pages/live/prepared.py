"""Answers that are computed while the site is built, so that the first move waits for nothing.

A calculator with few settings is answered whole. Of one with many, every move of one control
away from the start is; for the rest Python starts in the browser meanwhile, and answers the same.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Literal

from labcode.pages.live.browser import Answer, Calculator, answered
from labcode.pages.live.controls import Control, Value, positions

WHOLE = 600  # settings at most of a calculator that is answered whole
STRETCH = 512  # values of one control in a file, as live.js has it
Plan = Literal["whole", "moves"]


def plan(controls: Sequence[Control]) -> Plan:
    """Tell how much of a calculator is prepared."""
    return "whole" if prod(len(positions(control)) for control in controls) <= WHOLE else "moves"


def prepare(
    calculator: Calculator, controls: Sequence[Control]
) -> Iterator[tuple[str, dict[str, Answer]]]:
    """Yield the name of each file with its answers.

    Args:
        calculator: A function that returns a `Result`.
        controls: Its controls.

    Yields:
        Either ``whole`` alone, or for each control ``name-0``, ``name-1`` …, each with the values
        of one stretch; and the answers by their settings, as `key` writes them.
    """
    if plan(controls) == "whole":
        everything = product(*(positions(control) for control in controls))
        yield "whole", _answers(calculator, controls, everything)
        return
    start = [control.default for control in controls]
    for place, control in enumerate(controls):
        line = positions(control)
        first_to_move = [control, *(other for other in controls if other is not control)]
        for number, begin in enumerate(range(0, len(line), STRETCH)):
            settings = (
                (*start[:place], value, *start[place + 1 :])
                for value in line[begin : begin + STRETCH]
            )
            yield (
                f"{control.name}-{number}",
                _answers(calculator, controls, settings, first_to_move),
            )


def key(settings: Sequence[Value]) -> str:
    """Return the settings, in the order of the controls, as JavaScript's JSON writes them.

    >>> key([3, "int8", True])
    '[3,"int8",true]'
    """
    return json.dumps(list(settings), separators=(",", ":"), ensure_ascii=False)


def packed(answers: dict[str, Answer]) -> bytes:
    """Return a file of answers: JSON in gzip, the same bytes each time."""
    text = json.dumps(answers, separators=(",", ":"), ensure_ascii=False)
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def _answers(
    calculator: Calculator,
    controls: Sequence[Control],
    settings: Iterator[tuple[Value, ...]],
    first_to_move: Sequence[Control] = (),
) -> dict[str, Answer]:
    names = [control.name for control in controls]
    return {
        key(chosen): answered(
            calculator, dict(zip(names, chosen, strict=True)), first_to_move or controls
        )
        for chosen in settings
    }
