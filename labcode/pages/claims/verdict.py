"""A verdict: what a cell measured, held against a claim."""

import re
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from labcode.pages.claims.evidence import Evidence, exact
from labcode.pages.claims.table import claim

CLAIM_MIME = "application/vnd.labcode.claim+json"  # what a page that gathers verdicts reads
_GAP = re.compile(r"(?<=\d) ?%")  # Python writes 92.4%, the book 92.4 %
SIGNS = {"holds": "✓", "holds when": "◐", "does not hold": "✗", "cannot be told here": "?"}


@dataclass(frozen=True)
class Verdict:
    """The answer to one claim; shown as a box in a notebook.

    Args:
        id: The claim's id.
        outcome: "holds", "holds when", "does not hold" or "cannot be told here".
        condition: When it holds, or what holds instead; empty for the others.
        measured: The number behind it, in words.
        intervals: What it rests on, each interval in words; empty for exact facts.
        elsewhere: Of "holds when": what was found where the condition is not met.
    """

    id: str
    outcome: str
    condition: str
    measured: str
    intervals: tuple[str, ...] = ()
    elsewhere: str = ""

    def __str__(self) -> str:
        """Say the claim, the verdict, the number and the intervals."""
        head = " ".join(filter(None, [self.outcome, self.condition]))
        intervals = f"rests on {'; '.join(self.intervals)}" if self.intervals else ""
        parts = [f"{SIGNS[self.outcome]} {head}", self.elsewhere, self.measured, intervals]
        return f"{self.id} {claim(self.id).claim}\n{' · '.join(filter(None, parts))}"

    def record(self) -> dict[str, Any]:
        """Return it as JSON can hold it: what the page of claims reads."""
        return asdict(self) | {"intervals": list(self.intervals)}

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {CLAIM_MIME: self.record(), "text/html": self._html(), "text/plain": str(self)}

    def _html(self) -> str:
        kind = self.outcome.replace(" ", "-")
        condition = f" {escape(self.condition)}" if self.condition else ""
        elsewhere = f" {escape(_sentence(self.elsewhere))}" if self.elsewhere else ""
        intervals = (
            f'<p class="claim-rests">It rests on {escape("; ".join(self.intervals))}.</p>'
            if self.intervals
            else ""
        )
        return (
            f'<div class="claim claim-{kind}" id="{self.id.lower()}" '
            'style="border-left:4px solid currentColor;padding:.3em .8em">'
            f"<p><b>{self.id}</b> {escape(claim(self.id).claim)}</p>"
            f'<p class="claim-verdict"><b>{SIGNS[self.outcome]} {self.outcome}{condition}.</b>'
            f"{elsewhere} Measured: {escape(self.measured)}.</p>{intervals}</div>"
        )


def verdict(
    id: str,
    evidence: Evidence | bool,
    measured: str,
    *,
    when: str | None = None,
    elsewhere: Evidence | bool | None = None,
    instead: str | None = None,
) -> Verdict:
    """Return the verdict on a claim from the evidence for it.

    What the evidence says decides the outcome: true is "holds", false "does not hold", open
    "cannot be told here". A condition is tested, not restated: ``elsewhere`` is the evidence for
    the same claim where the condition is not met. If that is true as well, the condition was not
    needed, and the verdict is "holds".

    Args:
        id: The claim's id, such as ``"C60"``.
        evidence: What the measurement says of the claim (under ``when``, if given). A bool is
            taken as an exact fact. Compute it; a typed-in True answers nothing.
        measured: The number behind it, in words, made from the computed values, without a full
            stop. A space that does not break is set before each percent sign.
        when: The condition under which it holds, in words.
        elsewhere: What the measurement says of the claim where that condition is not met.
        instead: What was seen where it does not hold.

    Returns:
        A value that a notebook shows as a box.

    Raises:
        KeyError: No claim has this id.
        TypeError: The evidence is neither `Evidence` nor a bool.
        ValueError: ``measured`` is empty, or one of ``when`` and ``elsewhere`` stands alone.

    >>> print(verdict("C05", 0 == 0, "0 parameters"))
    C05 Pooling has no parameters and learns nothing: it is an operator.
    ✓ holds · 0 parameters
    """
    claim(id)
    if not measured.strip():
        raise ValueError(f"measured must say the number behind {id}, got {measured!r}")
    if (when is None) != (elsewhere is None):
        raise ValueError(
            f"{id}: a condition is tested, so when= and elsewhere= come together, "
            f"got when={when!r} and elsewhere={elsewhere!r}"
        )
    here = _evidence("evidence", evidence)
    there = None if elsewhere is None else _evidence("elsewhere", elsewhere)
    outcome, condition, remark, intervals = _outcome(here, there, when or "", instead or "")
    return Verdict(
        id,
        outcome,
        _tidy(condition),
        _tidy(measured),
        tuple(_tidy(words) for words in intervals),
        _tidy(remark),
    )


def _outcome(
    here: Evidence, there: Evidence | None, when: str, instead: str
) -> tuple[str, str, str, tuple[str, ...]]:
    """Return outcome, condition, what is found elsewhere, and the intervals that decide."""
    if here.answer is None:
        return "cannot be told here", "", "", here.intervals
    if not here.answer:
        return "does not hold", f"({instead})" if instead else "", "", here.intervals
    if there is None or there.answer:
        return "holds", "", "", here.intervals + (() if there is None else there.intervals)
    found = "it cannot be told" if there.answer is None else "it does not hold"
    remark = f"elsewhere {found}"
    if there.intervals:
        remark += f": {'; '.join(there.intervals)}"
    return "holds when", when, remark, here.intervals


def _evidence(name: str, value: Evidence | bool) -> Evidence:
    if isinstance(value, Evidence):
        return value
    if not isinstance(value, bool):
        raise TypeError(
            f"{name} must be evidence or a bool, got {value!r} ({type(value).__name__})"
        )
    return exact(value)


def _tidy(words: str) -> str:
    return _GAP.sub("\N{NO-BREAK SPACE}%", words)


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."
