"""With JavaScript off a page still reads well."""

import pytest

from tests.browser.conftest import pages, text_of


@pytest.mark.parametrize("path", [page for page in pages() if "bd-article" in text_of(page)])
def test_the_text_is_there(visit, path):
    visited = visit(path, width=390, scripts=False)
    page = visited.page
    assert page.locator("main h1:visible").count() == 1
    assert page.evaluate is not None
    assert len(page.locator("main").inner_text()) > 100
    assert page.locator(".theme-switch-button:visible, .search-button__button:visible").count() == 0
    visited.assert_clean()


def test_search_says_that_it_needs_scripts(visit):
    page = visit("search.html", scripts=False).page
    assert page.locator(".admonition", has_text="JavaScript").is_visible()


def test_the_root_leads_to_the_book(visit):
    page = visit("index.html", scripts=False).page
    page.wait_for_url("**/book/index.html")
