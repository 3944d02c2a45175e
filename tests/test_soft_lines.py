"""Long lines of code may break on a phone, and their text stays what it was."""

import html
import re

from pygments import highlight
from pygments.lexers import PythonLexer

from tests.test_claims import load_extension

soft = load_extension("soft_lines")
LONG = "    weights = quantization.symmetric_params(values.abs().max() * share, bits=3)"
DOCSTRING = '    """A text of several lines,\n    of which the second one is longer than 38."""'
CODE = f"def f():\n{LONG}\n{DOCSTRING}\n"


def written(code: str) -> str:
    return highlight(code, PythonLexer(), soft.SoftLines())


def test_the_text_stays() -> None:
    assert html.unescape(re.sub("<[^>]*>", "", written(CODE))).strip("\n") == CODE.strip("\n")


def test_long_lines_know_their_indentation_and_short_ones_stay() -> None:
    assert re.findall(r'class="long" style="--indent:(\d+)"', written(CODE)) == ["4", "4"]
    assert "long" not in written("x = 1\n" + "y" * soft.FITS + "\n")
    assert "long" in written("y" * (soft.FITS + 1) + "\n")


def test_each_long_line_is_an_element_of_its_own() -> None:
    """What Pygments opens for a text of several lines ends with each line."""
    found = re.findall(r'<span class="long"[^>]*>(.*)\n</span>', written(CODE))
    assert [line.count("<span") - line.count("</span") for line in found] == [0, 0]


def test_a_word_that_is_too_long_may_break_at_its_joints() -> None:
    [line] = [one for one in written(CODE).splitlines() if "symmetric" in one]
    assert '<wbr><span class="o">.</span><span class="n">symmetric_params</span>' in line
    assert line.count("<wbr>") >= 4
    assert "<wbr>" not in written("print(a.b, 'words that are short and many of them')\n")
