"""Exercises that ask to find something that many answers fulfil."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from labcode.pages.exercises.feedback import Feedback
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.values import as_tensor, short


@dataclass(frozen=True, kw_only=True)
class Finding(Exercise):
    """An exercise with many right answers.

    Args:
        asks: What is to be found, in a few words.
        fault: Says what an answer lacks; nothing if it is right.
        example: An answer that is right.
        wrong: Answers that people come to.
    """

    asks: str
    fault: Callable[[Any], str]
    example: Any
    wrong: tuple[Any, ...]
    wanted = "a list"

    def judge(self, answer: Any) -> Feedback:
        """Say what an answer lacks."""
        as_tensor(answer)
        why = self.fault(answer)
        return Feedback("wrong", why) if why else Feedback("right", f"Right: {short(answer)}.")

    def solution(self) -> str:
        """Say one answer of many."""
        return f"{self.asks[0].upper()}{self.asks[1:]}, for example: {short(self.example)}."

    def right_answer(self) -> Any:
        """Return one answer of many."""
        return self.example

    def slips(self) -> Iterator[tuple[Any, str]]:
        """Yield wrong answers, each with what it lacks."""
        for answer in self.wrong:
            yield answer, self.fault(answer)
