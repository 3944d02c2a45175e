"""The pages' Markdown reads as it stands: JupyterLab, Colab and GitHub know no MyST."""

import json
import re
from functools import cache
from pathlib import Path

import pytest
from pybtex.database import parse_file

from tests.test_claims import load_extension
from tests.test_repository import NOTEBOOKS, ROOT

PAGES = [*NOTEBOOKS, *sorted((ROOT / "book").rglob("*.md"))]
QUOTED = r"^[ \t]*(?:> ?)*[ \t]*"
RAW = {
    "role": re.compile(r"(?<!`)\{[\w:.+-]+\}`"),
    "directive": re.compile(QUOTED + r"(?:`{3,}|~{3,})\{", re.MULTILINE),
    "colon fence": re.compile(QUOTED + r":{3,}", re.MULTILINE),
    "option line": re.compile(QUOTED + r":[\w-]+:(?:[ \t]|$)", re.MULTILINE),
    "target": re.compile(QUOTED + r"\([^()\n]+\)=[ \t]*$", re.MULTILINE),
    "label of an equation": re.compile(r"\$\$[ \t]*\([\w:-]+\)"),
    "substitution": re.compile(r"\{\{ ?\w[\w .|]*\}\}"),
    "comment": re.compile(r"^%[ \t]", re.MULTILINE),
}


def raw(text: str) -> list[str]:
    """The kinds of markup in a Markdown cell that only MyST understands."""
    return [kind for kind, pattern in RAW.items() if pattern.search(text)]


@cache
def markdown(path: Path) -> list[str]:
    """The Markdown cells of a notebook, or the whole of a Markdown page."""
    if path.suffix == ".md":
        return [path.read_text(encoding="utf-8")]
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_page_shows_raw_markup(path: Path) -> None:
    assert [(raw(text), text) for text in markdown(path) if raw(text)] == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("role", "See {doc}`pruning` for more."),
        ("role", "As {cite:t}`han2015learning` said"),
        ("role", "the {term}`weights <parameter>`"),
        ("directive", "Before\n\n```{note}\nText\n```"),
        ("directive", "> ````{figure} a.svg\n> ````"),
        ("directive", "~~~{list-table}\n~~~"),
        ("colon fence", ":::{dropdown} More\nText\n:::"),
        ("colon fence", "Text\n:::"),
        ("option line", "text\n:class: dropdown\ntext"),
        ("option line", "> :width: 300px"),
        ("target", "(the-map)=\n## The map"),
        ("label of an equation", "$$\na = b\n$$ (eq-area)"),
        ("substitution", "Version {{ version }} of"),
        ("comment", "% nobody sees this\n\ntext"),
    ],
)
def test_each_kind_is_seen(kind: str, text: str) -> None:
    assert kind in raw(text)


@pytest.mark.parametrize(
    "text",
    [
        "$$f_{(x)} = \\{a, b\\}$$ and `{name}` in code",
        "```python\nx = {1: 2}\n```",
        "One: two: three, at 10:30:15",
        "| a | b |\n| :--- | ---: |\n| 1 | 2 |",
        "> **Exercise 1**\n>\n> How many?",
        '<details class="solution">\n<summary>Solution</summary>\n\nTwo.\n\n</details>',
        "[Han et al. (2015)](../references.md#han2015learning)",
        "(see the map) = 3",
    ],
)
def test_plain_markdown_is_left_in_peace(text: str) -> None:
    assert raw(text) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_between_pages_lead_to_files(path: Path) -> None:
    links = re.findall(r"\]\(([^()\s]+)\)", "\n".join(markdown(path)))
    files = {link.partition("#")[0] for link in links if "://" not in link and link[0] != "#"}
    assert sorted(name for name in files if not (path.parent / name).is_file()) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_exercises_are_numbered_from_one_on_each_page(path: Path) -> None:
    found = re.findall(r"^> \*\*Exercise(.*)\*\*$", "\n".join(markdown(path)), re.MULTILINE)
    assert found == [f" {number}" for number in range(1, len(found) + 1)]


LINK = re.compile(r"\[([^\[\]]+)\]\((?:\.\./)*references\.md#([\w-]+)\)")


def cited() -> list[tuple[str, str]]:
    """What stands in each link into the list of references, and the key that it leads to."""
    pages = ["\n".join(markdown(path)) for path in PAGES]
    return [found for page in pages for found in LINK.findall(page)]


def test_a_link_into_the_references_says_whom_it_cites() -> None:
    entries = parse_file(ROOT / "book/references.bib").entries
    style = load_extension("bibliography").AuthorYear()
    for shown, key in cited():
        [label] = style.format_labels([entries[key]])
        names, year = label.rsplit(", ", 1)
        assert shown in (label, f"{names} ({year})"), key


def test_every_reference_is_cited() -> None:
    keys = set(parse_file(ROOT / "book/references.bib").entries)
    assert {key for _, key in cited()} == keys
