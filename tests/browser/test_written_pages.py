"""What every page's HTML says of itself, and where its links lead; read without a browser."""

import re
from functools import cache
from itertools import pairwise
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from tests.browser.conftest import chapters, pages, text_of
from tools.address import address
from tools.serve import SITE


@cache
def soup(path: str) -> BeautifulSoup:
    return BeautifulSoup(text_of(path), "html.parser")


@cache
def anchors(path: str) -> frozenset[str]:
    """All ids of a page."""
    return frozenset(tag["id"] for tag in soup(path).find_all(id=True))


@pytest.mark.parametrize("path", pages())
def test_a_page_names_itself(path):
    page = soup(path)
    assert page.html["lang"] == "en"
    assert page.title.get_text(strip=True)
    [description] = page.find_all("meta", attrs={"name": "description"})
    assert len(description["content"]) >= 30
    assert len(page.find_all("meta", attrs={"name": "viewport"})) == 1


@pytest.mark.parametrize("path", pages())
def test_a_page_has_one_heading_and_descends_from_it_step_by_step(path):
    printed_only = soup(path).select("#jb-print-docs-body h1, #jb-print-docs-body h2")
    headings = [
        int(tag.name[1])
        for tag in soup(path).select("main :is(h1, h2, h3, h4, h5, h6)")
        if tag not in printed_only
    ]
    assert headings.count(1) == 1
    steps = [after - before for before, after in pairwise(headings)]
    assert max(steps, default=0) <= 1


def test_titles_and_descriptions_tell_pages_apart():
    for text in (
        lambda page: page.title.get_text(),
        lambda page: page.find("meta", attrs={"name": "description"})["content"],
    ):
        seen = [text(soup(path)) for path in pages()]
        assert len(seen) == len(set(seen))


@pytest.mark.parametrize("path", chapters())
def test_a_number_and_its_unit_stay_in_one_line(path):
    for paragraph in soup(path).select("main section > p"):
        prose = [text for text in paragraph.find_all(string=True) if text.parent.name == "p"]
        assert not [text for text in prose if re.search(r"\d [%×]", text)]


@pytest.mark.parametrize("path", pages())
def test_an_id_stands_once(path):
    ids = [tag["id"] for tag in soup(path).find_all(id=True)]
    assert sorted({id for id in ids if ids.count(id) > 1}) == []


@pytest.mark.parametrize("path", pages())
def test_pictures_are_described(path):
    bare = [tag for tag in soup(path).find_all("img") if not tag.get("alt", "").strip()]
    assert bare == []


@pytest.mark.parametrize("path", chapters())
def test_figures_are_described_in_a_sentence(path):
    for image in soup(path).select(".cell_output img"):
        assert len(image["alt"].split()) >= 4, image["alt"]
        assert not image["alt"].startswith("../"), "Sphinx put the file's name in"


@pytest.mark.parametrize("path", pages())
def test_links_inside_the_site_lead_somewhere(path):
    broken = [
        link["href"] for link in soup(path).select("a[href]") if is_broken(path, link["href"])
    ]
    assert broken == []


def is_broken(path: str, href: str) -> bool:
    """Whether a link into the site has no file or no anchor at its end."""
    parts = urlsplit(href)
    if parts.scheme or parts.netloc:
        return False
    target = SITE / PurePosixPath(path).parent / unquote(parts.path) if parts.path else SITE / path
    if not target.is_file():
        return True
    if not parts.fragment or target.suffix != ".html":
        return False
    return unquote(parts.fragment) not in anchors(target.resolve().relative_to(SITE).as_posix())


def test_broken_links_are_seen():
    assert is_broken("book/glossary.html", "nowhere.html")
    assert is_broken("book/glossary.html", "references.html#nowhere")
    assert not is_broken("book/glossary.html", "references.html#main-content")


@pytest.mark.parametrize("path", chapters())
def test_a_notebooks_page_can_be_launched(path):
    links = {link["href"] for link in soup(path).select("a[href]")}
    notebook = path.removesuffix(".html") + ".ipynb"
    assert address().colab(notebook) in links
    assert address().binder(notebook) in {unquote(link) for link in links}


@pytest.mark.parametrize("path", pages())
def test_links_that_leave_the_site_are_encrypted(path):
    assert [a["href"] for a in soup(path).select("a[href^='http:']")] == []
