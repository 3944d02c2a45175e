"""Pages fit every width without sideways scrolling; figures stay legible in the dark."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.browser.conftest import (
    THEMES,
    WIDTHS,
    chapters,
    dress,
    open_everything,
    shown_pages,
    widen,
)

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WIDE_ONES = """() => [...document.querySelectorAll("body *")]
    .filter((node) => node.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .slice(0, 5).map((node) => node.outerHTML.slice(0, 120))"""

LOAD = """() => {
    for (const fold of document.querySelectorAll("details")) fold.open = true;
    for (const picture of document.images) picture.loading = "eager";
}"""
LOADED = "() => [...document.images].every((one) => one.complete && one.naturalWidth)"
SHORT = 8  # letters: a word of a table that is not longer never breaks
BROKEN_WORDS = r"""(short) => [...document.querySelectorAll(".bd-article table :is(td, th)")]
    .filter((cell) => cell.checkVisibility())
    .flatMap((cell) => {
        const found = [];
        const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            const node = texts.currentNode;
            for (const { 0: word, index } of node.data.matchAll(/\p{L}+/gu)) {
                const range = document.createRange();
                range.setStart(node, index);
                range.setEnd(node, index + word.length);
                const lines = [...range.getClientRects()].map(({ top }) => Math.round(top));
                if (word.length <= short && new Set(lines).size > 1) found.push(word);
            }
        }
        return found;
    })"""
PROPORTIONS = "(one) => [one.width / one.height, one.naturalWidth / one.naturalHeight]"


@pytest.mark.parametrize("path", shown_pages())
def test_no_page_scrolls_sideways(visit, path):
    page = visit(path, width=WIDTHS[0]).page
    open_everything(page)
    for width in WIDTHS:
        widen(page, width)
        for theme in THEMES:
            dress(page, theme)
            assert page.evaluate(OVERFLOW) <= 0, (width, theme, page.evaluate(WIDE_ONES))


def test_the_system_decides_on_the_theme(visit):
    page = visit("book/glossary.html", theme="dark").page
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert max(ground(page, "body")) < 60


@pytest.mark.parametrize("path", chapters())
def test_figures_keep_their_proportions_on_a_phone(visit, path):
    page = visit(path, width=390, theme="dark").page
    page.evaluate(LOAD)
    page.wait_for_function(LOADED, polling=100)
    for figure in page.locator(".cell_output img").all():
        shown, natural = figure.evaluate(PROPORTIONS)
        assert shown == pytest.approx(natural, rel=0.05)


@pytest.mark.parametrize("path", shown_pages())
def test_no_short_word_of_a_table_is_broken_on_a_phone(visit, path):
    page = visit(path, width=390).page
    open_everything(page)
    assert page.evaluate(BROKEN_WORDS, SHORT) == []


def test_a_figure_in_the_dark_stands_on_the_ground_of_the_page(visit):
    page = visit("book/cnn_basics/pooling.html", width=1280, theme="dark").page
    open_everything(page)
    figure = page.locator(".cell:not(.tag_true-colors) .cell_output img").first
    assert corner(figure) == pytest.approx(ground(page, "body"), abs=3)


def test_images_in_the_dark_are_those_of_the_light_theme(visit):
    page = visit("book/cnn_basics/pooling.html", width=1280, theme="light").page
    open_everything(page)
    figure = page.locator(".cell.tag_true-colors .cell_output img").first
    light = np.asarray(picture_of(figure), float).mean((0, 1))
    dress(page, "dark")
    assert np.asarray(picture_of(figure), float).mean((0, 1)) == pytest.approx(light, abs=12)


@pytest.mark.parametrize("theme", THEMES)
def test_a_box_is_shaded_at_its_lower_edge_until_its_end_is_in_sight(visit, theme):
    page = visit("book/architecture_design/papers_tables.html", width=390, theme=theme).page
    open_everything(page)
    boxes = page.locator('.text_html > [role="group"]').all()
    long = [box for box in boxes if box.evaluate("(n) => n.scrollHeight > n.clientHeight + 40")]
    assert len(long) >= 5
    box = long[0]
    ground_color = corner(box)
    assert edge(box) != pytest.approx(ground_color, abs=15)
    box.evaluate("(n) => n.scrollTo(0, n.scrollHeight)")
    assert edge(box) == pytest.approx(ground_color, abs=4)


def edge(element) -> list[int]:
    """The colour of an element near its lower left corner."""
    picture = picture_of(element)
    # The last lines may be half the page's, where an element begins between two pixels.
    return list(picture.getpixel((1, picture.height - 5)))


def picture_of(element) -> Image.Image:
    """What an element looks like."""
    return Image.open(io.BytesIO(element.screenshot())).convert("RGB")


def corner(element) -> list[int]:
    """The colour of an element near its upper left corner."""
    return list(picture_of(element).getpixel((8, 8)))


def ground(page, selector: str) -> list[int]:
    """Red, green and blue of an element's ground, 0 to 255."""
    color = page.locator(selector).first.evaluate("(n) => getComputedStyle(n).backgroundColor")
    return [int(part) for part in color[color.index("(") + 1 : -1].split(",")[:3]]
