"""What the site's worker calls: one setting in, one answer out, both as JSON."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from labcode.pages.live.cells import NotMeasuredError
from labcode.pages.live.controls import Control, Value, from_json, positions
from labcode.pages.live.explorer import BROWSER_PACKAGE
from labcode.pages.live.render import html
from labcode.pages.live.result import Result

Settings = dict[str, Value]
Answer = dict[str, Any]
Calculator = Callable[..., Result]


def answer(module: str, function: str, settings: str, controls: str = "[]", moved: str = "") -> str:
    """Return the answer of a calculator.

    Args:
        module: The calculator's module, in `labcode.pages.calculators`.
        function: The calculator's name.
        settings: Its arguments, a JSON object.
        controls: The form's controls, as its ``data-live-controls`` describes them.
        moved: The name of the control that was moved last.

    Returns:
        A JSON object: what `answered` returns.

    Raises:
        ValueError: ``module`` is not a module of `labcode.pages.calculators`.

    >>> answer("labcode.pages.calculators.convolutions", "convolutions", '{"kernel_size": 0}')
    '{"impossible": "kernel_size must be at least 1, got 0", "ways": {}}'
    """
    parsed = from_json(json.loads(controls))
    order = sorted(parsed, key=lambda control: control.name != moved)
    return json.dumps(answered(find(module, function), json.loads(settings), order))


def find(module: str, function: str) -> Calculator:
    """Return a calculator by its module and name.

    Raises:
        ValueError: ``module`` is not a module of `labcode.pages.calculators`.
    """
    if not f"{module}.".startswith(f"{BROWSER_PACKAGE}."):
        raise ValueError(f"module must belong to {BROWSER_PACKAGE}, got {module!r}")
    calculator: Calculator = getattr(importlib.import_module(module), function)
    return calculator


def answered(calculator: Calculator, settings: Settings, controls: Iterable[Control]) -> Answer:
    """Return an answer, or why there is none and where the nearest ones are.

    Args:
        calculator: A function that returns a `Result`.
        settings: Its arguments.
        controls: The controls, the one first that is best moved to where there is an answer. What
            a `NotMeasuredError` names comes before it.

    Returns:
        ``html`` and ``summary``; or ``impossible``: why, in the words of the labels, and ``ways``:
        by the name of the first control that has any, the nearest possible values below and above,
        None where there is none.
    """
    known = tuple(controls)
    try:
        result = calculator(**settings)
    except (TypeError, ValueError) as error:
        first = error.argument if isinstance(error, NotMeasuredError) else ""
        order = sorted(known, key=lambda control: control.name != first)
        return {
            "impossible": in_words(str(error), known),
            "ways": ways(calculator, settings, order),
        }
    return {"html": html(result), "summary": result.summary}


def in_words(reason: str, controls: Iterable[Control]) -> str:
    """Return a reason with the labels that a reader sees in the place of arguments' names.

    Of other names, which belong to a function further down, the words are left.
    """
    labels = {control.name: control.label for control in controls}
    if not labels:
        return reason
    names = "|".join(sorted(map(re.escape, labels), key=len, reverse=True))
    labelled = re.sub(rf"\b({names})\b", lambda found: labels[found[1]], reason)
    return re.sub(r"(?<=[a-z])_(?=[a-z])", " ", re.sub(r"(?<=\w)=(?=\w)", " ", labelled))


def ways(
    calculator: Calculator, settings: Settings, controls: Iterable[Control]
) -> dict[str, tuple[Value | None, Value | None]]:
    """Return the nearest possible values of the first control that alone can reach any."""
    for control in controls:
        line = positions(control)
        place = line.index(settings[control.name])
        below = _first(calculator, settings, control, reversed(line[:place]))
        above = _first(calculator, settings, control, line[place + 1 :])
        if (below, above) != (None, None):
            return {control.name: (below, above)}
    return {}


def _first(
    calculator: Calculator, settings: Settings, control: Control, values: Iterable[Value]
) -> Value | None:
    for value in values:
        try:
            calculator(**{**settings, control.name: value})
        except (TypeError, ValueError):
            continue
        return value
    return None
