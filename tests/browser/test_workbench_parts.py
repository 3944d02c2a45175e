"""The workbench's parts on the chapters' pages: fewer steps, the same numbers, the way onwards."""

from __future__ import annotations

import copy

import pytest
from playwright.sync_api import Page, expect

from labcode import coding
from labcode.models import lenet5
from labcode.pages.workbench.bench import PRUNED
from labcode.quantization import share_weights
from labcode.training import evaluate
from labcode.weights import baselines
from tests.browser.conftest import axe_source
from tests.browser.test_workbench import (
    AXE,
    NEARLY,
    SMALL_TARGETS,
    SMALL_TEXT,
    TAKES,
    by_python,
    download,
    held_out,
    open_tab,
    rest,
    right,
    size,
    start,
)

PRUNING = "book/pruning/pruning.html"
SHARING = "book/quantization/weight_sharing.html"
CODING = "book/quantization/deep_compression.html"


def assert_fits(page: Page) -> None:
    page.evaluate(axe_source())
    assert page.evaluate(AXE) == []
    assert page.evaluate(SMALL_TEXT) == page.evaluate(SMALL_TARGETS) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def set_bits(page: Page, bits: int) -> None:
    """Give every layer so many bits a weight, and wait for the file."""
    before = page.locator(".bench-history li").count()
    slider = page.locator("#bench-bits-all")
    slider.fill(str(bits))
    slider.dispatch_event("change")
    expect(page.locator(".bench-history li")).to_have_count(before + 1, timeout=TAKES)
    rest(page)


def test_pruning_has_the_first_two_steps_and_hands_them_on(visit) -> None:
    seen = visit(PRUNING, width=390, theme="dark", finger=True)
    page = seen.page
    assert not [url for url in seen.requests if url.endswith((".wasm", ".onnx", ".bin"))]
    start(page)
    assert page.get_by_role("tab").all_inner_texts() == ["1\nPrune", "2\nRetrain"]
    page.get_by_role("button", name="Just show me").tap()
    page.get_by_role("radio", name="By chance").check(force=True)
    page.locator("#bench-prune-fc1").fill("0.95")
    page.locator("#bench-prune-fc1").dispatch_event("change")
    expect(page.locator(".bench-history li")).to_have_count(2, timeout=TAKES)
    rest(page)
    digits = right(page)
    assert_fits(page)
    page.get_by_role("link", name="Go on in the workbench").tap()
    page.wait_for_url("**/shipping/workbench.html#bench=p/chance/**")
    page.get_by_role("button", name="Start (loads").tap()
    expect(page.locator(".bench-history li")).to_have_count(2, timeout=TAKES)
    rest(page)
    assert right(page) == digits < 497
    assert page.get_by_role("tab").count() == 4
    seen.assert_clean()


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light")])
def test_sharing_has_its_steps_and_counts_as_labcode_does(visit, width, theme) -> None:
    seen = visit(SHARING, width=width, theme=theme, finger=width < 768)
    page = seen.page
    start(page)
    assert page.get_by_role("tab").all_inner_texts() == ["1\nShare", "2\nRetrain"]
    set_bits(page, 2)
    network = copy.deepcopy(baselines.load("lenet5"))
    share_weights(network, 2)
    assert abs(right(page) - evaluate(network, held_out()).correct) <= NEARLY
    assert_fits(page)
    page.get_by_role("button", name="Retrain with these values").click()
    expect(page.locator("#bench-train .bench-progress").first).to_contain_text(
        "Step", timeout=TAKES
    )
    page.get_by_role("button", name="Stop").click()
    rest(page)
    seen.assert_clean()


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light")])
def test_coding_begins_with_a_pruned_network_and_writes_its_file(visit, width, theme) -> None:
    seen = visit(CODING, width=width, theme=theme, finger=width < 768)
    page = seen.page
    page.get_by_role("button", name="Start (loads").click()
    expect(page.locator(".bench-history li")).to_have_count(2, timeout=TAKES)
    rest(page)
    assert page.get_by_role("tab").all_inner_texts() == ["1\nShare", "2\nRetrain", "3\nCode"]
    network = by_python(PRUNED)
    assert abs(right(page) - evaluate(network, held_out()).correct) <= NEARLY
    assert size(page) == len(coding.pack(network))
    open_tab(page, "Share")
    set_bits(page, 4)
    share_weights(network, 4)
    assert abs(right(page) - evaluate(network, held_out()).correct) <= NEARLY
    again = coding.unpack(download(page), lenet5())
    assert (
        size(page) == len(coding.pack(again)) == pytest.approx(len(coding.pack(network)), rel=0.01)
    )
    assert evaluate(again, held_out()).correct == right(page)
    assert_fits(page)
    seen.assert_clean()
