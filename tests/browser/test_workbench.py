"""The workbench, by mouse, touch and keyboard: its numbers are Python's, its file is labcode's."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import torch
from playwright.sync_api import Locator, Page, expect
from torch import nn

from labcode import coding, data
from labcode.models import lenet5
from labcode.pruning import Masks
from labcode.training import evaluate
from labcode.weights import baselines
from tests.browser.conftest import SITE, Visit, axe_source, swipe
from tools.serve import TEXT, compressed

PAGE = "book/shipping/workbench.html"
DRAW = "book/shipping/draw.html"
TAKES = 60_000  # ms at most for anything that computes
NEARLY = 1  # digits of 500 that another machine's rounding may decide
THUMB = 12  # px: the histogram's ends, as rows.mjs has it
TOP = 0.4  # the histogram's right end, as look.mjs has it
SMALL_TEXT = """() => [...document.querySelectorAll(".bench *")]
    .filter((node) => node.checkVisibility() && [...node.childNodes].some((child) =>
        child.nodeType === 3 && child.textContent.trim()))
    .filter((node) => parseFloat(getComputedStyle(node).fontSize) < 12)
    .map((node) => node.outerHTML.slice(0, 120))"""
SMALL_TARGETS = """() => [...document.querySelectorAll(
        ".bench :is(button, select, .bench-choice, input[type=range])")]
    .filter((node) => node.checkVisibility() && node.getBoundingClientRect().height < 43.9)
    .map((node) => node.outerHTML.slice(0, 120))"""
AXE = """() => axe.run(".bench", { resultTypes: ["violations"] }).then((found) =>
    found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html}`)))"""


def start(page: Page) -> None:
    """Press Start, and wait for the first answer and its file."""
    page.get_by_role("button", name="Start (loads").click()
    expect(page.locator(".bench-strip")).to_contain_text("497 of 500 digits", timeout=TAKES)
    rest(page)


def rest(page: Page) -> None:
    """Wait until the newest step is answered and written."""
    expect(page.locator(".bench-history")).not_to_contain_text("…", timeout=TAKES)


def steps(page: Page) -> int:
    """The number of steps that the path has."""
    return page.locator(".bench-history li").count() - 1


def loaded(seen: Visit) -> int:
    """Bytes that a server sends for what Start asked for, text and programs compressed."""
    paths = {urlsplit(url).path for url in seen.requests if re.search("/(workbench|draw)/", url)}
    files = [SITE / path.lstrip("/") for path in paths]
    return sum(
        len(compressed(str(file), 0.0)) if file.suffix in TEXT else file.stat().st_size
        for file in files
    )


def skip_the_guess(page: Page) -> None:
    page.get_by_role("button", name="Just show me").click()


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def number(text: str) -> int:
    """The first whole number of a text: "1,234 bytes" has 1234."""
    return int(re.search(r"\d[\d,]*", text)[0].replace(",", ""))


def right(page: Page) -> int:
    return number(page.locator(".bench-strip .bench-small").first.inner_text())


def in_sight(found: Locator) -> dict[str, float]:
    """The box of an element in the middle of the screen."""
    found.evaluate("(node) => node.scrollIntoView({ block: 'center' })")
    box = found.bounding_box()
    assert box
    return box


def histogram(page: Page, layer: str) -> Locator:
    return page.locator(f".bench-row:has(#bench-prune-{layer}) .bench-drawn")


def place(box: dict[str, float], size: float) -> tuple[float, float]:
    """Where a size of a weight stands on a histogram."""
    across = box["x"] + THUMB + (box["width"] - 2 * THUMB) * size / TOP
    return across, box["y"] + box["height"] / 2


def threshold(page: Page, layer: str) -> float:
    return float(page.locator(f"#bench-prune-{layer}").input_value())


def by_python(thresholds: dict[str, float]) -> nn.Module:
    """The trained network, pruned by labcode."""
    network = copy.deepcopy(baselines.load("lenet5"))
    named = {f"{name}.weight": value for name, value in thresholds.items()}
    Masks.from_thresholds(network, named).apply(network)
    return network


def held_out() -> data.Split:
    return data.load("mnist5k").test.subset(50)


def size(page: Page) -> int:
    """The file's bytes as step 4 tells them."""
    open_tab(page, "Code")
    return number(page.locator("#bench-code .bench-lead").first.inner_text())


def download(page: Page) -> bytes:
    open_tab(page, "Code")
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download my-network").click()
    assert coming.value.suggested_filename == "my-network.diet"
    return Path(coming.value.path()).read_bytes()


def test_a_threshold_dragged_by_mouse_does_what_python_does(visit) -> None:
    seen = visit(PAGE)
    page = seen.page
    heavy = (".onnx", ".wasm", ".safetensors", ".bin")
    assert not [url for url in seen.requests if "/workbench/" in url and url.endswith(heavy)]
    start(page)
    assert 4.5e6 < loaded(seen) < 5.5e6  # "about 5 MB", as the button says
    assert page.locator("#bench-prune-all").is_disabled()  # predict first
    page.get_by_role("slider", name=re.compile("Before you drag")).focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="That is my guess").click()
    box = in_sight(histogram(page, "all"))
    page.mouse.move(*place(box, 0.0))
    page.mouse.down()
    page.mouse.move(*place(box, 0.05), steps=3)
    expect(page.locator(".bench-strip")).to_contain_text("weighed when", timeout=TAKES)
    page.mouse.move(*place(box, 0.08), steps=3)
    page.mouse.up()
    expect(page.locator(".bench-history li")).to_have_count(2, timeout=TAKES)
    rest(page)
    cut = threshold(page, "all")
    assert cut == pytest.approx(0.08, abs=0.003)
    network = by_python(dict.fromkeys(("conv1", "conv2", "fc1", "fc2"), cut))
    kept = sum(int(p.count_nonzero()) for n, p in network.named_parameters() if "weight" in n)
    assert f"{kept:,}" in page.locator(".bench-strip").inner_text()
    assert abs(right(page) - evaluate(network, held_out()).correct) <= NEARLY
    told = page.locator(".bench-verdict").inner_text()
    assert "You guessed 55 %. It fell between" in told
    misread(page, network)
    assert size(page) == len(coding.pack(network))
    again = coding.unpack(download(page), lenet5())
    assert all(map(torch.equal, network.parameters(), again.parameters()))
    seen.assert_clean()


def misread(page: Page, network: nn.Module) -> None:
    """The digits that are shown are those that the network misreads, in the same order."""
    digits = held_out()
    with torch.inference_mode():
        answers = network.eval()(digits.images).argmax(dim=1)
    wrong = (answers != digits.labels).nonzero().flatten()[:12].tolist()
    expected = [f"{digits.labels[i]} → {answers[i]}" for i in wrong]
    shown = page.locator(".bench-mistakes li > span[aria-hidden]").all_inner_texts()
    assert len(set(expected) ^ set(shown)) <= 2 * NEARLY


def test_one_layer_by_touch_on_a_phone(visit) -> None:
    seen = visit(PAGE, width=390, theme="dark", finger=True)
    page = seen.page
    start(page)
    skip_the_guess(page)
    box = in_sight(histogram(page, "conv1"))
    swipe(page, (place(box, share) for share in (0.02, 0.05, 0.1, 0.15)))
    expect(page.locator(".bench-history li")).to_have_count(2, timeout=TAKES)
    rest(page)
    cut = threshold(page, "conv1")
    assert cut == pytest.approx(0.15, abs=0.003)
    network = by_python({"conv1": cut})
    kept = int(network.conv1.weight.count_nonzero())
    assert f"{kept} of 500 left" in page.locator(".bench-row:has(#bench-prune-conv1)").inner_text()
    assert page.locator(".bench-filters :is(.bench-minus, .bench-plus)").count() == kept
    assert abs(right(page) - evaluate(network, held_out()).correct) <= NEARLY
    page.evaluate(axe_source())
    for tab in ("Prune", "Retrain", "Share", "Code"):
        open_tab(page, tab)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.evaluate(SMALL_TEXT) == []
        assert page.evaluate(SMALL_TARGETS) == []
        assert page.evaluate(AXE) == []
    seen.assert_clean()


def test_a_touched_point_keeps_its_name_when_the_finger_lifts(visit) -> None:
    page = visit(PAGE, width=390, finger=True).page
    start(page)
    point = in_sight(page.locator(".bench-rival"))
    middle = (point["x"] + point["width"] / 2, point["y"] + point["height"] / 2)
    page.touchscreen.tap(*middle)
    expect(page.locator(".bench-touched")).to_contain_text(
        "The course’s own file, on these digits: 8,240 bytes"
    )


def test_by_chance_and_whole_filters_by_keyboard(visit) -> None:
    page = visit(PAGE).page
    start(page)
    skip_the_guess(page)
    page.locator("#bench-prune-fc1").focus()
    for _ in range(3):
        page.keyboard.press("PageUp")  # a tenth of the way each
    expect(page.locator(".bench-history li")).to_have_count(2, timeout=TAKES)
    rest(page)
    by_size = right(page)
    left = page.locator(".bench-row:has(#bench-prune-fc1) .bench-told").inner_text()
    page.get_by_role("radio", name="By chance").check(force=True)
    expect(page.locator(".bench-history")).to_contain_text("by chance", timeout=TAKES)
    rest(page)
    again = page.locator(".bench-row:has(#bench-prune-fc1) .bench-told").inner_text()
    assert abs(number(again) - number(left)) <= 400  # a thousandth: the slider's step
    assert right(page) < by_size - 50
    page.get_by_role("radio", name="Whole filters").check(force=True)
    page.locator("#bench-prune-conv2").focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".bench-history")).to_contain_text("whole filters", timeout=TAKES)
    rest(page)
    assert "40 filters left" in page.locator(".bench-row:has(#bench-prune-conv2)").inner_text()
    network = without_filters("conv2", 10)
    assert abs(right(page) - evaluate(network, held_out()).correct) <= NEARLY
    assert page.locator("#bench-prune-fc2").is_disabled()  # its outputs are the digits


def without_filters(layer: str, count: int) -> nn.Module:
    """The trained network without a convolution's weakest filters, answered as zeros."""
    network = copy.deepcopy(baselines.load("lenet5"))
    conv = network.get_submodule(layer)
    weakest = conv.weight.abs().flatten(1).sum(dim=1).argsort()[:count]
    with torch.no_grad():
        conv.weight[weakest] = 0
        conv.bias[weakest] = 0
    return network


def test_training_stops_is_taken_back_and_comes_back_by_its_link(visit) -> None:
    seen = visit(PAGE)
    page = seen.page
    start(page)
    skip_the_guess(page)
    set_to(page, "#bench-prune-all", 0.1)
    thin = right(page)
    open_tab(page, "Retrain")
    page.get_by_role("radio", name="1,000", exact=True).check(force=True)
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator("#bench-train .bench-progress").first).to_contain_text(
        re.compile(r"Step \d+ of 40"), timeout=TAKES
    )
    page.wait_for_function("document.querySelectorAll('.bench-own[points]').length >= 2")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Train on")).to_be_visible(timeout=TAKES)
    rest(page)
    assert "stopped after step" in page.locator(".bench-history").inner_text()
    trained, weight = right(page), size(page)
    assert trained != thin
    address = page.url
    assert address.count("~") == 1
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".bench-history li")).to_have_count(2, timeout=TAKES)
    assert right(page) == thin
    seen.go("about:blank")
    seen.go(address)
    expect(page.locator(".bench-note")).to_contain_text("This link holds")
    page.get_by_role("button", name="Start (loads").click()
    expect(page.locator(".bench-history li")).to_have_count(3, timeout=TAKES)
    rest(page)
    assert (right(page), size(page)) == (trained, weight)
    assert page.url == address
    assert seen.complaints == []


def set_to(page: Page, slider: str, value: float) -> None:
    """Move a slider to a value and wait for what comes of it."""
    before = steps(page)
    page.locator(slider).fill(str(value))
    page.locator(slider).dispatch_event("change")
    expect(page.locator(".bench-history li")).to_have_count(before + 2, timeout=TAKES)
    rest(page)


def test_shared_trained_beside_its_twin_and_taken_to_the_drawing_board(visit) -> None:
    seen = visit(PAGE)
    page = seen.page
    start(page)
    skip_the_guess(page)
    set_to(page, "#bench-prune-all", 0.09)
    open_tab(page, "Share")
    set_to(page, "#bench-bits-all", 3)
    open_tab(page, "Retrain")
    page.get_by_role("radio", name="1,000", exact=True).check(force=True)
    page.get_by_label("How long").select_option("1")
    page.get_by_label("Train beside it").select_option("random masks")
    page.get_by_role("button", name="Train", exact=True).click()
    outcome = page.locator("#bench-train [role=status]")
    expect(outcome).to_contain_text("The twin with random places", timeout=TAKES)
    before, after, twin = map(int, re.findall(r"(\d+) of 500 right", outcome.inner_text()))
    assert after > before
    assert after > twin + 50
    open_tab(page, "Code")
    page.get_by_role("button", name="Press out the last bytes").click()
    expect(page.locator(".bench-history li")).to_have_count(5, timeout=TAKES)
    rest(page)
    file = download(page)
    network = coding.unpack(file, lenet5())
    assert size(page) == len(file) < 30_000
    for name, parameter in network.named_parameters():
        if "weight" in name:
            assert len(parameter[parameter != 0].unique()) <= 2**3
    assert abs(right(page) - evaluate(network, held_out()).correct) <= NEARLY
    rows = page.locator(".bench-bytes").all_inner_texts()
    assert sum(map(number, rows)) == len(file)
    page.get_by_role("button", name="Take it to Draw a digit").click()
    page.wait_for_url(f"**/{DRAW}")
    answers(page, network)
    seen.assert_clean()


def answers(page: Page, network: nn.Module) -> None:
    """On the drawing board it says of a digit what it says in Python."""
    page.get_by_role("button", name="4", exact=True).click()
    expect(page.locator(".draw-says")).to_have_count(5, timeout=TAKES)
    card = page.locator(".draw-card").first
    assert "Yours, from the workbench" in card.inner_text()
    samples = np.frombuffer((SITE / "draw/samples.bin").read_bytes(), dtype=np.uint8)
    digit = torch.tensor(samples[4 * 784 : 5 * 784] / 255, dtype=torch.float32)
    with torch.inference_mode():
        shares = network.eval()(digit.reshape(1, 1, 28, 28)).softmax(dim=1)[0]
    assert card.locator(".draw-says").inner_text() == str(int(shares.argmax()))
    sure = float(card.locator(".draw-sure").inner_text().split()[0])
    assert sure == pytest.approx(100 * float(shares.max()), abs=0.2)


def test_nothing_is_computed_where_nobody_looks(visit) -> None:
    page = visit(PAGE).page
    start(page)
    open_tab(page, "Retrain")
    page.get_by_label("How long").select_option("10")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.wait_for_function("document.querySelectorAll('.bench-own[points]').length >= 2")
    page.evaluate(
        """() => {
            Object.defineProperty(document, "hidden", { value: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    expect(page.get_by_role("button", name="Train on")).to_be_visible(timeout=TAKES)


@pytest.mark.parametrize(
    ("lacks", "word"),
    [("WebAssembly", "WebAssembly"), ("Worker", "web workers")],
)
def test_what_is_missing_is_named(visit, lacks: str, word: str) -> None:
    seen = visit(PAGE)
    page = seen.page
    page.add_init_script(f"delete globalThis.{lacks}")
    seen.reload()
    expect(page.locator(".bench-note")).to_contain_text(f"The workbench needs {word}")
    assert page.get_by_role("button", name="Start").count() == 0
    assert page.locator(".bench-picture svg").is_visible()


def test_without_scripts_a_picture_and_a_plain_word(visit) -> None:
    page = visit(PAGE, width=390, scripts=False).page
    assert page.locator(".bench-picture svg").is_visible()
    expect(page.locator(".bench-note")).to_contain_text("a browser that runs scripts")


def test_a_file_that_does_not_come_and_a_link_that_says_nothing(visit) -> None:
    seen = visit(f"{PAGE}#bench=p/size/conv9:0.1/1")
    page = seen.page
    page.route("**/held-out.bin", lambda route: route.fulfill(status=503))
    page.get_by_role("button", name="Start (loads").click()
    expect(page.locator(".bench-note")).to_contain_text("held-out.bin: status 503", timeout=TAKES)
    page.unroute("**/held-out.bin")
    page.get_by_role("button", name="Start (loads").click()
    expect(page.locator(".bench-note")).to_contain_text("conv9” is not known", timeout=TAKES)
    expect(page.locator(".bench-strip")).to_contain_text("497 of 500")
