"""What the site's worker calls: one setting in, one answer out, both as JSON."""

from __future__ import annotations

import importlib
import json

from labcode.pages.live.explorer import BROWSER_PACKAGE
from labcode.pages.live.render import html


def answer(module: str, function: str, settings: str) -> str:
    """Return the answer of a calculator.

    Args:
        module: The calculator's module, in `labcode.pages.calculators`.
        function: The calculator's name.
        settings: Its arguments, a JSON object.

    Returns:
        A JSON object: ``html`` and ``summary``, or ``impossible``: why there is no answer.

    Raises:
        ValueError: ``module`` is not a module of `labcode.pages.calculators`.

    >>> answer("labcode.pages.calculators.convolutions", "convolutions", '{"kernel_size": 0}')
    '{"impossible": "kernel_size must be at least 1, got 0"}'
    """
    if not f"{module}.".startswith(f"{BROWSER_PACKAGE}."):
        raise ValueError(f"module must belong to {BROWSER_PACKAGE}, got {module!r}")
    calculator = getattr(importlib.import_module(module), function)
    try:
        result = calculator(**json.loads(settings))
    except (TypeError, ValueError) as error:
        return json.dumps({"impossible": str(error)})
    return json.dumps({"html": html(result), "summary": result.summary})
