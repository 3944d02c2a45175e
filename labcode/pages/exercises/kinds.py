"""What every exercise has, whatever its answer is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from labcode.pages.exercises.feedback import Feedback


@dataclass(frozen=True, kw_only=True)
class Exercise(ABC):
    """An exercise: how an answer is judged, and what helps.

    Args:
        id: The chapter's notebook and the number of the exercise, such as ``"pruning-2"``.
        hints: What helps, the gentlest first.
    """

    id: str
    hints: tuple[str, ...]
    wanted: ClassVar[str]  # what stands in the place of the dots, in words

    @property
    def chapter(self) -> str:
        """The name of its notebook."""
        return self.id.rpartition("-")[0]

    @property
    def options(self) -> tuple[str, ...]:
        """What there is to choose from; nothing in most exercises."""
        return ()

    @abstractmethod
    def judge(self, answer: Any) -> Feedback:
        """Say whether an answer is right, and if not, why.

        Raises:
            Unread: It is not an answer at all.
        """

    @abstractmethod
    def solution(self) -> str:
        """Say the right answer."""

    @abstractmethod
    def right_answer(self) -> Any:
        """Return an answer that is right."""

    @abstractmethod
    def slips(self) -> Iterator[tuple[Any, str]]:
        """Yield typical wrong answers, each with its reason."""

    def record(self) -> dict[str, Any]:
        """Return what an answer box needs; without more, the notebook is where it is done."""
        return {"kind": "code"}

    def is_open(self, answer: Any) -> bool:
        """Whether the dots still stand where the answer goes."""
        return answer is ...


@cache
def solved(solve: Callable[[], Any]) -> Any:
    """Return what a definition computes: some load a network, so it is done once."""
    return solve()
