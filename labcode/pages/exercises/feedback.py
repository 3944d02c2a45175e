"""What an exercise says to an answer, as a notebook shows it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

SIGNS = {"right": "✓", "wrong": "✗", "unread": "?", "open": "✎", "hint": "→", "solution": "→"}
_COLOURS = {"right": "#00836a", "wrong": "#c64f00"}
_CODE = re.compile(r"`([^`]+)`")


class Unread(ValueError):
    """What cannot be judged: it is of another kind than asked, or not a number."""


@dataclass(frozen=True)
class Feedback:
    """A few sentences on an answer; a notebook shows them as a box.

    Args:
        kind: One of `SIGNS`: what the sentences are about.
        text: The sentences; names of code stand in backticks.
        options: Lines below them, each with its letter.
        record: What the site makes an answer box of; only where nothing is answered yet.
    """

    kind: str
    text: str
    options: tuple[str, ...] = ()
    record: str = ""

    def __str__(self) -> str:
        """Say it in plain text."""
        lines = [f"{letter}) {text}" for letter, text in lettered(self.options)]
        return "\n".join([f"{SIGNS[self.kind]} {self.text}", *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return a box in the notebook's own colours."""
        data = f' data-exercise="{self.record}"' if self.record else ""
        items = "".join(f"<li>{as_html(text)}</li>" for text in self.options)
        options = (
            f'<ol style="margin:.4em 0 0;list-style:lower-alpha">{items}</ol>' if items else ""
        )
        colour = _COLOURS.get(self.kind, "#1b7fc4")
        return (
            f'<div class="labcode-exercise"{data} role="status" '
            f'style="border-left:4px solid {colour};padding:.4em .9em;max-width:720px;'
            f'line-height:1.5"><b>{SIGNS[self.kind]}</b> {paragraphs(self.text)}{options}</div>'
        )


def lettered(options: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return each text with its letter, from a on."""
    return [(chr(ord("a") + place), text) for place, text in enumerate(options)]


def as_html(text: str) -> str:
    """Return a text with its names of code marked, safe to stand in a page."""
    return _CODE.sub(r"<code>\1</code>", escape(text, quote=False))


def paragraphs(text: str) -> str:
    """Return the text, and what follows its first line as code, if there is more than one."""
    first, _, rest = text.partition("\n")
    return as_html(first) + (f"<pre>{escape(rest)}</pre>" if rest else "")
