"""Calculators in a real browser: they move, say what is impossible, and are quiet till touched."""

import re
import threading

import pytest
from playwright.sync_api import Page, expect

from labcode.pages.calculators import convolutions
from tests.browser import live_site
from tests.browser.conftest import THEMES, Visit, axe_source
from tools.serve import make_server

STARTS_WITHIN = 60_000  # ms; a busy machine starts Python slowly
ANSWERED = "Computed by Python in your browser."


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    live_site.write(folder)
    return folder


@pytest.fixture(scope="module")
def address(site):
    server = make_server(0, site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def open_page(browser, address):
    """A function that opens a page of the small site in a fresh profile."""
    contexts = []

    def start(name: str, *, width: int = 1280, base: str = address, **options) -> Visit:
        contexts.append(browser.new_context(viewport={"width": width, "height": 800}, **options))
        visit = Visit(contexts[-1].new_page(), base)
        visit.open(f"book/{name}.html")
        return visit

    yield start
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def wake(chromium, address):
    """A function that returns a page of all calculators on which Python runs already."""
    visits = []

    def start() -> Visit:
        if not visits or visits[-1].page.is_closed():
            context = chromium.browser().new_context(viewport={"width": 1280, "height": 800})
            visits.append(Visit(context.new_page(), address))
            visits[-1].open("book/all-light.html")
            form(visits[-1].page).get_by_label("stride", exact=True).press("ArrowRight")
            settled(visits[-1].page)
        return visits[-1]

    yield start
    for visit in visits:
        visit.page.context.close()


@pytest.fixture
def awake(wake) -> Visit:
    """That page, for the tests that only move it."""
    return wake()


@pytest.fixture
def page(awake) -> Page:
    """The awake page, all calculators back at their first settings."""
    for button in awake.page.get_by_role("button", name="Reset").all():
        button.click()
    settled(awake.page)
    return awake.page


def form(page: Page, function: str = "convolutions"):
    return page.locator(f'form.live[data-live-function="{function}"]')


def settled(page: Page) -> None:
    """Wait until every answer that was asked for is shown."""
    expect(page.locator("[aria-busy]")).to_have_count(0, timeout=STARTS_WITHIN)


def numbers(page: Page, function: str = "convolutions") -> list[str]:
    return form(page, function).locator(".live-number").all_inner_texts()


def live_requests(visit: Visit) -> list[str]:
    return [url for url in visit.requests if "/live/" in url]


# --- before a touch -----------------------------------------------------------------------


def test_the_answer_is_there_and_nothing_is_fetched_before_a_touch(open_page):
    visit = open_page("hero-light")
    assert numbers(visit.page) == ["108", "108", "39", "972", "972", "351"]
    slider = form(visit.page).get_by_label("out channels", exact=True)
    slider.hover()
    slider.focus()
    visit.page.keyboard.press("Tab")
    visit.page.mouse.wheel(0, 200)
    visit.page.wait_for_timeout(300)
    assert live_requests(visit) == []
    visit.assert_clean()


def test_without_javascript_the_page_is_right_and_says_so(open_page):
    visit = open_page("hero-light", java_script_enabled=False)
    assert numbers(visit.page) == ["108", "108", "39", "972", "972", "351"]
    expect(visit.page.locator(".live-note")).to_contain_text("turn JavaScript on")
    expect(form(visit.page).get_by_label("stride", exact=True)).to_be_disabled()


def test_over_file_the_page_is_right_and_says_how_to_serve(open_page, site):
    visit = open_page("hero-light", base=site.as_uri())
    assert numbers(visit.page)[:3] == ["108", "108", "39"]
    expect(visit.page.locator(".live-note")).to_contain_text("make serve")
    expect(form(visit.page).get_by_label("stride", exact=True)).to_be_disabled()
    assert live_requests(visit) == []
    assert visit.complaints == []


# --- moving -------------------------------------------------------------------------------


def test_the_keyboard_moves_c_out_from_4_to_8(open_page):
    visit = open_page("hero-light")
    slider = form(visit.page).get_by_label("out channels", exact=True)
    slider.focus()
    slider.press("ArrowRight")
    expect(visit.page.locator(".live-note")).to_contain_text("Starting Python")
    for _ in range(3):
        slider.press("ArrowRight")
    settled(visit.page)
    assert numbers(visit.page)[:3] == ["216", "216", "51"]
    expect(form(visit.page).get_by_label("out channels, as a number")).to_have_value("8")
    expect(visit.page.locator(".live-spoken")).to_have_text(
        "Standard 216 parameters, grouped 216, depthwise separable 51."
    )
    expect(visit.page.locator(".live-note")).to_have_text(ANSWERED)
    expect(slider).to_be_focused()
    visit.assert_clean()
    assert all(url.startswith(visit.origin) for url in live_requests(visit))


def test_the_browser_shows_what_python_here_computes(page):
    form(page).get_by_label("in channels", exact=True).fill("12")
    form(page).get_by_label("groups", exact=True).fill("4")
    settled(page)
    expected = convolutions(in_channels=12, groups=4).html
    same = (
        "(shown, html) => Object.assign(shown.cloneNode(), { innerHTML: html }).isEqualNode(shown)"
    )
    assert form(page).locator(".live-result").evaluate(same, expected)


def test_a_typed_number_moves_the_slider(page):
    box = form(page).get_by_label("out channels, as a number")
    box.fill("8")
    settled(page)
    assert numbers(page)[0] == "216"
    expect(form(page).get_by_label("out channels", exact=True)).to_have_value("8")


@pytest.mark.parametrize(("typed", "becomes"), [("999", "64"), ("0", "1"), ("2.6", "3"), ("", "4")])
def test_a_typed_number_outside_becomes_the_nearest(page, typed, becomes):
    box = form(page).get_by_label("out channels, as a number")
    box.fill(typed)
    box.press("Enter")
    box.blur()
    settled(page)
    expect(box).to_have_value(becomes)
    expect(form(page).get_by_label("out channels", exact=True)).to_have_value(becomes)
    assert numbers(page)[0] == f"{27 * int(becomes):,}"


def test_an_impossible_setting_is_said_and_the_calculator_goes_on(page):
    kernel = form(page).get_by_label("kernel size", exact=True)
    before = form(page).bounding_box()["height"]
    kernel.fill("9")
    error = form(page).locator(".live-result .live-error")
    expect(error).to_contain_text("kernel_size 9 must not be larger than the padded input")
    assert form(page).bounding_box()["height"] == pytest.approx(before, abs=1)  # nothing jumps
    kernel.fill("5")
    settled(page)
    assert numbers(page)[0] == str(4 * 3 * 25)
    form(page).get_by_role("button", name="Reset").click()
    settled(page)
    assert numbers(page)[:3] == ["108", "108", "39"]
    expect(kernel).to_have_value("3")


def test_an_impossible_column_leaves_the_others(page):
    form(page).get_by_label("groups", exact=True).fill("2")
    settled(page)
    expect(form(page).locator(".live-error")).to_contain_text("groups must divide in_channels")
    assert numbers(page) == ["108", "39", "972", "351"]


def test_choices_and_check_boxes_move(page):
    form(page, "network_layers").get_by_label("network").select_option("AlexNet")
    settled(page)
    lead = form(page, "network_layers").locator(".live-lead")
    expect(lead).to_contain_text("AlexNet: 60,965,224 parameters")
    form(page, "receptive_field").get_by_label("same padding").check()
    settled(page)
    expect(form(page, "receptive_field").locator("tbody tr").last).to_contain_text("28")


def test_dragging_ends_at_the_latest_setting_and_one_worker_serves_all(awake, page):
    page.evaluate(
        """() => {
            for (const form of document.querySelectorAll("form.live")) {
                const slider = form.querySelector("[type=range]");
                for (let value = +slider.min; value <= +slider.max; value++) {
                    slider.value = value;
                    slider.dispatchEvent(new Event("input", { bubbles: true }));
                }
            }
        }"""
    )
    settled(page)
    assert numbers(page)[0] == f"{4 * 64 * 9:,}"
    assert len([url for url in awake.requests if "worker.mjs" in url]) == 1
    assert len(page.workers) == 1
    awake.assert_clean()


# --- what can go wrong --------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["worker.mjs", "labcode.zip", "pyodide.asm.wasm"])
def test_a_missing_file_is_said_and_the_first_numbers_stay(open_page, missing):
    visit = open_page("hero-light")
    context, page = visit.page.context, visit.page
    context.route(f"**/{missing}*", lambda route: route.abort())
    form(page).get_by_label("out channels", exact=True).fill("8")
    note = page.locator(".live-note")
    expect(note).to_contain_text("Python could not start", timeout=STARTS_WITHIN)
    assert numbers(page)[:3] == ["108", "108", "39"]
    expect(form(page).get_by_label("out channels", exact=True)).to_have_value("4")
    if missing == "labcode.zip":  # the next move tries again
        context.unroute(f"**/{missing}*")
        form(page).get_by_label("out channels", exact=True).fill("8")
        expect(note).to_have_text(ANSWERED, timeout=STARTS_WITHIN)
        assert numbers(page)[:3] == ["216", "216", "51"]


# --- how it looks -------------------------------------------------------------------------


def test_the_hero_fits_one_screen(open_page):
    box = form(open_page("hero-light").page).bounding_box()
    assert box["y"] + box["height"] <= 800


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_scrolls_sideways(open_page, theme, width):
    page = open_page(f"all-{theme}", width=width).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sticking_out = page.evaluate(
        """() => [...document.querySelectorAll("form.live")].flatMap((form) => {
            const right = form.getBoundingClientRect().right;
            return [...form.querySelectorAll("*")]
                .filter((e) => e.getBoundingClientRect().right > right + 0.5)
                .map((e) => e.outerHTML.slice(0, 80));
        })"""
    )
    assert sticking_out == []


def violations(page: Page) -> list[str]:
    page.evaluate(axe_source())
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [f"{v['id']}: {node['html']}" for v in found for node in v["nodes"]]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing(open_page, theme, width):
    assert violations(open_page(f"all-{theme}", width=width).page) == []


def test_axe_finds_nothing_in_an_error(page):
    form(page).get_by_label("kernel size", exact=True).fill("9")
    stack = form(page, "receptive_field")
    stack.get_by_label("layers", exact=True).fill("8")
    stack.get_by_label("stride", exact=True).fill("3")  # the fourth layer has no room left
    settled(page)
    expect(page.locator(".live-result .live-error")).to_have_count(2)
    assert violations(page) == []


def test_targets_are_large_enough_for_a_finger(open_page):
    page = open_page("all-light", width=390).page
    for control in page.locator("form.live :is(input, select, button)").all():
        box = control.bounding_box()
        assert min(box["width"], box["height"]) >= 24, control.evaluate("e => e.outerHTML")


def test_bars_stand_still_for_readers_who_want_less_motion(open_page):
    page = open_page("hero-light", reduced_motion="reduce").page
    bar = page.locator(".live-bar > span").first
    assert bar.evaluate("e => getComputedStyle(e).transitionDuration") == "0s"


def test_scripts_need_no_permission_for_inline_code(site):
    for path in sorted(site.rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\son[a-z]+=|javascript:|<script(?![^>]*src)", text)
