"""The list of references: labels as in the text, each once."""

import pytest
from pybtex.database import Entry, Person, parse_file

from tests.test_claims import ROOT, load_extension

bibliography = load_extension("bibliography")


def labels(*authors: str) -> list[str]:
    people = {"author": [Person(author) for author in authors]}
    entry = Entry("article", [("year", "1998")], people)
    return list(bibliography.AuthorYear().format_labels([entry]))


@pytest.mark.parametrize(
    ("authors", "label"),
    [
        (("Zhang, Richard",), "Zhang, 1998"),
        (("Alain, Guillaume", "Bengio, Yoshua"), "Alain and Bengio, 1998"),
        (("LeCun, Yann", "Bottou, Leon", "Bengio, Yoshua"), "LeCun et al., 1998"),
        (("Howard, Andrew G.", "others"), "Howard et al., 1998"),
        (("van Laarhoven, Twan",), "van Laarhoven, 1998"),
        ((r"M{\"u}ller, Rafael",), "Müller, 1998"),
    ],
)
def test_a_label_is_what_the_pages_cite(authors: tuple[str, ...], label: str) -> None:
    assert labels(*authors) == [label]


def test_no_two_references_have_the_same_label() -> None:
    entries = parse_file(ROOT / "book/references.bib").entries.values()
    found = list(bibliography.AuthorYear().format_labels(entries))
    assert len(set(found)) == len(found) > 50


def test_a_title_keeps_its_capitals() -> None:
    entry = Entry("article", [("title", "Inception of Python's {CNN}")])
    template = bibliography.AsCited().format_title(entry, "title")
    assert str(template.format_data({"entry": entry})) == "Inception of Python's CNN."


def test_the_list_stands_in_the_order_of_its_labels() -> None:
    entries = parse_file(ROOT / "book/references.bib").entries.values()
    style = bibliography.AsCited()
    found = [
        label for _, label in zip(entries, style.format_labels(style.sort(entries)), strict=True)
    ]
    assert found == sorted(found, key=str.casefold)
    assert found.index("Han et al., 2016b") == found.index("Han et al., 2016a") + 1
