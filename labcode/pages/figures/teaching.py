"""A teacher and its student, and what a soft label says more than a hard one."""

from __future__ import annotations

from collections.abc import Sequence

from labcode._checks import check_choice
from labcode.pages.calculators.soft_label import PICTURES, softened
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.flow import Box, End, Fork, Part, Says, chart
from labcode.pages.figures.marks import heading, note, rule
from labcode.show.pictures import Picture, Rect, Shape

TEMPERATURE = 4


def teacher_and_student() -> Figure:
    """Draw how a student learns from a teacher: both see the image, the student alone changes.

    >>> teacher_and_student().panels[0].label.partition(":")[0]
    'A teacher and its student'
    """
    teacher: list[Part] = [
        Box("teacher, large", "trained, stays as it is", "n"),
        Says("soft label"),
    ]
    student: list[Part] = [Box("student, small", "its weights learn", "a"), Says("answer")]
    label = (
        "A teacher and its student: both read the same image; the loss says how far the student's "
        "answer is from the teacher's soft label, and changes the student alone."
    )
    parts: list[Part] = [End("one image"), Fork((teacher, student), "loss: how far apart?")]
    return Figure((chart(label, [*parts, End("its gradient changes the student alone")]),))


def hard_and_soft_label(picture: str = "like a 9", temperature: int = TEMPERATURE) -> Figure:
    """Draw the label of a seven three times: hard, and the teacher's at two temperatures.

    Args:
        picture: "like a 1", "like a 9", "like a 2" or "a plain one".
        temperature: Of the softest.

    Raises:
        ValueError: There is no such picture.

    >>> for panel in hard_and_soft_label().panels:
    ...     print(panel.label)
    Hard label: 7 has 100 %.
    Soft label, T = 1: 7 has 53 %, then 9 with 46 %.
    Soft label, T = 4: 7 has 32 %, then 9 with 31 %.
    """
    logits: Sequence[float] = PICTURES[check_choice("picture", picture, PICTURES)]["logits"]
    hard = [float(digit == 7) for digit in range(10)]
    soft = [(f"Soft label, T = {t}", softened(logits, t)) for t in (1, temperature)]
    return Figure(tuple(_bars(title, shares) for title, shares in [("Hard label", hard), *soft]))


def _bars(title: str, shares: Sequence[float]) -> Picture:
    """Return a bar a digit; the two longest have their number beside them."""
    first, second = sorted(range(10), key=lambda digit: -shares[digit])[:2]
    shapes: list[Shape] = [heading(81, 12, title), rule(26, 26, 26, 196)]
    for digit, share in enumerate(shares):
        y = 26 + 17.0 * digit
        shapes += [
            note(14, y + 7, str(digit)),
            Rect(f"full {'a' if digit == 7 else 'b'}", 26, y + 1, 84 * share, 12, 1),
        ]
        if digit == first or (digit == second and share):
            shapes.append(note(31 + 84 * share, y + 7, f"{100 * share:.0f} %", "start"))
    label = f"{title}: {first} has {100 * shares[first]:.0f} %"
    if shares[second]:
        label += f", then {second} with {100 * shares[second]:.0f} %"
    return Picture(162, 200, label + ".", tuple(shapes))
