"""`touch`: a piece as the site shows it, and still as a notebook shows it.

The scripts stand in `static` beside this file, one module a piece; tools/vendor.py copies them to
the site's folder /touch.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from labcode._checks import check_choice
from labcode.pages.touch.pieces import PIECES, Piece
from labcode.show.pictures import STYLED, with_still

STILL = "This piece stands still here. It runs on the built site, with scripts on."
# The still pictures take their colours from the site's style sheets. A notebook has none of them.
STYLE = (
    "<style>.touch-still .live-full{fill:var(--live-tone,currentcolor)}"
    ".touch-still :is(.live-thin,.live-wire){stroke:var(--live-tone,currentcolor)}"
    ".touch-still :is(.live-name,.live-tag,.live-pale){fill:currentcolor}"
    ".touch-still .live-tag.live-on{fill:var(--live-ground,var(--jp-layout-color0,white))}"
    f"{STYLED}</style>"
)


@dataclass(frozen=True, repr=False)
class Touch:
    """A piece to touch; `touch` returns it.

    Args:
        name: Its module on the site, such as "filter".
        piece: What it shows.
    """

    name: str
    piece: Piece

    def __repr__(self) -> str:
        """Return the sentence that a terminal shows."""
        return f"{self.piece.sentence}\n{STILL}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": repr(self)}

    def html(self) -> str:
        """Return the piece: a still picture, which the site's script puts something in place of."""
        title = f"touch-{self.name}"
        data = "".join(
            f' data-{key}="{escape(value)}"' for key, value in sorted(self.piece.data().items())
        )
        return (
            '<link rel="stylesheet" href="../../touch/touch.css">\n'
            f'<section class="touch" data-touch="{self.name}" aria-labelledby="{title}"{data}>\n'
            f'<p class="touch-title" id="{title}">{escape(self.piece.title)}</p>\n'
            f'<div class="touch-still live">{STYLE}{with_still(self.piece.picture())}\n'
            f"<p>{escape(self.piece.sentence)}</p>\n"
            f'<p class="touch-note">{STILL}</p></div>\n'
            '<div class="touch-live" hidden></div>\n'
            "</section>\n"
            f'<script type="module" src="../../touch/{self.name}.mjs"></script>'
        )


def touch(name: str) -> Touch:
    """Return a piece to touch, to be the last value of a notebook's cell.

    Args:
        name: "filter", "shift", "soft_labels", "coding" or "shuffle".

    Raises:
        ValueError: There is no such piece.

    >>> touch("coding").piece.title
    'Join the two rarest'
    """
    return Touch(name, PIECES[check_choice("name", name, tuple(PIECES))])
