"""The exercises of *Exploring a design space*."""

from itertools import product
from typing import Any

from labcode import cost
from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.functions import Case, Function
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Marks, Number


def _different() -> Marks:
    missed = (35 / 36) ** 36
    return Marks(
        36 * (1 - missed),
        {
            36.0: "That would be so if no design were drawn twice.",
            36 * missed: "Those are the designs that are missed.",
            1 - missed: "That is the chance of one design to be drawn. There are 36.",
            18.0: "Half is a guess. What is the chance that one design is never drawn?",
        },
    )


def _front(losses: Any) -> Any:
    from labcode import search

    return search.not_dominated(losses)


def _beaten(everywhere: bool, strictly: bool) -> Any:
    """A function that calls a row beaten by another rule than the right one."""

    def front(losses: Any) -> Any:
        import numpy as np

        table = np.asarray(losses, dtype=float)
        no_worse = (table[:, None] <= table[None]).all(axis=2)
        better = (table[:, None] < table[None]).all(axis=2)
        beats = better if everywhere else no_worse
        if not strictly:
            beats = beats & ~np.eye(len(table), dtype=bool)
        return ~beats.any(axis=0)

    return front


def _best_in_one(losses: Any) -> Any:
    import numpy as np

    table = np.asarray(losses, dtype=float)
    return (table == table.min(axis=0)).any(axis=1)


def _tables() -> tuple[Case, ...]:
    import numpy as np

    rng = np.random.default_rng(0)
    return (
        Case((rng.random((30, 2)),), "30 designs with two aims"),
        Case((np.array([[1.0, 2.0], [1.0, 3.0], [2.0, 1.0], [2.0, 2.0]]),), "ties in one aim"),
        Case((np.array([[1.0, 1.0], [1.0, 1.0], [2.0, 0.5]]),), "two designs that are the same"),
        Case((np.array([[3.0, 1.0, 2.0]]),), "a single design"),
    )


def _ship_it() -> str:
    """Whether every design of the front squeezes as hard as it may."""
    from labcode import search

    ratios, shares = (0.125, 0.25, 0.5, 1.0), (0.125, 0.25, 0.5, 0.75, 0.875)
    designs, rows = list(product(ratios, shares)), []
    for ratio, share in designs:
        squeeze, large = round(64 * ratio), round(64 * share)
        parts = cost.conv2d(32, squeeze, 1, 14) + cost.conv2d(squeeze, 64 - large, 1, 14)
        macs = (parts + cost.conv2d(squeeze, large, 3, 14, padding=1)).macs
        rows.append([macs, -large * 14 * 14])
    import numpy as np

    front = search.not_dominated(np.array(rows, dtype=float))
    best = {designs[place][0] for place in np.flatnonzero(front)}
    return "aims" if best == {min(ratios)} else "ship"


EXERCISES: tuple[Exercise, ...] = (
    Number(
        id="design_space-1",
        asks="different designs that are expected",
        unit="designs",
        solve=_different,
        hints=(
            "What is the chance that one proposal misses a given design?",
            "All 36 miss it with the 36th power of that. All others are seen.",
        ),
    ),
    Function(
        id="design_space-2",
        asks="which rows no other row beats, as truths",
        cases=_tables,
        oracle=_front,
        wrong=(
            (
                _beaten(everywhere=True, strictly=True),
                "A row is beaten also by one that is equal in one aim and better in another. You "
                "ask to be better in all.",
            ),
            (
                _beaten(everywhere=False, strictly=False),
                "Two designs that are the same do not beat each other: one must be better in at "
                "least one aim.",
            ),
            (
                _best_in_one,
                "Those are the rows that are best in one aim. A row between them may be on the "
                "front too.",
            ),
        ),
        hints=(
            "One row beats another if it is no worse in any aim, and better in at least one.",
            "A row is on the front if no other row beats it. Compare your function with "
            "`search.not_dominated`.",
        ),
    ),
    Choice(
        id="design_space-3",
        asks="The search is done. Would you ship a design of its front?",
        choices={
            "ship": Option(
                "Yes: no other design has fewer multiply-adds for as many 3×3 values.",
                "True, and all of them squeeze as hard as they may. Nothing in the aims asks "
                "whether such a network can still learn.",
            ),
            "aims": Option(
                "Not yet: the aims never ask whether it can learn. Train some, then choose.",
                "The front always squeezes as hard as it may. A search finds what you measure.",
            ),
            "more": Option(
                "Not yet: a hundred trials are too few; with more the front would be another.",
                "The space has only 20 designs, and a hundred trials see nearly all of them. The "
                "aims are what is missing.",
            ),
        },
        solve=_ship_it,
        hints=(
            "Look at the ratio of all designs on the front.",
            "Which measure would make a wider squeeze layer worth its price?",
        ),
    ),
)
