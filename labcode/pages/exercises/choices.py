"""Exercises that ask for a decision among a few options."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from labcode.pages.exercises.feedback import Feedback, Unread, as_html, lettered
from labcode.pages.exercises.kinds import Exercise, solved


@dataclass(frozen=True)
class Option:
    """One of the things to choose from, and what is said to whoever takes it."""

    text: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Choice(Exercise):
    """An exercise that asks for a letter.

    Args:
        asks: The question, in one sentence.
        choices: Name -> option; they are shown in an order that the exercise's id draws.
        solve: Computes the name of the right one.
    """

    asks: str
    choices: dict[str, Option]
    solve: Callable[[], str]
    wanted = "a letter in quotes"

    def right(self) -> str:
        """Return the name of the right one."""
        return str(solved(self.solve))

    def order(self) -> list[str]:
        """Return the names in the order in which they are shown: the same in every run."""
        names = sorted(self.choices)
        random.Random(self.id).shuffle(names)
        return names

    @property
    def options(self) -> tuple[str, ...]:
        """What there is to choose from."""
        return tuple(self.choices[name].text for name in self.order())

    def judge(self, answer: Any) -> Feedback:
        """Say to a letter whether it is right, and why."""
        name = self._name(answer)
        is_right = name == self.right()
        reason = self.choices[name].reason
        return Feedback("right", f"Right. {reason}") if is_right else Feedback("wrong", reason)

    def _name(self, answer: Any) -> str:
        letters = [letter for letter, _ in lettered(self.options)]
        given = answer.strip().lower().rstrip(")") if isinstance(answer, str) else answer
        if not isinstance(given, str) or given not in letters:
            asked = ", ".join(f'"{letter}"' for letter in letters)
            raise Unread(f"One of the letters {asked} is asked, in quotes, and not {answer!r:.60}.")
        return self.order()[letters.index(given)]

    def letter(self, name: str) -> str:
        """Return the letter under which an option is shown."""
        return chr(ord("a") + self.order().index(name))

    def solution(self) -> str:
        """Say the right letter and why."""
        name = self.right()
        option = self.choices[name]
        return f"{self.letter(name)}) {option.text} {option.reason}"

    def right_answer(self) -> str:
        """Return the right letter."""
        return self.letter(self.right())

    def slips(self) -> Iterator[tuple[str, str]]:
        """Yield the other letters with their reasons."""
        for name, option in self.choices.items():
            if name != self.right():
                yield self.letter(name), option.reason

    def record(self) -> dict[str, Any]:
        """Return what its answer box needs: a button for each option."""
        right = self.right()
        options = [
            {
                "text": as_html(self.choices[name].text),
                "reason": as_html(self.choices[name].reason),
                "right": name == right,
            }
            for name in self.order()
        ]
        return {"kind": "choice", "asks": as_html(self.asks), "options": options}
