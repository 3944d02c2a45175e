"""Exercises whose answer is a function, tried on several inputs."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from labcode.pages.exercises.feedback import Feedback, Unread
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.values import as_tensor, same, shape, short


@dataclass(frozen=True)
class Case:
    """Arguments to try, and what is special about them, in words that follow "with"."""

    arguments: tuple[Any, ...]
    named: str


@dataclass(frozen=True, kw_only=True)
class Function(Exercise):
    """An exercise that asks for a function.

    Args:
        asks: What it returns, in a few words.
        cases: Makes the inputs to try, the usual first and the edges last.
        oracle: A function that is right, and does it in another way than a reader would.
        wrong: Functions that people write, each with the reason why it is wrong.
        within: How far a result may be off, as a share of its largest number.
    """

    asks: str
    cases: Callable[[], tuple[Case, ...]]
    oracle: Callable[..., Any]
    wrong: tuple[tuple[Callable[..., Any], str], ...]
    within: float = 1e-4
    wanted = "the body of the function"

    def is_open(self, answer: Any) -> bool:
        """Whether the dots still stand, in the place of the function or of what it returns."""
        if not callable(answer):
            return answer is ...
        try:
            return called(answer, self.cases()[0]) is ...
        except Exception:
            return False

    def judge(self, answer: Any) -> Feedback:
        """Try the function on all inputs, and say on which it is wrong."""
        if not callable(answer):
            kind = type(answer).__name__
            raise Unread(f"A function is asked, its name without brackets; this is a `{kind}`.")
        cases = self.cases()
        given = [self._result(answer, case) for case in cases]
        if self._agrees(given, self.oracle):
            return Feedback("right", f"Right, with all {len(cases)} inputs that were tried.")
        found = (why for function, why in self.wrong if self._agrees(given, function))
        return Feedback("wrong", next(found, None) or self._where(given))

    def _result(self, function: Callable[..., Any], case: Case) -> Any:
        try:
            result = called(function, case)
        except Exception as error:
            said = str(error).partition("\n")[0]
            kind = type(error).__name__
            raise Unread(f"With {case.named} your function raises a {kind}: {said:.120}") from None
        as_tensor(result, f"What your function returns with {case.named}")
        return result

    def _agrees(self, given: list[Any], function: Callable[..., Any]) -> bool:
        expected = [called(function, case) for case in self.cases()]
        return all(
            same(one, other, self.within) for one, other in zip(given, expected, strict=True)
        )

    def _where(self, given: list[Any]) -> str:
        """Say with which inputs the function is right, and what it returns with the first other."""
        cases = self.cases()
        expected = [called(self.oracle, case) for case in cases]
        fine = [same(g, e, self.within) for g, e in zip(given, expected, strict=True)]
        place = fine.index(False)
        got, want = given[place], expected[place]
        head = f"Right with {_names(cases, fine)}. But with" if any(fine) else "With"
        if as_tensor(got).shape != as_tensor(want).shape:
            shapes = f"your result is {shape(got)}, and it should be {shape(want)}"
            return f"{head} {cases[place].named} the shape differs: {shapes}."
        return (
            f"{head} {cases[place].named} you return {short(got)}, and it should be {short(want)}."
        )

    def solution(self) -> str:
        """Return the code of a function that is right."""
        return f"One way to do it:\n{inspect.getsource(self.oracle)}"

    def right_answer(self) -> Callable[..., Any]:
        """Return a function that is right."""
        return self.oracle

    def slips(self) -> Iterator[tuple[Callable[..., Any], str]]:
        """Yield wrong functions with their reasons."""
        yield from self.wrong


def called(function: Callable[..., Any], case: Case) -> Any:
    """Return what a function makes of a copy of the arguments: it may change them."""
    return function(*copy.deepcopy(case.arguments))


def _names(cases: tuple[Case, ...], fine: list[bool]) -> str:
    named = [case.named for case, is_fine in zip(cases, fine, strict=True) if is_fine]
    return " and ".join(filter(None, [", ".join(named[:-1]), named[-1]]))
