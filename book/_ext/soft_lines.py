"""Long lines of code that break where they do not fit, with their indentation.

A phone shows some 40 characters of a line. Each longer one becomes an element that knows how far
it is indented. The style sheet lets it break there, and sets what follows two characters deeper.
The text stays as it is, so that a copy has the line in one piece.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from patches import override
from pygments.formatters import HtmlFormatter
from sphinx.application import Sphinx
from sphinx.highlighting import PygmentsBridge

FITS = 38  # characters on the narrowest phone
DEEPER = 2  # characters, as in the style sheet
# Where a word of code that is too long itself may break: before a dot, behind an opening bracket.
JOINTS = re.compile(r'(?<!^)<span class="o">\.</span>|(?<=\(</span>)|(?<=\[</span>)')
Lines = Iterator[tuple[int, str]]  # whether it is a line of code, and its markup


class SoftLines(HtmlFormatter):
    """Write code as Pygments does, with elements around its long lines."""

    def wrap(self, source: Lines) -> Lines:
        """Mark the lines before the box goes around them."""
        return super().wrap((kind, marked(text) if kind else text) for kind, text in source)


def marked(line: str) -> str:
    """A line of markup, in an element of its own if it is long."""
    code = unescape(re.sub("<[^>]*>", "", line)).rstrip("\n")
    if len(code) <= FITS:
        return line
    indent = len(code) - len(code.lstrip())
    if max(map(len, code.split())) > FITS - DEEPER - indent:
        line = JOINTS.sub(r"<wbr>\g<0>", line)
    return f'<span class="long" style="--indent:{indent}">{line}</span>'


def setup(app: Sphinx) -> dict[str, Any]:
    """Let Sphinx write all code so."""
    override(PygmentsBridge, "html_formatter", SoftLines, "long lines break on a phone")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
