"""The reader finds a word: by the search, and in the glossary."""

from urllib.parse import unquote


def test_search_finds_a_page_by_a_word(visit):
    visited = visit("book/glossary.html")
    page = visited.page
    visited.settle()
    page.keyboard.press("Control+k")
    page.keyboard.type("pruning")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=pruning")
    found = page.locator("#search-results li a").first
    found.wait_for()
    page.locator("#search-results .search-summary").first.wait_for()
    titles = page.locator("#search-results li a").all_text_contents()
    assert "Pruning weights" in titles
    visited.settle()
    page.get_by_role("link", name="Pruning weights", exact=True).last.click()
    page.wait_for_url("**/book/pruning/pruning.html*")
    assert "Pruning" in page.locator("h1:visible").inner_text()
    visited.settle()
    visited.assert_clean()


def test_words_are_marked_in_the_text_and_not_in_what_draws_a_picture(visit):
    visited = visit("book/pruning/pruning.html?highlight=weights%20stroke%20fill")
    page = visited.page
    page.locator("p .highlighted").first.wait_for()
    assert page.locator("svg title span, svg title tspan, style span").count() == 0
    visited.assert_clean()


def test_search_says_when_there_is_nothing(visit):
    page = visit("search.html?q=xyzzyplugh").page
    page.get_by_text("did not match any documents").wait_for()


def test_a_term_of_the_glossary_has_an_address(visit):
    seen = visit("book/glossary.html")
    page = seen.page
    terms = page.locator("dl.glossary dt[id]").all()
    assert terms
    last = terms[-1].get_attribute("id")
    seen.go(page.url.split("#")[0] + "#" + last)
    assert unquote(page.url).endswith(last)
    assert page.locator("dl.glossary dt").last.is_visible()


def test_the_index_lists_the_terms(visit):
    page = visit("genindex.html").page
    page.locator("table.indextable a", has_text="MAC").first.click()
    page.wait_for_url("**/book/glossary.html#term-MAC*")
