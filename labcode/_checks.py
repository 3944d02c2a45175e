"""Checks of arguments. Every error names the argument, its value and what was expected.

Pure Python: `labcode.cost` uses these functions in the browser too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any

Pair = tuple[int, int]
MOST_NUMBERS = 2**40  # of one input: 4 terabytes in float32
IntOrPair = int | Pair


def is_integer(value: object) -> bool:
    """Tell whether ``value`` is an integer (NumPy's count, ``True`` and ``2.0`` do not)."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def check_int(name: str, value: object, *, minimum: int = 1) -> int:
    """Return ``value`` as an int that is at least ``minimum``.

    Raises:
        TypeError: ``value`` is not an integer (bools, floats and strings are refused).
        ValueError: ``value`` is smaller than ``minimum``.

    >>> check_int("groups", 2)
    2
    """
    if not is_integer(value):
        raise TypeError(f"{name} must be an integer, got {value!r} ({type(value).__name__})")
    number = int(value)  # type: ignore[call-overload]
    if number < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value!r}")
    return int(number)


def check_pair(name: str, value: object, *, minimum: int = 1) -> Pair:
    """Return ``value``, an int or a pair (height, width) of ints, as a pair.

    Raises:
        TypeError: ``value`` is neither an integer nor a pair of integers.
        ValueError: it is not exactly two numbers, or one is smaller than ``minimum``.

    >>> check_pair("stride", 2), check_pair("padding", (0, 1), minimum=0)
    ((2, 2), (0, 1))
    """
    if is_integer(value):
        number = check_int(name, value, minimum=minimum)
        return number, number
    if not isinstance(value, (tuple, list)) or not all(is_integer(item) for item in value):
        raise TypeError(
            f"{name} must be an integer or a pair (height, width) of integers, "
            f"got {value!r} ({type(value).__name__})"
        )
    if len(value) != 2:
        raise ValueError(
            f"{name} must be a pair (height, width), got {len(value)} items: {value!r}"
        )
    if min(value) < minimum:
        raise ValueError(f"{name} must be at least {minimum} in both directions, got {value!r}")
    return int(value[0]), int(value[1])


def check_bool(name: str, value: object) -> bool:
    """Return ``value``, which must be True or False.

    Raises:
        TypeError: ``value`` is not a bool.

    >>> check_bool("bias", True)
    True
    """
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {value!r} ({type(value).__name__})")
    return value


def check_number(
    name: str, value: object, *, minimum: float = -math.inf, above: float = -math.inf
) -> float:
    """Return ``value``, a finite number, as a float; at least ``minimum``, more than ``above``.

    Raises:
        TypeError: ``value`` is not a number (bools and strings are refused).
        ValueError: ``value`` is NaN, infinite or out of range.

    >>> check_number("lr", 0.1, above=0)
    0.1
    """
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number, got {value!r} ({type(value).__name__})")
    number = float(value)
    if not math.isfinite(number) or number < minimum or number <= above:
        bound = f"more than {above:g}" if above > -math.inf else f"at least {minimum:g}"
        raise ValueError(f"{name} must be a finite number, {bound}, got {value!r}")
    return number


def check_numbers(name: str, shape: Sequence[int]) -> tuple[int, ...]:
    """Return the shape of one input, which must not hold more numbers than any machine could.

    What is not a size is left to whoever knows what it should be.

    Raises:
        ValueError: It holds more than `MOST_NUMBERS`.

    >>> check_numbers("input_shape", (3, 224, 224))
    (3, 224, 224)
    """
    if all(map(is_integer, shape)) and math.prod(shape) > MOST_NUMBERS:
        raise ValueError(
            f"{name} must hold at most {MOST_NUMBERS:,} numbers, got {math.prod(shape):,}: "
            f"{tuple(shape)}"
        )
    return tuple(shape)


def check_between(name: str, value: object, low: int, high: int) -> int:
    """Return ``value`` as an int that is at least ``low`` and at most ``high``.

    Raises:
        TypeError: ``value`` is not an integer.
        ValueError: ``value`` is out of range.

    >>> check_between("bits", 3, 1, 8)
    3
    """
    if not is_integer(value):
        raise TypeError(f"{name} must be an integer, got {value!r} ({type(value).__name__})")
    number = int(value)  # type: ignore[call-overload]
    if not low <= number <= high:
        raise ValueError(f"{name} must be from {low} to {high}, got {value!r}")
    return int(number)


def check_choice(name: str, value: object, choices: Iterable[str | int | None]) -> Any:
    """Return ``value``, which must be one of ``choices``, such as the keys of a table.

    Raises:
        ValueError: It is not one of them.

    >>> check_choice("gate", "tanh", ("sigmoid", "tanh"))
    'tanh'
    """
    known = tuple(choices)
    if isinstance(value, (str, int, type(None))) and value in known:
        return value
    raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}, got {value!r}")
