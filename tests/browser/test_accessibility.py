"""axe-core finds nothing to mend: every page, both themes, on a phone and on a laptop."""

import pytest

from tests.browser.conftest import THEMES, axe_source, dress, open_everything, shown_pages, widen

RUN = """() => axe.run(document, { resultTypes: ["violations"] }).then((found) =>
    found.violations.flatMap((rule) => rule.nodes.map((node) =>
        `${rule.id}: ${node.target.join(" ")} | ${node.html.slice(0, 160)} | ` +
        [...node.any, ...node.all, ...node.none].map((check) => check.message).join("; "))))"""

MARKED = """() => [...document.querySelectorAll("pre, .output, .katex-display, [class*=scroll]")]
    .every((box) => box.tabIndex >= 0 || getComputedStyle(box).overflowX === "visible"
        || (box.scrollWidth <= box.clientWidth + 1 && box.scrollHeight <= box.clientHeight + 1))"""


@pytest.fixture(scope="session")
def axe() -> str:
    return axe_source()


@pytest.mark.parametrize("path", shown_pages())
def test_axe_finds_no_violation(visit, axe, path):
    page = visit(path, width=390).page
    open_everything(page)
    page.evaluate(axe)
    for width in (390, 1280):
        widen(page, width)
        page.wait_for_function(MARKED, polling=100, timeout=5000)
        for theme in THEMES:
            dress(page, theme)
            assert page.evaluate(RUN) == [], f"{theme}, at {width} px"


def test_axe_would_find_one(visit, axe):
    """The check can fail: a picture without words is reported."""
    page = visit("book/glossary.html").page
    page.evaluate("document.querySelector('article').append(document.createElement('img'))")
    page.evaluate(axe)
    assert any(line.startswith("image-alt") for line in page.evaluate(RUN))
