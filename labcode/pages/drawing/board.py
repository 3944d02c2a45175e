"""The board of the page *Draw a digit*: what the site shows, and what a notebook says instead."""

from __future__ import annotations

from typing import Any

_DIGITS = "".join(
    f'<button type="button" data-digit="{digit}">{digit}</button>' for digit in range(10)
)
_EDGE = 'style="border: 1px solid #808080"'  # in JupyterLab the site's styles are not at hand
_HTML = f"""<link rel="stylesheet" href="../../draw/draw.css">
<section class="draw" data-draw aria-label="Drawing board">
<div class="draw-top">
<canvas class="draw-paper" {_EDGE} width="280" height="280" role="img"
 aria-label="Paper to draw a digit on, with finger, pen or mouse"></canvas>
<fieldset class="draw-side" disabled>
<p><button type="button" data-clear>Clear</button></p>
<p>Or take a real digit, one that no network was trained on:</p>
<p>{_DIGITS}</p>
<p>What the networks see, 28 × 28 pixels:</p>
<canvas class="draw-seen" {_EDGE} width="28" height="28" role="img"
 aria-label="The drawing, shrunk and centred"></canvas>
</fieldset>
</div>
<p class="draw-note" role="status">The board works on the built site, in a browser that runs
scripts.</p>
<p class="draw-spoken" role="status"></p>
<div class="draw-cards"></div>
</section>
<script type="module" src="../../draw/page.mjs"></script>"""
_PLAIN = "The drawing board works on the built site: run `make serve` and open this page there."


class Board:
    """The drawing board; the site shows it, a notebook says where it is."""

    def __repr__(self) -> str:
        """Say where the board works."""
        return _PLAIN

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": _HTML, "text/plain": _PLAIN}


def board() -> Board:
    """Return the drawing board, to be the last value of a notebook's cell.

    >>> board()
    The drawing board works on the built site: run `make serve` and open this page there.
    """
    return Board()
