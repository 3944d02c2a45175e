"""What a page asks for and says: nothing from elsewhere, nothing missing, nothing heavy."""

import pytest

from tests.browser.conftest import open_everything, shown_pages

LIMIT = 1_500_000  # bytes of a page before anything is touched, uncompressed


def scroll_through(page) -> None:
    """Scroll to the end in steps, so that whatever waits for being seen loads."""
    page.evaluate(
        """async () => {
            for (let y = 0; y < document.body.scrollHeight; y += 700) {
                window.scrollTo(0, y);
                await new Promise(requestAnimationFrame);
            }
        }"""
    )


@pytest.mark.parametrize("path", shown_pages())
def test_a_page_asks_for_nothing_elsewhere_and_says_nothing(visit, path):
    visited = visit(path)
    visited.settle()
    weight = visited.weight()
    untouched = visited.requests.copy()
    scroll_through(visited.page)
    open_everything(visited.page)
    if visited.page.locator(".search-button__button").count():
        visited.page.keyboard.press("Control+k")
        visited.page.keyboard.press("Escape")
    visited.settle()
    visited.assert_clean()
    assert 1_000 < weight < LIMIT
    assert not [url for url in untouched if "/live/" in url], "Python was fetched before a touch"
