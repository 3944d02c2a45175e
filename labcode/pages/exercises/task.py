"""An exercise in a notebook: `check` an answer, ask for a `hint`, or for the `solution`."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from labcode.pages.exercises.feedback import Feedback, Unread, as_html
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.shelf import definition


@dataclass
class Task:
    """An exercise that someone works at; see `exercise`, which makes it."""

    exercise: Exercise
    hints_given: int = field(default=0, init=False)

    def __repr__(self) -> str:
        """Return the invitation."""
        return str(self.invitation())

    def check(self, answer: Any) -> Feedback:
        """Say whether an answer is right, and if it is not, why.

        Args:
            answer: What was found; as long as it is ``...``, the answer is an invitation.
        """
        if self.exercise.is_open(answer):
            return self.invitation()
        try:
            return self.exercise.judge(answer)
        except Unread as problem:
            return Feedback("unread", str(problem))

    def hint(self) -> Feedback:
        """Return the next hint, and after the last one the first again."""
        hints = self.exercise.hints
        place = self.hints_given % len(hints)
        self.hints_given += 1
        return Feedback("hint", f"Hint {place + 1} of {len(hints)}: {hints[place]}")

    def solution(self) -> Feedback:
        """Return the right answer; how one gets there is told in the fold below the cell."""
        return Feedback("solution", self.exercise.solution())

    def invitation(self) -> Feedback:
        """Return what is said to a cell that holds no answer yet."""
        text = (
            f"Your turn: put {self.exercise.wanted} in place of the dots and run the cell. "
            "`task.hint()` gives a hint, `task.solution()` the answer."
        )
        return Feedback("open", text, self.exercise.options, packed(self.exercise))


def packed(exercise: Exercise) -> str:
    """Return what the site makes an answer box of, so that nobody reads the answer by chance."""
    hints = [as_html(hint) for hint in exercise.hints]
    record = {"id": exercise.id, **exercise.record(), "hints": hints}
    return base64.b64encode(json.dumps(record).encode()).decode()


def exercise(id: str) -> Task:
    """Return an exercise of the book.

    Args:
        id: The chapter's name and the number on its page, such as ``"pruning-2"``.

    Raises:
        KeyError: There is no such exercise.

    >>> exercise("pruning-3").check("much")
    ? A number is asked, without quotes; 'much' is a text.
    """
    return Task(definition(id))
