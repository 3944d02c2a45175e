"""Exercises whose answer is a tensor, an array or a list of numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from labcode.pages.exercises.feedback import Feedback, Unread
from labcode.pages.exercises.kinds import Exercise, solved
from labcode.pages.exercises.values import as_tensor, same, shape, short


@dataclass(frozen=True)
class Grid:
    """The right numbers, and wrong ones that people come to, each with the reason."""

    right: Any
    slips: tuple[tuple[Any, str], ...]


@dataclass(frozen=True, kw_only=True)
class Tensor(Exercise):
    """An exercise that asks for many numbers at once.

    Args:
        asks: What they are, in a few words.
        solve: Computes them and the usual slips.
        within: How far they may be off, as a share of the largest.
    """

    asks: str
    solve: Callable[[], Grid]
    within: float = 1e-3
    wanted = "a list, an array or a tensor"

    def grid(self) -> Grid:
        """Return the right numbers and the usual slips."""
        found: Grid = solved(self.solve)
        return found

    def judge(self, answer: Any) -> Feedback:
        """Say whether all numbers are right, and if not, why or where not."""
        given, grid = as_tensor(answer), self.grid()
        right = as_tensor(grid.right)
        if given.shape != right.shape and not any(_alike(given, slip) for slip, _ in grid.slips):
            raise Unread(f"The shape should be {shape(right)}, and yours is {shape(given)}.")
        if same(given, right, self.within):
            return Feedback("right", f"Right: {short(right)}.")
        found = (why for slip, why in grid.slips if same(given, slip, self.within))
        return Feedback("wrong", next(found, None) or _where(given, right, self.within))

    def solution(self) -> str:
        """Say the right numbers."""
        return f"{self.asks[0].upper()}{self.asks[1:]}: {short(self.grid().right)}."

    def right_answer(self) -> Any:
        """Return the right numbers."""
        return self.grid().right

    def slips(self) -> Iterator[tuple[Any, str]]:
        """Yield wrong ones with their reasons."""
        yield from self.grid().slips


def _alike(given: Any, slip: Any) -> bool:
    return bool(given.shape == as_tensor(slip).shape)


def _where(given: Any, right: Any, within: float) -> str:
    """Say how many numbers are right, and where the first is that is not."""
    wrong = (given - right).abs() > within * float(right.abs().max()) + 1e-12
    place = wrong.nonzero()[0].tolist()
    fine = right.numel() - int(wrong.sum())
    return (
        f"{fine} of {right.numel()} numbers are right. The first that is not stands at "
        f"{place}: you have {float(given[tuple(place)]):.4g} there."
    )
