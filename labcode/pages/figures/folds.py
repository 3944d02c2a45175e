"""Five folds: which tenths of the digits each of them tests, chooses on and trains on."""

from __future__ import annotations

from itertools import combinations

from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import grid, note, words
from labcode.show.numbers import number
from labcode.show.pictures import Picture, Rect, Shape

DIGITS, TENTHS = 5000, 10
USES = {"test": "b", "choose": "c", "train": "a"}  # and their tones
CELL, LEFT, TOP, ROW = 26.0, 60.0, 38.0, 36.0  # pixels: of a tenth, where they begin, to the next


def five_folds() -> Figure:
    """Draw the folds as bars of ten tenths, each turned by two against the one before.

    >>> print(five_folds().panels[0].label.partition(". ")[2])
    Neighbouring folds train on 5 tenths in common (2,500 digits), all others on 4 (2,000).
    """
    folds = tenths()
    shapes = _legend(folds[0])
    for at, uses in enumerate(folds):
        y = TOP + ROW * at
        shapes.append(words(LEFT - 10, y + CELL / 2, f"fold {at}", "end"))
        shapes += _bar(y, uses)
    foot = TOP + ROW * len(folds) + 4
    said = f"a square: {number(DIGITS // TENTHS)} digits"
    shapes.append(note(LEFT + CELL * TENTHS / 2, foot, said))
    width = LEFT + CELL * TENTHS + 6
    return Figure((Picture(width, foot + 14, _label(folds), tuple(shapes)),))


def tenths() -> list[list[str]]:
    """Return for each fold what it uses each tenth of the digits for.

    The tenths lie in the order in which the folds test them.

    >>> tenths()[1]
    ['train', 'train', 'test', 'test', 'choose', 'train', 'train', 'train', 'train', 'train']
    """
    import numpy as np

    from labcode.data.splits import FOLDS, fold_parts

    labels = np.zeros(TENTHS, np.int64)  # of one class, with a digit for each tenth
    parts = [fold_parts(labels, fold) for fold in range(FOLDS)]
    ring = [digit for test, _, _ in parts for digit in test.tolist()]
    uses = [
        {digit: use for use, part in zip(USES, fold, strict=True) for digit in part.tolist()}
        for fold in parts
    ]
    return [[use[digit] for digit in ring] for use in uses]


def common(folds: list[list[str]]) -> dict[int, set[int]]:
    """Return how many tenths two folds both train on, by how far apart they lie on the ring.

    >>> common([["train", "test"], ["test", "train"], ["train", "train"]])
    {1: {0, 1}}
    """
    found: dict[int, set[int]] = {}
    for (one, first), (other, second) in combinations(enumerate(folds), 2):
        apart = min(other - one, len(folds) - other + one)
        both = sum(a == b == "train" for a, b in zip(first, second, strict=True))
        found.setdefault(apart, set()).add(both)
    return found


def _label(folds: list[list[str]]) -> str:
    """Return what is seen, with the training digits that folds share."""
    near, far = (min(shared) for _, shared in sorted(common(folds).items()))
    counts = [folds[0].count(use) for use in USES]
    tenth = DIGITS // TENTHS
    return (
        f"Five folds: bars of {TENTHS} tenths, of which {counts[0]} test, {counts[1]} chooses and "
        f"{counts[2]} train, turned by {folds[1].index('test')} from fold to fold. Neighbouring "
        f"folds train on {near} tenths in common ({number(near * tenth)} digits), all others on "
        f"{far} ({number(far * tenth)})."
    )


def _legend(uses: list[str]) -> list[Shape]:
    """Return what the colours stand for, and how many digits of a fold have each."""
    shapes: list[Shape] = []
    x = 6.0
    for use, tone in USES.items():
        said = f"{use} {number(uses.count(use) * DIGITS // TENTHS)}"
        shapes += [Rect(f"map {tone}", x, 8, 12, 12, 1), words(x + 18, 14, said, "start")]
        x += 108
    return shapes


def _bar(y: float, uses: list[str]) -> list[Shape]:
    """Return the tenths of a fold."""
    return grid(LEFT, y, [[""] * TENTHS], CELL, lambda _, at: f"map {USES[uses[at]]}")
