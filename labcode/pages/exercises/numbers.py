"""Exercises whose answer is a number, or a few of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

from labcode.pages.exercises.feedback import Feedback, Unread, as_html
from labcode.pages.exercises.kinds import Exercise, solved

NEAR = 0.05  # a share: what is this close is told so
POWERS = (10, 100, 1_000, 1_000_000)  # what a wrong unit is off by
DIGITS = 6  # of a number in the page: what is computed may differ in the last bits


@dataclass(frozen=True)
class Marks:
    """The right number, and wrong ones that people come to, each with the reason.

    Args:
        right: The number. A whole number is asked exactly, another within a per cent.
        slips: Wrong number -> why it is wrong.
        within: How far the answer may be off, as a share; None stands for the rule above.
    """

    right: float
    slips: Mapping[float, str]
    within: float | None = None

    @property
    def tolerance(self) -> float:
        """How far the answer may be off, as a share of the right number."""
        if self.within is not None:
            return self.within
        return 0.0 if isinstance(self.right, int) else 0.01

    def reasons(self) -> list[tuple[float, str]]:
        """Return wrong numbers with their reasons, those of a wrong unit last."""
        powers = [(self.right * p, p) for p in POWERS] + [(self.right / p, p) for p in POWERS]
        units = [
            (value, f"Right up to a factor of {power:,}: look at the unit that is asked.")
            for value, power in powers
            if value
        ]
        return [*self.slips.items(), *units]

    def say(self, number: float) -> str:
        """Return why a number is wrong, or nothing if it is right."""
        if close(number, self.right, self.tolerance):
            return ""
        found = (why for value, why in self.reasons() if close(number, value, self.tolerance))
        return next(found, None) or compared(number, self.right)


def close(number: float, other: float, tolerance: float) -> bool:
    """Whether two numbers are the same, up to a share; rounding is always forgiven."""
    return bool(abs(number - other) <= max(tolerance, 10**-DIGITS) * abs(other) + 1e-12)


def compared(number: float, right: float) -> str:
    """Say how a wrong number lies to the right one, without telling it."""
    if close(number, right, NEAR):
        return "Close, but not it: it is off by less than 5 %. Count exactly, and round last."
    if number * right < 0:
        return "The sign is the other way round."
    more = "too large" if abs(number) > abs(right) else "too small"
    if number * right == 0:
        return f"That is {more}."
    low, high = sorted((abs(number), abs(right)))
    return f"That is {more}, {times(high / low)}."


def times(factor: float) -> str:
    """Say a factor above one in words."""
    return f"about {factor:.1f} times" if factor < 100 else "more than a hundred times"


def as_number(value: Any) -> float:
    """Return an answer as a float: plain numbers, NumPy's, and tensors of one element.

    Raises:
        Unread: It is not one of these, or not finite.
    """
    if isinstance(value, str):
        raise Unread(f"A number is asked, without quotes; {value!r} is a text.")
    if callable(getattr(value, "item", None)) and getattr(value, "size", None) is not None:
        value = _only_element(value)
    if isinstance(value, bool) or not isinstance(value, Real):
        raise Unread(f"A number is asked, and {_named(value)} is not one.")
    if not math.isfinite(value):
        raise Unread(f"The answer is a finite number, not {float(value)}.")
    return float(value)


def _only_element(value: Any) -> Any:
    try:
        return value.item()
    except (ValueError, RuntimeError):
        raise Unread(f"One number is asked, and {_named(value)} has more than one.") from None


def _named(value: Any) -> str:
    kind = type(value).__name__
    return "None" if value is None else f"{'an' if kind[0] in 'aeiouAEIOU' else 'a'} `{kind}`"


@dataclass(frozen=True, kw_only=True)
class Field:
    """A number that is asked: what it is, and what is said to the wrong ones.

    Args:
        asks: What it is the number of, in a few words that follow "Your answer:".
        unit: Its unit, such as ``"bytes"``; empty for none.
        solve: Computes the right number and the usual slips.
    """

    asks: str
    unit: str = ""
    solve: Callable[[], Marks]

    def marks(self) -> Marks:
        """Return the right number and the usual slips."""
        found: Marks = solved(self.solve)
        return found

    def shown(self) -> str:
        """Return the right number with its unit."""
        right = self.marks().right
        number = f"{right:,}" if isinstance(right, int) else f"{right:,.4g}"
        gap = "\N{NO-BREAK SPACE}" if self.unit else ""
        return f"{number}{gap}{self.unit}"

    def solution(self) -> str:
        """Say the right number."""
        return f"{self.asks[0].upper()}{self.asks[1:]}: {self.shown()}."

    def right_answer(self) -> float:
        """Return the right number."""
        return self.marks().right

    def slips(self) -> Iterator[tuple[float, str]]:
        """Yield the wrong numbers that have a reason of their own."""
        yield from self.marks().slips.items()

    def field(self) -> dict[str, Any]:
        """Return what one input of an answer box needs."""
        marks = self.marks()
        return {
            "asks": as_html(self.asks),
            "unit": self.unit,
            "right": _rounded(marks.right),
            "within": marks.tolerance,
            "shown": self.shown(),
            "slips": [[_rounded(value), as_html(why)] for value, why in marks.reasons()],
        }


@dataclass(frozen=True, kw_only=True)
class Number(Field, Exercise):
    """An exercise that asks for a number."""

    wanted = "a number"

    def judge(self, answer: Any) -> Feedback:
        """Say whether a number is right, and if not, why."""
        why = self.marks().say(as_number(answer))
        return Feedback("wrong", why) if why else Feedback("right", f"Right: {self.shown()}.")

    def record(self) -> dict[str, Any]:
        """Return what its answer box needs."""
        return {"kind": "number", "fields": [self.field()]}


@dataclass(frozen=True, kw_only=True)
class Several(Exercise):
    """An exercise that asks for a few numbers, in a list.

    Args:
        parts: The numbers in their order.
    """

    parts: tuple[Field, ...]
    wanted = "a list of numbers"

    def is_open(self, answer: Any) -> bool:
        """Whether dots still stand where an answer goes."""
        return answer is ... or (isinstance(answer, list | tuple) and any(a is ... for a in answer))

    def judge(self, answer: Any) -> Feedback:
        """Say of each number whether it is right, and of the first that is not, why."""
        given = self._given(answer)
        for part, number in zip(self.parts, given, strict=True):
            why = part.marks().say(as_number(number))
            if why:
                return Feedback("wrong", f"{part.asks[0].upper()}{part.asks[1:]}: {why}")
        return Feedback("right", f"Right: {', '.join(part.shown() for part in self.parts)}.")

    def _given(self, answer: Any) -> Sequence[Any]:
        names = ", ".join(part.asks for part in self.parts)
        asked = f"{len(self.parts)} numbers are asked, in a list: {names}."
        if isinstance(answer, str) or not hasattr(answer, "__len__"):
            raise Unread(f"{asked} {_named(answer)[0].upper()}{_named(answer)[1:]} is not a list.")
        if len(answer) != len(self.parts):
            raise Unread(f"{asked} You gave {len(answer)}.")
        return list(answer)

    def solution(self) -> str:
        """Say the right numbers."""
        return " ".join(part.solution() for part in self.parts)

    def right_answer(self) -> list[float]:
        """Return the right numbers."""
        return [part.right_answer() for part in self.parts]

    def slips(self) -> Iterator[tuple[list[float], str]]:
        """Yield lists in which one number is a slip."""
        for place, part in enumerate(self.parts):
            for value, why in part.slips():
                yield [*self.right_answer()[:place], value, *self.right_answer()[place + 1 :]], why

    def record(self) -> dict[str, Any]:
        """Return what its answer box needs: an input for each number."""
        return {"kind": "number", "fields": [part.field() for part in self.parts]}


def _rounded(value: float) -> float:
    return value if isinstance(value, int) else float(f"{value:.{DIGITS + 2}g}")
