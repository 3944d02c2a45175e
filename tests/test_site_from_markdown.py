"""What the site makes of plain Markdown: boxes, folds, cards and links to the glossary."""

import pytest
from docutils import nodes
from docutils.utils import new_document
from sphinx.errors import ExtensionError

from tests.test_claims import load_extension
from tests.test_repository import ROOT

boxes = load_extension("plain_boxes")
folds = load_extension("plain_folds")
pages = load_extension("plain_pages")
words = load_extension("glossary_words")
links = load_extension("glossary_links")


def quote(*title: nodes.Node) -> nodes.document:
    document = new_document("page")
    document += nodes.block_quote("", nodes.paragraph("", "", *title), nodes.paragraph("", "Text"))
    return document


def strong(text: str) -> nodes.strong:
    return nodes.strong("", text)


@pytest.mark.parametrize(
    ("title", "look"),
    [("Exercise 3", "exercise"), ("Common mistakes", "warning"), ("Anything", "note")],
)
def test_a_quotation_with_a_title_becomes_a_box(title: str, look: str) -> None:
    document = quote(nodes.Text(""), strong(title), nodes.Text(""))  # as MyST leaves it
    boxes.Boxes(document).apply()
    [box] = document.children
    assert isinstance(box, nodes.admonition)
    assert box["classes"] == [look]
    assert [child.astext() for child in box.children] == [title, "Text"]
    assert box["ids"] == (["exercise-3"] if look == "exercise" else [])


@pytest.mark.parametrize("first", [[nodes.Text("Said.")], [strong("Bold"), nodes.Text(" and on")]])
def test_another_quotation_stays(first: list[nodes.Node]) -> None:
    document = quote(*first)
    boxes.Boxes(document).apply()
    assert isinstance(document.children[0], nodes.block_quote)


def test_the_map_becomes_cards_without_colons() -> None:
    document = new_document("page")
    section = nodes.section("", nodes.title("", "The map"))
    paragraph = nodes.paragraph("", "", nodes.reference("", "Pruning"), nodes.Text(": Less."))
    section += nodes.bullet_list("", nodes.list_item("", paragraph))
    document += section
    boxes.Cards(document).apply()
    [cards] = document.findall(nodes.bullet_list)
    assert cards["classes"] == ["map"]
    assert paragraph.astext() == "PruningLess."


def raw(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")


def start(summary: str = "Solution") -> nodes.raw:
    return raw(f'<details class="solution">\n<summary>{summary}</summary>')


def end() -> nodes.raw:
    return raw("</details>")


def text(words: str) -> nodes.paragraph:
    return nodes.paragraph("", words)


def cell() -> nodes.container:
    return nodes.container("", text("code"), classes=["cell", "tag_solution"])


def shape(*children: nodes.Node) -> str:
    marks = {"<deta": "(", "</det": ")"}
    return "".join(marks.get(n.astext()[:5], n.astext()[0]) for n in folds.joined(list(children)))


def test_the_pieces_of_a_solution_become_one_fold() -> None:
    more = start("Solution, after the cell")
    assert shape(text("x"), start(), text("a"), end(), cell(), more, text("b"), end()) == "x(acb)"
    assert shape(start(), text("a"), end(), cell(), text("y")) == "(ac)y"


def test_two_solutions_in_a_row_stay_two() -> None:
    assert shape(start(), text("a"), end(), start(), text("b"), end(), text("y")) == "(a)(b)y"
    assert shape(start(), text("a"), end(), text("x"), start(), text("b"), end()) == "(a)x(b)"


def test_a_fold_that_is_not_closed_or_not_begun_fails_the_build() -> None:
    with pytest.raises(ExtensionError, match="not closed"):
        shape(start(), text("a"))
    with pytest.raises(ExtensionError, match="has not begun"):
        shape(text("x"), start("Solution, after the cell"), text("b"), end())


@pytest.mark.parametrize("page", ["claims", "labcode", "references"])
def test_a_reference_page_gets_its_directive_and_keeps_its_text(page: str) -> None:
    text = (ROOT / f"book/{page}.md").read_text(encoding="utf-8")
    source = [text]
    pages.complete(None, f"book/{page}", source)
    assert source[0].startswith(text.rstrip() + "\n\n```{")
    assert source[0].endswith("\n```\n")


def test_a_page_without_a_part_of_its_own_stays() -> None:
    source = ["# Running"]
    pages.complete(None, "book/running", source)
    assert source == ["# Running"]


def test_every_line_of_the_glossary_becomes_an_entry() -> None:
    text = (ROOT / "book/glossary.md").read_text(encoding="utf-8")
    title, *lines = text.split("\n")
    source = [text]
    pages.complete(None, "book/glossary", source)
    made = source[0].removeprefix(f"{title}\n\n```{{glossary}}\n").removesuffix("\n```\n")
    entries = [entry.split("\n  ", 1) for entry in made.split("\n\n")]
    assert [f"- **{term}**: {meaning}" for term, meaning in entries] == [x for x in lines if x]


def test_the_glossary_is_read() -> None:
    assert {"ReLU", "batch norm", "zero point", "Kullback–Leibler divergence"} <= set(words.terms())
    assert len(words.terms()) > 80


@pytest.mark.parametrize(
    ("page", "said", "term"),
    [
        ("book/pruning/pruning", "Masks hold them", "mask"),
        ("book/pruning/pruning", "it was fine-tuned", "fine-tuning"),
        ("book/pruning/pruning", "the soft\N{NO-BREAK SPACE}labels", "soft label"),
        ("book/pruning/pruning", "fully-connected layers", "fully connected layer"),
        ("book/pruning/pruning", "two latencies", "latency"),
        ("book/pruning/pruning", "200 MFLOPs or FLOPS", "FLOPS"),
        ("book/pruning/pruning", "a pointwise group convolution", "pointwise group convolution"),
        ("book/pruning/pruning", "ReLUs", "ReLU"),
        ("book/pruning/pruning", "the cross-entropy of a label", "cross-entropy"),
        ("book/architecture_design/later_blocks", "one curve, GELU, in place of two", "GELU"),
        ("book/quantization/deep_compression", "top-1 and", "top-1"),
        ("book/quantization/few_bits", "a scale for each", "scale"),
    ],
)
def test_a_mention_is_found_in_its_forms(page: str, said: str, term: str) -> None:
    found = words.pattern(page).search(said)
    assert found is not None
    assert words.term_of(found[0]) == term


@pytest.mark.parametrize("said", ["unmasked", "relu", "half-entropy", "a scale", "mask.apply"])
def test_what_is_no_mention_is_left(said: str) -> None:
    assert words.pattern("book/pruning/pruning").search(said) is None


def test_every_term_of_a_special_form_or_a_room_is_in_the_glossary() -> None:
    assert set(words.FORMS) | set(words.ROOMS) <= set(words.terms())


def test_a_term_is_linked_once_and_in_text_alone() -> None:
    linked: set[str] = set()
    first = list(links.pieces(nodes.Text("A mask, masks, a ReLU."), "book/pruning/zeros", linked))
    assert [node.astext() for node in first] == ["A ", "mask", ", masks, a ", "ReLU", "."]
    again = list(links.pieces(nodes.Text("The mask."), "book/pruning/zeros", linked))
    assert [node.astext() for node in again] == ["The mask."]
    for closed in (nodes.title, nodes.literal, nodes.reference):
        assert not links.is_open(closed("", "a mask").children[0])
    assert links.is_open(nodes.paragraph("", "a mask").children[0])
