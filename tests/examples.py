"""How many examples a property is tried with: all, or a few in the fast loop."""

import os

FEW = 10  # the fast loop tries this part of them


def examples(number: int) -> int:
    """Return the number of examples; where FAST is set, as in `make quick`, a tenth of it."""
    return max(min(number, 5), number // FEW) if os.environ.get("FAST") else number
