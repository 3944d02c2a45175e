"""The controls of a calculator: what a keyword argument of `explore` asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from labcode._checks import check_between, check_bool, check_choice, is_integer

Value = int | str | bool


@dataclass(frozen=True)
class Slider:
    """A whole number between two ends."""

    name: str
    label: str
    default: int
    low: int
    high: int
    step: int = 1
    kind: Literal["slider"] = "slider"

    def check(self, value: object) -> None:
        """Raise if ``value`` cannot stand on this slider."""
        check_between(self.name, value, self.low, self.high)


@dataclass(frozen=True)
class Choice:
    """One of a few strings."""

    name: str
    label: str
    default: str
    options: tuple[str, ...]
    kind: Literal["choice"] = "choice"

    def check(self, value: object) -> None:
        """Raise if ``value`` is not one of the options."""
        check_choice(self.name, value, self.options)


@dataclass(frozen=True)
class Switch:
    """Yes or no."""

    name: str
    label: str
    default: bool
    kind: Literal["switch"] = "switch"

    def check(self, value: object) -> None:
        """Raise if ``value`` is not True or False."""
        check_bool(self.name, value)


Control = Slider | Choice | Switch
_KINDS: dict[str, type[Control]] = {"slider": Slider, "choice": Choice, "switch": Switch}


def positions(control: Control) -> tuple[Value, ...]:
    """Return every value at which the control can stand, in order.

    >>> positions(Slider("stride", "stride", default=1, low=1, high=3))
    (1, 2, 3)
    """
    if isinstance(control, Slider):
        return tuple(range(control.low, control.high + 1, control.step))
    return control.options if isinstance(control, Choice) else (False, True)


def from_json(described: Sequence[Mapping[str, Any]]) -> tuple[Control, ...]:
    """Return the controls that a page's form describes (see `labcode.pages.live.form`)."""
    return tuple(
        _KINDS[one["kind"]](**{**one, "options": tuple(one["options"])})
        if one["kind"] == "choice"
        else _KINDS[one["kind"]](**one)
        for one in described
    )


def parse(name: str, spec: Any, label: str | None = None) -> Control:
    """Return the control that ``spec`` describes.

    Args:
        name: The argument that the control sets.
        spec: ``(default, low, high)`` or ``(default, low, high, step)`` for a slider, a list
            of strings for a choice (the first is the default), a bool for a check box.
        label: What the reader sees; None makes it from the name.

    Raises:
        TypeError: ``spec`` is not one of these.
        ValueError: ``spec`` contradicts itself.

    >>> parse("in_channels", (3, 1, 64)).label
    'in channels'
    """
    text = name.replace("_", " ") if label is None else label
    if isinstance(spec, bool):
        return Switch(name, text, spec)
    if isinstance(spec, tuple):
        return _slider(name, text, spec)
    if isinstance(spec, list):
        return _choice(name, text, spec)
    raise TypeError(
        f"the control {name!r} must be (default, low, high), (default, low, high, step), "
        f"a list of strings or a bool, got {spec!r}"
    )


def _slider(name: str, label: str, spec: tuple[Any, ...]) -> Slider:
    if len(spec) not in (3, 4):
        raise ValueError(
            f"the control {name!r} must have 3 or 4 numbers (default, low, high, step), "
            f"got {len(spec)}: {spec!r}"
        )
    if not all(is_integer(number) for number in spec):
        raise TypeError(f"the control {name!r} must have integers only, got {spec!r}")
    default, low, high, step = (int(number) for number in (*spec, 1)[:4])
    if not low <= default <= high or low == high:
        raise ValueError(f"the control {name!r} must have low <= default <= high, got {spec!r}")
    if step < 1 or (default - low) % step or (high - low) % step:
        raise ValueError(
            f"the control {name!r} must reach its default and its end in whole steps, got {spec!r}"
        )
    return Slider(name, label, default, low, high, step)


def _choice(name: str, label: str, spec: list[Any]) -> Choice:
    if len(spec) < 2 or not all(isinstance(option, str) for option in spec):
        raise TypeError(f"the control {name!r} must list two or more strings, got {spec!r}")
    if len(set(spec)) < len(spec):
        raise ValueError(f"the control {name!r} lists a string twice: {spec!r}")
    return Choice(name, label, spec[0], tuple(spec))
