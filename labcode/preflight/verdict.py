"""What a method says of a layer or of a whole network.

- *yes*: it takes all that it is for.
- *in part*: it takes some layers, and names the others with a reason each.
- *nothing to do*: it works, and hands the network over as it is; no layer is for it.
- *no*: it raises an error, whose sentence is the reason. Of a layer: it leaves this one out.
"""

from __future__ import annotations

from dataclasses import dataclass

from labcode._checks import check_choice

ANSWERS = ("yes", "in part", "nothing to do", "no")


@dataclass(frozen=True)
class Verdict:
    """An answer with its reason.

    Args:
        answer: One of `ANSWERS`.
        reason: One sentence; empty only for a plain yes.

    Raises:
        ValueError: The answer is another, or one that is not "yes" has no reason.

    >>> print(Verdict("no", "it runs twice"))
    no, because it runs twice
    """

    answer: str
    reason: str = ""

    def __post_init__(self) -> None:
        """Refuse an answer without a reason."""
        check_choice("answer", self.answer, ANSWERS)
        if self.answer != "yes" and not self.reason:
            raise ValueError(f"{self.answer!r} needs a reason")

    def __str__(self) -> str:
        """Say it in words."""
        if not self.reason:
            return self.answer
        return (
            f"{self.answer}, because {self.reason}"
            if self.answer in ("no", NOTHING)
            else f"{self.answer}: {self.reason}"
        )


YES = Verdict("yes")
NOTHING = "nothing to do"
