"""Calculators in a real browser: they move, say what is impossible, and are quiet till touched."""

import re
import threading

import pytest
from playwright.sync_api import Page, expect

from labcode.pages.calculators import (
    convolutions,
    few_bits,
    grouped_convolution,
    pruned_networks,
)
from tests.browser import live_site
from tests.browser.conftest import THEMES, Visit, axe_source
from tools.serve import make_server

STARTS_WITHIN = 60_000  # ms; a busy machine starts Python slowly
READY = "Move a control, and the numbers follow."


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
            for name in ("stride", "padding"):  # two moves: the second is of Python's own
                form(visits[-1].page).get_by_label(name, exact=True).press("ArrowRight")
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


def shows(form, html: str) -> bool:
    """Whether the calculator shows this answer, as a browser understands it."""
    same = (
        "(shown, html) => Object.assign(shown.cloneNode(), { innerHTML: html }).isEqualNode(shown)"
    )
    return form.locator(".live-result").evaluate(same, html)


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


def test_the_answer_is_there_and_nothing_is_fetched_before_a_reader_reaches_for_it(open_page):
    visit = open_page("hero-light")
    assert numbers(visit.page) == ["108", "108", "39", "972", "972", "351"]
    visit.page.locator("h1").hover()
    visit.page.mouse.wheel(0, 200)
    visit.page.wait_for_timeout(300)
    assert live_requests(visit) == []
    visit.assert_clean()


def test_who_reaches_for_a_control_is_sent_the_answers_to_its_moves_and_no_more(open_page):
    visit = open_page("hero-light")
    with visit.page.expect_response("**/out_channels-0.bin") as coming:
        form(visit.page).get_by_label("out channels", exact=True).hover()
    assert len(coming.value.body()) < 100_000
    assert len(live_requests(visit)) == 1
    visit.assert_clean()


def test_a_calculator_of_few_settings_never_needs_python(open_page):
    visit = open_page("all-light")
    few = form(visit.page, "few_bits")
    for bits in ("1", "8", "5"):
        few.get_by_label("bits", exact=True).fill(bits)
    few.get_by_label("network").select_option("Small CNN")
    settled(visit.page)
    assert shows(few, few_bits(bits=5, network="Small CNN").html)
    assert [url for url in live_requests(visit) if "/answers/" not in url] == []
    assert visit.page.workers == []
    expect(few.locator(".live-note")).to_have_text(READY)
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


COMPARE = """async () => {
    const worker = new Worker("../live/worker.mjs", { type: "module" });
    const reply = () => new Promise((done) => (worker.onmessage = ({ data }) => done(data)));
    await reply(); // it is ready
    const unpacked = async (url) => {
        const text = (await fetch(url)).body.pipeThrough(new DecompressionStream("gzip"));
        return new Response(text).json();
    };
    let seed = 1;
    const below = (n) => (seed = (seed * 48271) % 2147483647) % n;
    const differing = [];
    for (const form of document.querySelectorAll("form.live")) {
        const controls = JSON.parse(form.dataset.liveControls);
        const whole = form.dataset.livePrepared === "whole";
        for (let i = 0; i < 8; i++) {
            const moved = controls[below(controls.length)];
            const file = whole ? "whole" : `${moved.name}-0`;
            const answers = await unpacked(`../live/answers/${form.id}/${file}.bin`);
            const keys = Object.keys(answers);
            const key = keys[below(keys.length)];
            const values = JSON.parse(key);
            const settings = Object.fromEntries(controls.map(({ name }, k) => [name, values[k]]));
            const coming = reply();
            worker.postMessage({
                turn: 0, module: form.dataset.liveModule, function: form.dataset.liveFunction,
                settings, controls: form.dataset.liveControls, moved: whole ? "" : moved.name,
            });
            const { kind, turn, ...answer } = await coming;
            const same = JSON.stringify(answer) === JSON.stringify(answers[key]);
            if (!same) differing.push(form.id + key);
        }
    }
    worker.terminate();
    return differing;
}"""


# --- moving -------------------------------------------------------------------------------


def test_the_keyboard_moves_c_out_from_4_to_8(open_page):
    visit = open_page("hero-light")
    slider = form(visit.page).get_by_label("out channels", exact=True)
    slider.focus()
    for _ in range(4):
        slider.press("ArrowRight")
    settled(visit.page)
    assert numbers(visit.page)[:3] == ["216", "216", "51"]
    expect(form(visit.page).get_by_label("out channels, as a number")).to_have_value("8")
    expect(visit.page.locator(".live-spoken")).to_have_text(
        "Standard 216 parameters, grouped 216, depthwise separable 51."
    )
    expect(visit.page.locator(".live-note")).to_have_text(READY)
    expect(slider).to_be_focused()
    visit.assert_clean()
    assert all(url.startswith(visit.origin) for url in live_requests(visit))


def test_the_browser_shows_what_python_here_computes(page):
    form(page).get_by_label("in channels", exact=True).fill("12")
    form(page).get_by_label("groups", exact=True).fill("4")
    settled(page)
    assert shows(form(page), convolutions(in_channels=12, groups=4).html)


def test_the_first_move_waits_for_nothing_and_the_second_for_python(open_page):
    """Python is held back: what was prepared comes all the same, and the rest when it may."""
    visit, held = open_page("hero-light"), threading.Event()
    page, hero = visit.page, form(visit.page)
    page.context.route(
        "**/labcode.zip", lambda route: (held.is_set() and route.continue_()) or None
    )
    hero.get_by_label("out channels", exact=True).fill("8")
    settled(page)
    assert shows(hero, convolutions(out_channels=8).html)
    hero.get_by_label("in channels", exact=True).fill("5")
    expect(hero.locator(".live-note")).to_contain_text("Python starts in your browser")
    assert shows(hero, convolutions(out_channels=8).html)  # the last answer, till the next comes
    hero.get_by_label("in channels", exact=True).fill("3")  # back among what was prepared
    settled(page)
    assert shows(hero, convolutions(out_channels=8).html)
    expect(hero.locator(".live-note")).to_have_text(READY)
    expect(hero.get_by_label("stride", exact=True)).to_be_enabled()


def test_prepared_answers_and_pythons_own_are_the_same_to_the_byte(open_page):
    """Python in the browser answers what was prepared: random settings of each calculator."""
    assert open_page("all-light").page.evaluate(COMPARE) == []


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


def test_where_a_setting_is_impossible_the_control_goes_to_the_nearest_possible(page):
    kernel, hero = form(page).get_by_label("kernel size", exact=True), form(page)
    before = hero.bounding_box()["height"]
    kernel.fill("9")
    settled(page)
    expect(kernel).to_have_value("5")
    expect(hero.get_by_label("kernel size, as a number")).to_have_value("5")
    assert shows(hero, convolutions(kernel_size=5).html)
    expect(hero.locator(".live-note")).to_contain_text(
        "“kernel size” cannot be 9 here: kernel size 9"
    )
    expect(hero.locator(".live-note")).to_contain_text("It went to 5.")
    assert "_" not in hero.locator(".live-note").inner_text()  # words, no names of variables
    hero.get_by_role("button", name="Reset").click()
    assert numbers(page)[:3] == ["108", "108", "39"]
    expect(kernel).to_have_value("3")
    assert hero.bounding_box()["height"] == pytest.approx(before, abs=1)


def test_the_keyboard_passes_what_is_impossible(page):
    grouped = form(page, "grouped_convolution")
    groups = grouped.get_by_label("groups", exact=True)
    seen = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowLeft"):
        groups.press(key)
        settled(page)
        seen.append(groups.input_value())
    assert seen == ["8", "16", "8", "4", "2"]
    groups.fill("5")  # not a step: the nearest of both sides
    settled(page)
    expect(groups).to_have_value("4")


@pytest.mark.parametrize("last", ["network", "kept"])
def test_what_was_not_measured_gives_way_to_the_nearest_that_was(page, last):
    pruned = form(page, "pruned_networks")
    choices = {"network": "LeNet-5", "kept": "20 %"}
    for name in sorted(choices, key=lambda name: name == last):
        pruned.get_by_label(name).select_option(choices[name])
        settled(page)
    assert shows(pruned, pruned_networks("LeNet-5", "10 %").html)
    assert pruned.get_by_label("network").input_value() == "LeNet-5"
    assert pruned.get_by_label("kept").input_value() == "10 %"
    expect(pruned.locator(".live-note")).to_have_text(
        "“kept” cannot be 20 % here: nobody has pruned LeNet-5 to 20 % of its weights. "
        "It went to 10 %."
    )


def test_the_mouse_drags_over_what_is_impossible(page):
    grouped = form(page, "grouped_convolution")
    groups = grouped.get_by_label("groups", exact=True)
    groups.scroll_into_view_if_needed()
    box = groups.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.1, middle)
    page.mouse.down()
    for part in range(10, 60, 3):
        page.mouse.move(box["x"] + box["width"] * part / 100, middle)
    page.mouse.up()
    settled(page)
    chosen = int(groups.input_value())
    assert chosen in (16, 32, 64)
    assert shows(grouped, grouped_convolution(64, 128, groups=chosen).html)


def test_an_impossible_column_leaves_the_others(page):
    form(page).get_by_label("groups", exact=True).fill("2")
    settled(page)
    expect(form(page).locator(".live-error")).to_contain_text("groups must divide")
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
            for (const form of document.querySelectorAll("form.live:has([type=range])")) {
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
    context.route("**/answers/**", lambda route: route.abort())
    form(page).get_by_label("out channels", exact=True).fill("8")
    note = page.locator(".live-note")
    expect(note).to_contain_text("Python could not start", timeout=STARTS_WITHIN)
    assert numbers(page)[:3] == ["108", "108", "39"]
    expect(form(page).get_by_label("out channels", exact=True)).to_have_value("4")
    if missing == "labcode.zip":  # the next move tries again
        context.unroute(f"**/{missing}*")
        form(page).get_by_label("out channels", exact=True).fill("8")
        settled(page)
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
    form(page).get_by_label("kernel size", exact=True).fill("9")  # and goes to 5
    form(page).get_by_label("groups", exact=True).fill("2")  # one column has no answer
    settled(page)
    expect(page.locator(".live-result .live-error")).to_have_count(1)
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
