"""The workbench with a finger on a phone: share, train, link, download and undo, as Python says."""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from playwright.sync_api import Locator, Page, expect

from labcode import coding
from labcode.models import lenet5
from labcode.quantization import share_weights
from labcode.training import evaluate
from labcode.weights import baselines
from tests.browser.conftest import swipe, wait_for_frames, widen
from tests.browser.test_workbench import (
    NEARLY,
    PAGE,
    TAKES,
    THUMB,
    held_out,
    in_sight,
    number,
    rest,
    right,
)

BITS, LEAST, MOST = 3, 1, 9  # of a weight: what is chosen, and the slider's ends


def begin(page: Page) -> None:
    """Start with a finger, and wait for the first answer and its file."""
    page.get_by_role("button", name="Start (loads").tap()
    expect(page.locator(".bench-strip")).to_contain_text("of 500 digits", timeout=TAKES)
    rest(page)


def tap(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).tap()


def steps_are(page: Page, count: int) -> None:
    """Wait until the path has so many steps and each is weighed."""
    expect(page.locator(".bench-history li")).to_have_count(count + 1, timeout=TAKES)
    rest(page)


def slide(page: Page, row: Locator, bits: int) -> None:
    """Move a finger over a layer's drawing, to a number of bits."""
    box = in_sight(row.locator(".bench-drawn"))
    down = box["y"] + box["height"] / 2
    share = (bits - LEAST) / (MOST - LEAST)
    across = box["x"] + THUMB + (box["width"] - 2 * THUMB) * share
    whole = box["x"] + box["width"] - THUMB  # where the thumb stands before a layer is shared
    swipe(page, ((whole + (across - whole) * part, down) for part in (0, 0.3, 0.6, 0.9, 1)))


def test_share_link_download_and_undo_with_a_finger(visit) -> None:
    seen = visit(PAGE, width=390, theme="dark", finger=True)
    page = seen.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=seen.origin)
    begin(page)
    tap(page, "Just show me")
    page.get_by_role("tab", name="Share").tap()
    slide(page, page.locator(".bench-row:has(#bench-bits-all)"), BITS)
    steps_are(page, 1)
    assert page.locator("#bench-bits-all").input_value() == str(BITS)
    network = copy.deepcopy(baselines.load("lenet5"))
    share_weights(network, BITS)
    shared = right(page)
    assert abs(shared - evaluate(network, held_out()).correct) <= NEARLY

    tap(page, "Copy a link to this")
    expect(page.locator(".bench-path [role=status]")).to_contain_text("The link is copied")
    address = page.evaluate("navigator.clipboard.readText()")
    assert address == page.url
    assert address.endswith(",".join(f"{name}:{BITS}" for name in ("conv1", "conv2", "fc1", "fc2")))

    page.get_by_role("tab", name="Code").tap()
    with page.expect_download() as coming:
        tap(page, "Download my-network")
    file = Path(coming.value.path()).read_bytes()
    assert number(page.locator("#bench-code .bench-lead").first.inner_text()) == len(file)
    again = coding.unpack(file, lenet5())
    assert evaluate(again, held_out()).correct == shared
    for name, own in again.named_parameters():
        assert torch.allclose(own, network.state_dict()[name], atol=1e-4), name

    tap(page, "Undo the last step")
    steps_are(page, 0)
    assert right(page) == 497
    assert page.url.endswith("workbench.html")

    seen.go("about:blank")
    seen.go(address)
    begin(page)
    steps_are(page, 1)
    assert right(page) == shared
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    seen.assert_clean()


def test_what_was_said_of_a_link_stays_until_the_path_changes(visit) -> None:
    seen = visit(PAGE, width=390, finger=True)
    page = seen.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=seen.origin)
    begin(page)
    tap(page, "Just show me")
    copied_before_the_file_is_written(page)
    said = page.locator(".bench-path [role=status]")
    expect(said).to_contain_text("The link is copied")
    steps_are(page, 1)
    expect(said).to_contain_text("The link is copied")
    tap(page, "Undo the last step")
    steps_are(page, 0)
    expect(said).not_to_contain_text("The link is copied")


def copied_before_the_file_is_written(page: Page) -> None:
    """Prune a layer, and copy the link as soon as the step stands in the list."""
    page.evaluate("""async () => {
        const slider = document.querySelector("#bench-prune-fc1");
        const list = document.querySelector(".bench-history");
        slider.value = 0.02;
        for (const kind of ["input", "change"]) slider.dispatchEvent(new Event(kind));
        while (list.children.length < 2) await new Promise(requestAnimationFrame);
        if (!list.textContent.includes("…")) throw new Error("its file is written already");
        const copy = [...document.querySelectorAll(".bench-path button")].at(-1);
        copy.click();
    }""")


def test_a_phone_that_is_turned_and_turned_back_scrolls_only_down(visit) -> None:
    page = visit(PAGE, width=390, finger=True).page
    begin(page)
    for width in (844, 390):
        widen(page, width)
        for tab in page.get_by_role("tab").all():
            tab.tap()
            wait_for_frames(page)  # a drawing hears of its new width
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_train_stop_and_start_over_with_a_finger(visit) -> None:
    page = visit(PAGE, width=390, finger=True).page
    begin(page)
    page.get_by_role("tab", name="Retrain").tap()
    assert page.get_by_role("radio", name="1,000", exact=True).is_checked()  # fewer on a phone
    page.get_by_role("button", name="Train", exact=True).tap()
    page.wait_for_function("document.querySelectorAll('.bench-own[points]').length >= 2")
    tap(page, "Stop")
    expect(page.get_by_role("button", name="Train on")).to_be_visible(timeout=TAKES)
    steps_are(page, 1)
    expect(page.locator(".bench-history")).to_contain_text("stopped after step")
    ticks = page.locator(".bench-curve").first.locator(".bench-word[text-anchor=end]")
    said = ticks.all_text_contents()[:3]  # nothing is pruned, so that the loss is small
    assert len(set(said)) == 3, said
    tap(page, "Start over")
    steps_are(page, 0)
    assert right(page) == 497
