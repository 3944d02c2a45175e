"""A verdict: what a cell measured, held against a claim."""

import re
from dataclasses import dataclass
from html import escape
from typing import Any

from labcode.pages.claims.table import claim

CLAIM_MIME = "application/vnd.labcode.claim+json"  # what a page that gathers verdicts reads
_GAP = re.compile(r"(?<=\d) ?%")  # Python writes 92.4%, the book 92.4 %
_SIGNS = {"holds": "✓", "holds when": "◐", "does not hold": "✗"}


@dataclass(frozen=True)
class Verdict:
    """The answer to one claim; shown as a box in a notebook.

    Args:
        id: The claim's id.
        outcome: "holds", "holds when" or "does not hold".
        condition: When it holds, or what holds instead; empty for "holds".
        measured: The number behind it, in words.
    """

    id: str
    outcome: str
    condition: str
    measured: str

    def __str__(self) -> str:
        """Say the claim, the verdict and the number."""
        head = " ".join(filter(None, [self.outcome, self.condition]))
        return f"{self.id} {claim(self.id).claim}\n{_SIGNS[self.outcome]} {head} · {self.measured}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        record = {
            "id": self.id,
            "outcome": self.outcome,
            "condition": self.condition,
            "measured": self.measured,
        }
        return {CLAIM_MIME: record, "text/html": self._html(), "text/plain": str(self)}

    def _html(self) -> str:
        kind = self.outcome.replace(" ", "-")
        condition = f" {escape(self.condition)}" if self.condition else ""
        return (
            f'<div class="claim claim-{kind}" id="{self.id.lower()}" '
            'style="border-left:4px solid currentColor;padding:.3em .8em">'
            f"<p><b>{self.id}</b> {escape(claim(self.id).claim)}</p>"
            f'<p class="claim-verdict"><b>{_SIGNS[self.outcome]} {self.outcome}{condition}.</b> '
            f"Measured: {escape(self.measured)}</p></div>"
        )


def verdict(
    id: str,
    holds: bool,
    measured: str,
    *,
    when: str | None = None,
    instead: str | None = None,
) -> Verdict:
    """Return the verdict on a claim from a computed condition.

    Args:
        id: The claim's id, such as ``"C60"``.
        holds: Whether the measurement bears the claim out (under ``when``, if given).
            Compute it from the numbers; a typed-in True answers nothing.
        measured: The number behind it, in words, made from the computed values. A space that
            does not break is set before each percent sign.
        when: The condition under which it holds.
        instead: What was seen where it does not hold.

    Returns:
        A value that a notebook shows as a box.

    Raises:
        KeyError: No claim has this id.
        TypeError: ``holds`` is not a bool.
        ValueError: ``measured`` is empty.

    >>> print(verdict("C05", 0 == 0, "0 parameters"))
    C05 Pooling has no parameters and learns nothing: it is an operator.
    ✓ holds · 0 parameters
    """
    claim(id)
    measured = _GAP.sub("\N{NO-BREAK SPACE}%", measured)
    if not isinstance(holds, bool):
        raise TypeError(f"holds must be a bool, got {holds!r} ({type(holds).__name__})")
    if not measured.strip():
        raise ValueError(f"measured must say the number behind {id}, got {measured!r}")
    if not holds:
        return Verdict(id, "does not hold", f"({instead})" if instead else "", measured)
    return Verdict(id, "holds when", when, measured) if when else Verdict(id, "holds", "", measured)
