"""Docstrings, comments and messages of the code say "is not a", and not "is no"."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# What readers are told in exercises belongs to the pages' prose; everything else is read here.
FILES = [
    path
    for folder in ("labcode", "tools", "benchmarks", "book/_ext")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".js", ".mjs"} and "chapters" not in path.parts
]
# "there is no file" and "there may be none" are plain; so are "no longer" and "no worse".
TERSE = re.compile(
    r"(?<!here)[\s\"'`}]((?:is|are|was|were) (?:no|none)\b)"
    r"(?! (?:longer|more|worse|better)\b)"
)


def test_nothing_is_said_to_be_none_of_its_kind() -> None:
    terse = [
        f"{path.relative_to(ROOT)}:{text[: found.start()].count(chr(10)) + 1}"
        for path in FILES
        for text in [path.read_text(encoding="utf-8")]
        for found in TERSE.finditer(text)
    ]
    assert terse == []


@pytest.mark.parametrize("text", ["this is no chain", '"is no list."', "a bool\nis none of them"])
def test_a_terse_refusal_is_seen(text: str) -> None:
    assert TERSE.search(text)


@pytest.mark.parametrize(
    "text", ["there is no file", "There are none", "it is no longer", "is not a list"]
)
def test_plain_words_are_left_in_peace(text: str) -> None:
    assert not TERSE.search(text)
