"""What a page asks the reader to guess is folded, on the site and in JupyterLab."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from docutils import nodes
from docutils.utils import new_document
from sphinx.errors import ExtensionError

from labcode.pages import asked
from tests.test_claims import load_extension
from tests.test_guards import FOLDS_OUTPUTS, code, tags
from tests.test_repository import NOTEBOOKS

WITHOUT = {"solution", "remove-cell"}  # told of elsewhere, or not for readers

first = load_extension("asked_first")
QUESTION = "**Before you run it:** how many?"


def question() -> nodes.paragraph:
    return nodes.paragraph("", "", nodes.strong("", "Before you run it:"), nodes.Text(" how many?"))


def cell(output: str = "7", hide_mode: str = "") -> nodes.container:
    made = nodes.container(nb_element="cell_code", classes=["cell"], ids=["here"])
    if hide_mode:
        made["hide_mode"] = hide_mode
    made += nodes.container("", nodes.literal_block("", "x"), nb_element="cell_code_source")
    if output:
        shown = nodes.raw("", output, format="html")
        made += nodes.container("", shown, nb_element="cell_code_output")
    return made


def kinds(*children: nodes.Node) -> str:
    """What the site makes of a section: ? asks, c code, o output, b both, p prose, ( ) a fold."""
    page = new_document("page")
    page += list(children)
    first.AskedFirst(page).apply()
    return "".join(map(kind, page.children))


def kind(node: nodes.Node) -> str:
    if isinstance(node, nodes.raw):
        return "(" if node.astext() == first.OPEN else ")"
    if first.is_cell(node):
        parts = [part["nb_element"][10:] for part in node.children]
        return {"source": "c", "output": "o"}[parts[0]] if len(parts) == 1 else "b"
    return "?" if first.asks(node) else "p"


def said(words: str = "Said.") -> nodes.paragraph:
    return nodes.paragraph("", words)


def test_the_code_stays_and_output_and_answer_are_folded() -> None:
    assert kinds(said(), question(), cell(), said(), said()) == "p?c(op)p"


def test_a_cell_whose_code_is_hidden_is_folded_whole() -> None:
    assert kinds(question(), cell(hide_mode="input"), said()) == "?(bp)"


def test_what_shows_nothing_stays_in_view() -> None:
    assert kinds(question(), cell(""), said(), cell(), said()) == "?cpc(op)"


def test_the_cells_behind_and_a_picture_behind_the_answer_belong_to_it() -> None:
    drawn = cell(hide_mode="input")
    assert kinds(question(), cell(), cell(), said(), drawn, said(), said()) == "?c(obpbp)p"
    assert kinds(question(), cell(), said(), cell()) == "?c(op)b"


def test_the_next_question_is_not_folded() -> None:
    assert kinds(question(), cell(), question(), cell(), said()) == "?c(o)?c(op)"


def test_a_list_goes_with_the_sentence_that_announces_it() -> None:
    named = nodes.bullet_list("", nodes.list_item("", said()))
    assert kinds(question(), cell(), said("Three:"), named, said()) == "?c(opp)p"


def test_what_answers_when_it_is_moved_stays_open() -> None:
    assert kinds(question(), cell('<form class="live">'), said()) == "?bp"
    assert kinds(question(), cell(), cell("<link href=touch.css>"), said()) == "?c(o)bp"


def test_the_two_halves_of_a_cell_do_not_share_an_id() -> None:
    page = new_document("page")
    page += [question(), cell()]
    first.AskedFirst(page).apply()
    assert [one["ids"] for one in page.children if first.is_cell(one)] == [["here"], []]


@pytest.mark.parametrize("behind", [[], [said()], [question(), cell()]])
def test_a_question_without_an_answer_fails_the_build(behind: list[nodes.Node]) -> None:
    with pytest.raises(ExtensionError, match="nothing answers"):
        kinds(question(), *behind)


def prose(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "source": [text], "metadata": {}}


def shows(html: str = "7", *given: str) -> dict[str, Any]:
    output = {"output_type": "display_data", "data": {"text/html": [html]}}
    return code("x", *given) | {"outputs": [output]}


@pytest.mark.parametrize(
    ("cells", "hidden"),
    [
        ([prose(QUESTION), shows(), shows(), prose("So."), shows()], [1, 2]),
        ([prose(QUESTION), code("x"), prose("Now:"), shows()], [3]),
        ([prose(QUESTION + "\n\n## On"), shows()], []),
        ([prose("# On\n\n" + QUESTION), shows(), prose(QUESTION), shows()], [1, 3]),
        ([prose(QUESTION), shows('<form class="live">'), shows()], []),
        ([prose("Said."), shows()], []),
    ],
)
def test_the_cells_that_a_notebook_hides(cells: list[dict[str, Any]], hidden: list[int]) -> None:
    found = list(asked.answers(cells))
    assert [at for at, one in enumerate(cells) if any(one is other for other in found)] == hidden


def test_hiding_opens_what_no_longer_answers_and_keeps_the_rest() -> None:
    stale, tagged = shows(), shows("7", "hide-output")
    stale["metadata"]["jupyter"] = {"outputs_hidden": True, "source_hidden": True}
    tagged["metadata"]["jupyter"] = {"outputs_hidden": True}
    answer = shows()
    asked.hide([stale, tagged, prose(QUESTION), answer])
    assert stale["metadata"]["jupyter"] == {"source_hidden": True}
    assert (
        tagged["metadata"]["jupyter"] == answer["metadata"]["jupyter"] == {"outputs_hidden": True}
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_jupyterlab_hides_answers_and_nothing_else(path: Path) -> None:
    """Where this fails, `python tools/answers.py` hides what a new question asks for."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    answers = [id(cell) for cell in asked.answers(cells)]
    for cell in cells:
        if cell["cell_type"] == "code" and not tags(cell) & FOLDS_OUTPUTS:
            hidden = cell["metadata"].get("jupyter", {}).get("outputs_hidden", False)
            assert hidden == (id(cell) in answers), cell["source"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_where_jupyterlab_hides_code_and_answer_the_line_left_says_so(path: Path) -> None:
    """Without this nobody would know that there is a picture, of which the text then speaks."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        lab = cell["metadata"].get("jupyter", {})
        if lab.get("outputs_hidden") and lab.get("source_hidden") and not tags(cell) & WITHOUT:
            assert asked.text(cell).startswith("# Run this cell to see "), cell["id"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_leads_on_is_not_folded_away_with_the_answer(path: Path) -> None:
    """The site folds the paragraph behind an answer; a colon at its end leads to what follows."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    answers = {id(cell) for cell in asked.answers(cells)}
    told = False
    for cell, then in pairwise(cells):
        if cell["cell_type"] == "code":
            told = told or id(cell) in answers
            continue
        prose = asked.text(cell).strip()
        leads_on = prose.endswith(":") and "\n\n" not in prose and then["cell_type"] == "code"
        assert not (told and leads_on), prose
        told = False
