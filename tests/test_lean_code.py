"""Highlighted code loses elements, and no text; only signs lose their colour."""

import html.parser

import pytest
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from tests.test_claims import load_extension

PLAIN = {"n", "nn", "nx", "o", "p", "pm", "w"}
CODE = 'def f(x, *, y=3):\n    """Say so."""\n    return f"{x} < {y!r}"  # both\n'


class Characters(html.parser.HTMLParser):
    """Each character of the text with the class that colours it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, str]] = []
        self.elements = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.open.append(dict(attrs).get("class", ""))
        self.elements += 1

    def handle_endtag(self, tag: str) -> None:
        self.open.pop()

    def handle_data(self, data: str) -> None:
        colour = self.open[-1] if self.open else ""
        self.found += [(c, "" if colour in PLAIN else colour) for c in data]


@pytest.mark.parametrize("code", [CODE, "a = [1, 2.5]\n", "class A(B): pass\n", "%pip install x\n"])
def test_text_and_colours_stay_and_elements_go(code: str) -> None:
    written = highlight(code, PythonLexer(), HtmlFormatter(nowrap=True))
    lean, _ = load_extension("lean_pages").PLAIN_CODE.apply("page.html", written)
    before, after = Characters(written), Characters(lean)
    assert after.found == before.found
    assert after.elements < before.elements
