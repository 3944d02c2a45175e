"""Every control of a page answers to the keyboard, and shows where the focus is."""

import pytest

from tests.browser.conftest import chapters

FOCUSED = """() => {
    const node = document.activeElement;
    const style = getComputedStyle(node);
    const box = node.getBoundingClientRect();
    return {
        name: [node.tagName.toLowerCase(), ...node.classList].join("."),
        ringed: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0
            || style.boxShadow !== "none",
        hidden: box.width === 0 || style.visibility === "hidden",
    };
}"""
MANY = 2000  # more stops than any page has


def stops(page) -> list[dict]:
    """What Tab reaches, in order, from the top of the page to its end."""
    page.evaluate("document.activeElement.blur()")
    page.evaluate("window.scrollTo(0, 0)")
    reached = []
    for _ in range(MANY):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop["name"].partition(".")[0] in ("body", "html"):
            return reached
        reached.append(stop)
    raise AssertionError("Tab does not come to an end")


@pytest.mark.parametrize("path", chapters())
def test_tab_reaches_every_control_and_shows_where_it_is(visit, path):
    page = visit(path).page
    reached = stops(page)
    names = " ".join(stop["name"] for stop in reached)
    for control in ("search-button", "theme-switch-button", "primary-toggle", "dropdown-toggle"):
        assert control in names
    for control, selector in {
        "copybtn": "button.copybtn",
        "summary": "article summary",
    }.items():
        shown = sum(each.is_visible() for each in page.locator(selector).all())
        assert names.count(control) >= shown, control
    assert [stop["name"] for stop in reached if stop["hidden"]] == []
    assert [stop["name"] for stop in reached if not stop["ringed"]] == []


def test_the_first_stop_skips_to_the_text(visit):
    page = visit("book/glossary.html").page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**#main-content")


def test_the_search_opens_takes_words_and_closes(visit):
    page = visit("book/glossary.html").page
    box = page.locator(".search-button__search-container input")
    page.keyboard.press("Control+k")
    box.wait_for(state="visible")
    assert page.evaluate("document.activeElement.id") == "search-input"
    page.keyboard.press("Escape")
    box.wait_for(state="hidden")


def test_the_launch_menu_opens_and_closes(visit):
    page = visit(chapters()[0]).page
    button = page.locator(".dropdown-launch-buttons button")
    menu = page.locator(".dropdown-launch-buttons .dropdown-menu")
    button.focus()
    page.keyboard.press("Enter")
    menu.wait_for(state="visible")
    page.keyboard.press("Escape")
    menu.wait_for(state="hidden")


def test_the_theme_switch_changes_the_theme_and_keeps_it(visit):
    visited = visit("book/glossary.html", theme="light")
    page = visited.page
    button = page.locator("button.theme-switch-button:visible")
    seen = set()
    for _ in range(3):
        button.press("Enter")
        seen.add(page.evaluate("document.documentElement.dataset.mode"))
    assert seen == {"auto", "light", "dark"}
    while page.evaluate("document.documentElement.dataset.mode") != "dark":
        button.press("Enter")
    visited.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_side_bar_opens_on_a_phone_by_keyboard(visit):
    page = visit("book/glossary.html", width=390).page
    page.locator("button.primary-toggle").press("Enter")
    link = page.locator(".bd-sidebar-primary a.reference.internal").first
    link.wait_for(state="visible")
    page.wait_for_function(
        "document.querySelector('.bd-sidebar-primary').getBoundingClientRect().x >= 0"
    )


def test_code_that_a_late_font_makes_scroll_is_reached_too(visit):
    """Wider letters leave a box its size, so that no ResizeObserver hears of them."""
    page = visit("book/introduction/counting_cost.html", width=1920).page
    code = page.locator("pre:visible").first
    assert code.evaluate("(box) => box.scrollWidth <= box.clientWidth && box.tabIndex < 0")
    page.wait_for_timeout(1500)  # until scroll.js watches
    code.evaluate("(box) => { box.style.letterSpacing = '3em'; }")
    assert code.evaluate("(box) => box.scrollWidth > box.clientWidth && box.tabIndex < 0")
    page.evaluate("document.fonts.dispatchEvent(new Event('loadingdone'))")
    assert code.evaluate("(box) => box.tabIndex") == 0
