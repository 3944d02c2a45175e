"""Draw a digit: the networks answer in the browser as they do in Python, and say what is wrong."""

import base64
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, expect

from labcode import data
from labcode.pages.drawing.networks import shipped
from tests.browser.conftest import axe_source

PAGE = "book/shipping/draw.html"
N = 200  # test digits
NETWORKS = 4  # on the page
SEVEN = ((70, 60), (210, 60), (130, 240))  # corners of a 7 on the paper of 280 x 280
EVERY_ANSWER = """
async (encoded) => {
  const { load } = await import(new URL("../../draw/networks.mjs", location));
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  const found = {};
  for (const network of await load()) {
    found[network.id] = [];
    for (let start = 0; start < bytes.length; start += 784) {
      const digit = Float32Array.from(bytes.subarray(start, start + 784), (value) => value / 255);
      const { probabilities, exit } = await network.answer(digit);
      found[network.id].push([probabilities, exit]);
    }
  }
  return found;
}
"""


def draw(page: Page, corners: tuple[tuple[int, int], ...] = SEVEN) -> None:
    """Draw with the mouse."""
    page.locator(".draw-paper").scroll_into_view_if_needed()
    box = page.locator(".draw-paper").bounding_box()
    assert box
    places = [
        (box["x"] + x * box["width"] / 280, box["y"] + y * box["width"] / 280) for x, y in corners
    ]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=10)
    page.mouse.up()


def wait_for_all(page: Page) -> None:
    """Wait until every network has answered."""
    expect(page.locator(".draw-says")).to_have_count(NETWORKS, timeout=60_000)


def test_every_network_answers_as_in_python(visit) -> None:
    seen = visit(PAGE)
    test = data.load("mnist5k").test
    pixels = (test.images[:N] * 255).round().to(torch.uint8).numpy()
    found = seen.page.evaluate(EVERY_ANSWER, base64.b64encode(pixels.tobytes()).decode())
    images, labels = torch.from_numpy(pixels.astype(np.float32) / 255), test.labels[:N]
    networks = shipped()
    assert len(networks) == NETWORKS
    assert set(found) == {network.id for network in networks}
    for network in networks:
        with torch.inference_mode():
            expected = network.answer(images)
        answers = torch.tensor([probabilities for probabilities, _ in found[network.id]])
        torch.testing.assert_close(answers, expected.probabilities, rtol=1e-3, atol=1e-4)
        assert [exit for _, exit in found[network.id]] == expected.exits
        right = (answers.argmax(dim=1) == labels).float().mean()
        assert right == (expected.probabilities.argmax(dim=1) == labels).float().mean()
    seen.assert_clean()


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_a_drawn_seven_is_read(visit, width: int, theme: str) -> None:
    seen = visit(PAGE, width=width, theme=theme)
    page = seen.page
    before = [Path(url).name for url in seen.requests if "/draw/" in url]
    assert not any(name.endswith((".onnx", ".wasm", ".diet", ".bin")) for name in before)
    draw(page)
    wait_for_all(page)
    assert page.locator(".draw-card").first.locator(".draw-says").inner_text() == "7"
    assert "LeNet-5: 7" in page.locator(".draw-spoken").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    bars = page.locator(".draw-bars").first
    assert bars.evaluate("bars => getComputedStyle(bars).display") == "flex"  # ten bars, no list
    page.evaluate(axe_source())
    found = page.evaluate("axe.run('.draw', { runOnly: ['color-contrast'] })")
    assert [node["html"] for rule in found["violations"] for node in rule["nodes"]] == []
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".draw-says")).to_have_count(0)
    seen.assert_clean()


def test_a_real_digit_is_chosen_by_keyboard(visit) -> None:
    page = visit(PAGE).page
    page.get_by_role("button", name="4", exact=True).focus()
    page.keyboard.press("Enter")
    wait_for_all(page)
    assert page.locator(".draw-card").first.locator(".draw-says").inner_text() == "4"


def test_a_device_without_webassembly_is_told(visit) -> None:
    seen = visit(PAGE)
    page = seen.page
    page.add_init_script("delete globalThis.WebAssembly")
    seen.reload()
    expect(page.locator(".draw-note")).to_contain_text("Drawing needs WebAssembly")
    assert page.get_by_role("button", name="Clear").is_disabled()


def test_who_waits_is_told_what_for(visit) -> None:
    page, held = visit(PAGE).page, []
    page.route("**/packed.diet", lambda route: held.append(route))
    with page.expect_request("**/packed.diet"):
        draw(page)
    note = page.locator(".draw-note")
    expect(note).to_have_text("Loading the networks and their runtime … once, about 6 MB")
    held[0].continue_()
    wait_for_all(page)
    expect(note).to_contain_text("Draw in the box")


def test_a_file_that_does_not_come_is_named_and_asked_for_again(visit) -> None:
    page = visit(PAGE).page
    page.route("**/packed.diet", lambda route: route.fulfill(status=503))
    draw(page)
    expect(page.locator(".draw-note")).to_contain_text("packed.diet: status 503", timeout=60_000)
    page.unroute("**/packed.diet")
    draw(page)
    wait_for_all(page)
