"""What the documents behind the course claim, and the verdicts that its cells compute."""

from labcode.pages.claims.evidence import (
    Evidence,
    all_of,
    close,
    exact,
    less,
    more,
    no,
    quicker,
    wider,
)
from labcode.pages.claims.table import Claim, claim, claims
from labcode.pages.claims.verdict import Verdict, verdict

__all__ = [
    "Claim",
    "Evidence",
    "Verdict",
    "all_of",
    "claim",
    "claims",
    "close",
    "exact",
    "less",
    "more",
    "no",
    "quicker",
    "verdict",
    "wider",
]
