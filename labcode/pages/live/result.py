"""What a calculator returns: plain data, which shows itself as HTML, as text and in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labcode.show.pictures import Picture
from labcode.show.tables import Head, Table


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of words or with a picture; ``quiet`` ones look like captions."""

    content: str | Picture
    quiet: bool = False


@dataclass(frozen=True)
class Beside:
    """A picture with a table beside it, where there is room."""

    picture: Picture
    table: Table


Part = Table | Picture | Paragraph | Beside


@dataclass(frozen=True, repr=False)
class Result:
    """An answer; `labcode.pages.live.render` turns it into HTML and text.

    Args:
        lead: The most important, in one sentence.
        parts: What is shown below it, in order.
        caption: What the numbers mean.
        legend: Colours and what they stand for, behind the caption.
        values: The numbers that were computed, by name.
        spoken: What a screen reader says after each change; None for the lead.

    >>> Result("39 parameters")
    39 parameters
    """

    lead: str
    parts: tuple[Part, ...] = ()
    caption: str = ""
    legend: tuple[Head, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    spoken: str | None = None

    @property
    def summary(self) -> str:
        """The most important in one sentence, which a screen reader speaks."""
        return self.lead if self.spoken is None else self.spoken

    @property
    def html(self) -> str:
        """The answer as a fragment of HTML that needs no script."""
        from labcode.pages.live.render import html

        return html(self)

    @property
    def text(self) -> str:
        """The answer in plain text; its first line is the summary."""
        from labcode.pages.live.render import text

        return text(self)

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        """Return the text, which a terminal shows."""
        return self.text
