"""What a calculator returns: the same answer as HTML, as plain text and in one sentence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, repr=False)
class Result:
    """An answer that shows itself in a notebook, in a page and in a terminal.

    Args:
        html: A fragment of HTML that needs no script.
        text: The same in plain text; its first line says the most important in one sentence.

    >>> Result("<p>39 parameters</p>", "39 parameters")
    39 parameters
    """

    html: str
    text: str

    @property
    def summary(self) -> str:
        """The first line of the text, which a screen reader speaks after each change."""
        return self.text.partition("\n")[0]

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        """Return the text, which a terminal shows."""
        return self.text
