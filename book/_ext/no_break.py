"""Keep a number and its unit in one line: 92 %, 3 × 3, 0.24 ms."""

import re
from typing import Any

from docutils import nodes
from patches import overriding
from sphinx.transforms import SphinxTransform

AS_WRITTEN = (nodes.FixedTextElement, nodes.literal, nodes.math)
GAP = re.compile(r"(?<=\d) (?=[%×]|[kMG]i?B\b|[mµ]s\b)|(?<=×) (?=\d)")
NO_BREAK = "\N{NO-BREAK SPACE}"


@overriding(SphinxTransform)
class NoBreak(SphinxTransform):
    """Write a space that does not break, in text but not in code and formulas."""

    default_priority = 850

    def apply(self, **_: Any) -> None:
        """Change the texts of a page in place."""
        for text in list(self.document.findall(nodes.Text)):
            kept = GAP.sub(NO_BREAK, text)
            if kept != text and not isinstance(text.parent, AS_WRITTEN):
                text.parent.replace(text, nodes.Text(kept))
