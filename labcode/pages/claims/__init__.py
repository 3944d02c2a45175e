"""What the documents behind the course claim, and the verdicts that its cells compute."""

from labcode.pages.claims.table import Claim, claim, claims
from labcode.pages.claims.verdict import Verdict, verdict

__all__ = ["Claim", "Verdict", "claim", "claims", "verdict"]
