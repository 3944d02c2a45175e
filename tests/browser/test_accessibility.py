"""axe-core finds nothing to mend: every page, both themes, on a phone and on a laptop."""

import pytest

from tests.browser.conftest import THEMES, axe_source, shown_pages, widen

RUN = """() => axe.run(document, { resultTypes: ["violations"] }).then((found) =>
    found.violations.flatMap((rule) => rule.nodes.map((node) =>
        `${rule.id}: ${node.target.join(" ")} | ${node.html.slice(0, 160)} | ` +
        [...node.any, ...node.all, ...node.none].map((check) => check.message).join("; "))))"""

# A resize lays the page out more than once, and scroll.js hears of each a frame later.
MARKED = """() => [...document.querySelectorAll("pre, .output, .katex-display, [class*=scroll]")]
    .every((box) => box.tabIndex >= 0 || getComputedStyle(box).overflowX === "visible"
        || (box.scrollWidth <= box.clientWidth + 1 && box.scrollHeight <= box.clientHeight + 1))"""


@pytest.fixture(scope="session")
def axe() -> str:
    return axe_source()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("path", shown_pages())
def test_axe_finds_no_violation(visit, axe, path, theme):
    page = visit(path, width=390, theme=theme).page
    page.evaluate(
        """() => {
            for (const fold of document.querySelectorAll("details")) fold.open = true;
            for (const button of document.querySelectorAll("button.toggle-button-hidden"))
                button.click();
        }"""
    )
    page.evaluate(axe)
    for width in (390, 1280):
        widen(page, width)
        page.wait_for_function(MARKED, timeout=5000)
        assert page.evaluate(RUN) == [], f"at {width} px"


def test_axe_would_find_one(visit, axe):
    """The check can fail: a picture without words is reported."""
    page = visit("book/glossary.html").page
    page.evaluate("document.querySelector('article').append(document.createElement('img'))")
    page.evaluate(axe)
    assert any(line.startswith("image-alt") for line in page.evaluate(RUN))
