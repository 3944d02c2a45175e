"""What is searched: settings to choose from, aims, and what measures one setting."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Option = str | int | float
Setting = dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """A design space and what is wanted of a design.

    Args:
        space: For each choice, its options.
        aims: For each quantity that counts, "maximize" or "minimize".
        measure: From the choices, by keyword, to quantities by name: all aims, and what else
            is worth keeping.

    Raises:
        ValueError: A choice has no options, or an aim has no direction.

    >>> Problem({"n": (1, 2)}, {"square": "minimize"}, lambda n: {"square": n * n}).size
    2
    """

    space: Mapping[str, Sequence[Option]]
    aims: Mapping[str, str]
    measure: Callable[..., Mapping[str, float]]

    def __post_init__(self) -> None:
        """Refuse what is not a problem."""
        if not self.space or not self.aims:
            raise ValueError("space and aims must not be empty")
        for name, options in self.space.items():
            if not options or len(set(options)) < len(options):
                raise ValueError(f"space[{name!r}] must have options, each once, got {options!r}")
        for name, direction in self.aims.items():
            if direction not in ("maximize", "minimize"):
                raise ValueError(
                    f"aims[{name!r}] must be 'maximize' or 'minimize', got {direction!r}"
                )

    @property
    def size(self) -> int:
        """Number of designs."""
        return math.prod(len(options) for options in self.space.values())

    def values(self, found: Mapping[str, float], setting: Setting | None = None) -> list[float]:
        """Return the aims' values in order.

        Args:
            found: What ``measure`` returned.
            setting: What it measured, for errors.

        Raises:
            KeyError: ``measure`` left an aim out.
            TypeError: ``measure`` returned no mapping.
            ValueError: What it returned for an aim is not a number.
        """
        at = "" if setting is None else f" at the setting {setting}"
        if not isinstance(found, Mapping):
            kind = type(found).__name__
            raise TypeError(f"measure must return numbers by name, got a {kind}{at}")
        missing = [name for name in self.aims if name not in found]
        if missing:
            names = ", ".join(missing)
            raise KeyError(f"measure returned no {names}{at}; it returned {list(found)}")
        values = {name: _number(found[name]) for name in self.aims}
        if unknown := [name for name, value in values.items() if math.isnan(value)]:
            got = ", ".join(dict.fromkeys(_shown(found[name]) for name in unknown))
            raise ValueError(
                f"measure must return a number for each aim, got {got} for {unknown}{at}"
            )
        return list(values.values())


def _number(value: object) -> float:
    """Return a number, or NaN for what is not one."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return math.nan


def _shown(value: object) -> str:
    """Return what an error shows of a value."""
    try:
        return "nan" if math.isnan(value) else repr(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return repr(value)


def find_problem(name: str) -> Problem:
    """Return a problem by the place where it is defined, as another process must find it.

    Args:
        name: "module:name" of a problem, or of a function without arguments that returns one.

    Raises:
        ValueError: The name has no colon.
        TypeError: What stands there is not a problem.

    >>> find_problem("labcode.studies.design_space.problems:trained").aims["macs"]
    'minimize'
    """
    module, colon, attribute = name.partition(":")
    if not colon:
        raise ValueError(f"problem must be written module:name, got {name!r}")
    found = getattr(importlib.import_module(module), attribute)
    problem = found if isinstance(found, Problem) else found()
    if not isinstance(problem, Problem):
        raise TypeError(f"problem {name!r} must be a Problem, got {type(problem).__name__}")
    return problem
