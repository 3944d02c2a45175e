"""Pieces to touch: by mouse, finger and keyboard, on a phone and on a laptop, against Python."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
import torch
from playwright.sync_api import Locator, Page, expect
from torch import Tensor, nn

from labcode import basics, coding, weights
from labcode.basics.fields import seen_inputs
from labcode.basics.poolings import pooling
from labcode.coding import huffman
from labcode.distillation import soften
from labcode.models import pooled_network
from labcode.pages.drawing.networks import unpacked_lenet5
from labcode.pages.touch.digits import doubtful, sample
from labcode.pages.touch.pieces import PIECES
from labcode.pages.touch.site import POOLINGS, stored_name
from labcode.training import seeded
from tests.browser.conftest import SITE, Visit, axe_source, swipe
from tests.test_touch import START, counts_of, network, rans_states

PAGES = {
    "filter": "book/cnn_basics/cnn_basics.html",
    "shift": "book/cnn_basics/pooling.html",
    "soft_labels": "book/distillation/distillation.html",
    "coding": "book/quantization/weight_sharing.html",
    "shuffle": "book/architecture_design/shufflenet.html",
}
ways = pytest.mark.parametrize(
    ("way", "width", "theme"),
    [
        ("mouse", 1280, "light"),
        ("mouse", 390, "dark"),
        ("finger", 390, "light"),
        ("finger", 1280, "dark"),
        ("keyboard", 1280, "light"),
        ("keyboard", 390, "dark"),
    ],
)
VERTICAL = [1.0, 0.0, -1.0] * 3
SEVEN = ((0.25, 0.2), (0.75, 0.2), (0.45, 0.85))  # corners of a 7, as shares of the paper
VIOLATIONS = """(name) => axe.run(`[data-touch="${name}"]`, { resultTypes: ["violations"] })
    .then((found) => found.violations.flatMap((rule) => rule.nodes.map((node) =>
        `${rule.id}: ${node.html.slice(0, 160)}`)))"""
SMALL = """(piece) => [...piece.querySelectorAll("button, select, input, summary")]
    .filter((node) => node.checkVisibility() && node.type !== "checkbox")
    .filter((node) => node.getBoundingClientRect().height < 44
        || node.getBoundingClientRect().width < 44)
    .map((node) => node.outerHTML.slice(0, 120))"""
FINE_PRINT = """(piece) => [...piece.querySelectorAll("*")]
    .filter((node) => node.checkVisibility() && parseFloat(getComputedStyle(node).fontSize) < 12)
    .map((node) => node.outerHTML.slice(0, 120))"""


@dataclass
class Hand:
    """A reader with a mouse, a finger or a keyboard at one piece of a page."""

    visit: Visit
    name: str
    way: str

    @property
    def page(self) -> Page:
        return self.visit.page

    @property
    def piece(self) -> Locator:
        return self.page.locator(f'[data-touch="{self.name}"]')

    @property
    def board(self) -> Locator:
        return self.piece.get_by_role("application").first

    def button(self, name: str) -> Locator:
        return self.piece.get_by_role("button", name=name, exact=True)

    def press(self, button: Locator) -> None:
        """Press a button in the reader's way."""
        if self.way == "mouse":
            button.click()
        elif self.way == "finger":
            button.tap()
        else:
            button.focus()
            self.page.keyboard.press("Enter")

    def told(self, name: str) -> str:
        """What the piece says of its state."""
        return self.piece.get_attribute(f"data-{name}") or ""

    def value(self, name: str) -> object:
        return json.loads(self.told(name))

    def settled(self, name: str) -> object:
        """What the piece says of its state once nothing more comes: the pen's last answer."""
        last = None
        while (now := self.value(name)) != last:
            last = now
            self.page.wait_for_timeout(500)
        return now

    def drag(self, on: Locator, *shares: tuple[float, float]) -> None:
        """Move over an element, pressed down; places are shares of its width and height."""
        on.scroll_into_view_if_needed()
        box = on.bounding_box()
        assert box
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in shares]
        if self.way == "finger":
            return swipe(self.page, places)
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place, steps=10)
        self.page.mouse.up()

    def arrow(self, key: str, times: int = 1) -> None:
        """Press an arrow key on the board."""
        self.board.focus()
        for _ in range(times):
            self.page.keyboard.press(f"Arrow{key}")

    def check(self) -> None:
        """Nothing went wrong, nothing is too small, and axe has nothing to say."""
        self.visit.assert_clean()
        self.page.evaluate(axe_source())
        assert self.page.evaluate(VIOLATIONS, self.name) == []
        assert self.piece.evaluate(SMALL) == []
        assert self.piece.evaluate(FINE_PRINT) == []
        assert self.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.fixture
def hand(visit) -> Callable[..., Hand]:
    """A function that opens the page of a piece: hand("filter", "finger", 390, "dark")."""

    def start(name: str, way: str, width: int, theme: str) -> Hand:
        seen = visit(PAGES[name], width=width, theme=theme, finger=way == "finger")
        found = Hand(seen, name, way)
        expect(found.piece.locator(".touch-live")).to_be_visible()
        expect(found.piece.locator(".touch-still")).to_be_hidden()
        assert not [url for url in seen.requests if url.endswith((".bin", ".diet"))]
        return found

    return start


def image(pixels: bytes) -> Tensor:
    """Return a digit as the networks take it, shape (1, 1, 28, 28)."""
    return torch.tensor(list(pixels)).reshape(1, 1, 28, 28) / 255


def mapped(pixels: bytes, weights: list[float]) -> Tensor:
    """Return PyTorch's map of a digit, shape (26, 26)."""
    kernel = torch.tensor(weights).reshape(1, 1, 3, 3)
    return torch.nn.functional.conv2d(image(pixels), kernel)[0, 0]


@ways
def test_a_filter_slides_and_its_sums_are_pytorchs(hand, way, width, theme) -> None:
    reader = hand("filter", way, width, theme)
    reader.press(reader.button("Vertical edge"))
    reader.piece.get_by_label("Weight in row 1, column 1").fill("2.5")
    reader.press(reader.button("Slide over all"))
    expect(reader.piece).to_have_attribute("data-filled", "676", timeout=20_000)
    expected = mapped(sample(7), [2.5, *VERTICAL[1:]])
    found = torch.tensor(reader.value("map")).reshape(26, 26)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    reader.press(reader.button("Empty the map"))
    expect(reader.piece).to_have_attribute("data-filled", "1")
    reader.press(reader.button("Vertical edge"))
    if way == "keyboard":
        reader.arrow("Left", 12)
        reader.arrow("Up", 18)
    else:
        reader.drag(reader.board, (0.4, 0.3), (0.5, 0.5))
    row, column = int(reader.told("row")), int(reader.told("column"))
    assert (row, column) == ((7, 13) if way == "keyboard" else (13, 13))
    expected = mapped(sample(7), VERTICAL)
    assert float(reader.told("sum")) == pytest.approx(float(expected[row, column]), abs=1e-5)
    written = f"{abs(float(expected[row, column])):.2f}"
    assert reader.piece.locator(".touch-sum").inner_text().endswith(written)
    assert 5 < int(reader.told("filled")) < 60
    reader.check()


def test_products_of_a_window_stand_beside_it(hand) -> None:
    reader = hand("filter", "keyboard", 1280, "light")
    reader.press(reader.button("Outline"))
    row, column = int(reader.told("row")), int(reader.told("column"))
    patch = image(sample(7))[0, 0, row : row + 3, column : column + 3].flatten().tolist()
    weights = [-1.0] * 4 + [8.0] + [-1.0] * 4
    cells = reader.piece.locator(".touch-product").all()
    for cell, pixel, weight in zip(cells, patch, weights, strict=True):
        assert cell.locator("span").inner_text() == f"{pixel:.2f} ×"
        said = float(cell.locator("b").inner_text().removeprefix("= ").replace("−", "-"))
        assert said == pytest.approx(pixel * weight, abs=0.0051)


@pytest.mark.parametrize("way", ["mouse", "finger"])
def test_the_readers_own_digit_is_filtered(hand, way) -> None:
    reader = hand("filter", way, 390, "light")
    reader.press(reader.button("Slide over all"))
    before = reader.value("map")
    reader.press(reader.piece.locator("summary"))
    reader.drag(reader.piece.locator(".touch-paper"), *SEVEN)
    expect(reader.piece).not_to_have_attribute("data-map", json.dumps(before))
    drawn = reader.value("map")
    reader.piece.get_by_label("A real digit").select_option("4")
    expected = mapped(sample(4), [1.0, 1, 1, 0, 0, 0, -1, -1, -1])
    reader.page.wait_for_function(
        "([piece, sum]) => Math.abs(Math.max(...JSON.parse(piece.dataset.map)) - sum) < 1e-4",
        arg=[reader.piece.element_handle(), float(expected.max())],
    )
    assert reader.value("map") != drawn
    torch.testing.assert_close(
        torch.tensor(reader.value("map")).reshape(26, 26), expected, atol=1e-5, rtol=1e-5
    )
    reader.check()


@ways
def test_pooling_sees_a_digit_move_as_pytorch_does(hand, way, width, theme) -> None:
    reader = hand("shift", way, width, theme)
    reader.press(reader.button("Ask three networks"))
    expect(reader.piece.locator(".touch-answer:visible")).to_have_count(3, timeout=20_000)
    reader.press(reader.button("Back"))
    if way == "keyboard":
        reader.arrow("Right", 3)
        reader.arrow("Up")
    elif way == "mouse":
        reader.drag(reader.board, (0.5, 0.5), (0.5 + 3 / 28, 0.5 - 1 / 28))
    else:
        reader.press(reader.button("Move right by a pixel"))
        reader.press(reader.button("Move up by a pixel"))
        reader.drag(reader.board, (0.5, 0.5), (0.5 + 2 / 28, 0.5))
    assert (reader.told("right"), reader.told("down")) == ("3", "-1")
    assert "3 to the right and 1 up" in reader.piece.locator(".touch-lead").inner_text()
    still = image(sample(7))
    moved = basics.shift(still, down=-1, right=3)
    for group in (2, 4):
        reader.piece.get_by_label("Groups of").select_option(str(group))
        for kind, card in zip(
            ("none", "mean", "max"), reader.piece.locator(".touch-changed b").all(), strict=True
        ):
            before, after = (pooling(kind, group)(one) for one in (still, moved))
            change = float((after - before).norm() / before.norm())
            assert float(reader.told(kind)) == pytest.approx(change, abs=1e-5)
            assert card.inner_text() == f"{100 * change:.0f} %"
    before, after = reader.value("answers")
    assert list(before) == list(after) == list(POOLINGS)
    for kind in POOLINGS:
        with torch.inference_mode():
            expected = pooled(kind)(torch.cat([still, moved])).softmax(dim=1)
        found = torch.tensor([before[kind], after[kind]])
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-3)
    reader.check()


def pooled(kind: str) -> nn.Module:
    """Return the network with a pooling that the piece loads, in evaluation mode."""
    file = weights.read(stored_name(kind))
    return coding.unpack(file, seeded(partial(pooled_network, kind), 0)).eval()


def test_a_pooled_picture_moves_by_a_place_with_two_pixels() -> None:
    """What the text before the piece asks about."""
    still, wide = image(sample(7)), basics.shift(image(sample(7)), down=0, right=2)
    for kind in ("mean", "max"):
        pooled = pooling(kind, 2)(still)
        assert torch.equal(pooling(kind, 2)(wide), basics.shift(pooled, down=0, right=1))
        one = pooling(kind, 2)(basics.shift(still, down=0, right=1))
        assert not torch.equal(one, pooled)


def test_each_network_answers_the_seven_that_is_pushed_to_the_right(hand) -> None:
    reader = hand("shift", "keyboard", 1280, "light")
    reader.press(reader.button("Ask three networks"))
    expect(reader.piece.locator(".touch-answer:visible")).to_have_count(3, timeout=20_000)
    networks, seen = [pooled(kind) for kind in POOLINGS], set()
    for right in (1, 2, 3, 4):
        assert reader.told("right") == str(right)
        with torch.inference_mode():
            images = torch.cat([image(sample(7)), basics.shift(image(sample(7)), 0, right)])
            expected = [str(int(n)) for network in networks for n in network(images).argmax(1)]
        assert reader.piece.locator(".touch-answer b").all_inner_texts() == expected
        none, mean, largest = expected[1::2]
        expect(reader.piece.locator(".touch-told")).to_have_text(
            f"Moved like this, the networks answer: without pooling {none}, with the mean {mean}, "
            f"with the maximum {largest}."
        )
        seen |= set(expected[1::2])
        reader.arrow("Right")
    assert len(seen) > 1


@ways
def test_a_soft_label_is_softened_as_in_the_library(hand, way, width, theme) -> None:
    reader = hand("soft_labels", way, width, theme)
    slider = reader.piece.get_by_label("Temperature T")
    if way == "keyboard":
        slider.focus()
        for _ in range(5):
            reader.page.keyboard.press("ArrowRight")
        assert reader.told("temperature") == "6"
    else:
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        assert box
        press = reader.page.mouse.click if way == "mouse" else reader.page.touchscreen.tap
        press(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        assert 14 <= int(reader.told("temperature")) <= 19
    with torch.inference_mode():
        first = unpacked_lenet5()(image(doubtful()))
    assert_softened(reader, first)
    assert reader.told("label") == "7"
    reader.piece.get_by_label("A real digit").select_option("3")
    expect(reader.piece).to_have_attribute("data-label", "3")
    with torch.inference_mode():
        assert_softened(reader, unpacked_lenet5()(image(sample(3))))
    reader.piece.get_by_label("It is meant to be a").select_option("8")
    hard = reader.piece.locator("tbody tr td:nth-child(2) .touch-bar > span")
    wide = [bar.evaluate("(bar) => bar.offsetWidth > 0") for bar in hard.all()]
    assert [digit for digit, there in enumerate(wide) if there] == [8]
    reader.check()


def assert_softened(reader: Hand, logits: Tensor) -> None:
    """The shares on the page are those of the logits at the temperature on the page."""
    temperature = float(reader.told("temperature"))
    expected = soften(logits, temperature)[0]
    found = torch.tensor(reader.value("shares"))
    torch.testing.assert_close(found, expected, atol=2e-4, rtol=1e-3)
    bits = float(torch.special.entr(expected).sum()) / np.log(2)
    assert float(reader.told("entropy")) == pytest.approx(bits, abs=2e-3)
    texts = reader.piece.locator(".touch-share").all_inner_texts()
    for text, share in zip(texts[-10:], found.tolist(), strict=True):
        small, large = share < 0.0005, share > 0.9995
        assert text == ("< 0.1 %" if small else "> 99.9 %" if large else f"{100 * share:.1f} %")


@pytest.mark.parametrize("way", ["mouse", "finger"])
def test_the_readers_own_digit_gets_a_soft_label(hand, way) -> None:
    reader = hand("soft_labels", way, 390, "dark")
    before = reader.told("logits")
    reader.drag(reader.piece.locator(".touch-paper"), *SEVEN)
    expect(reader.piece).not_to_have_attribute("data-logits", before)
    assert_softened(reader, torch.tensor([reader.settled("logits")]))
    assert reader.told("label") == "7"
    reader.check()


@ways
def test_a_tree_is_joined_and_the_letters_go_into_a_number(hand, way, width, theme) -> None:
    reader = hand("coding", way, width, theme)
    reader.press(reader.button("A 5 times"))
    reader.press(reader.button("C 1 time"))
    said = reader.piece.locator(".touch-said[role=status]").nth(1)
    expect(said).to_contain_text("Not yet: A comes 5 times, and D only once.")
    for first, second in (("C", "D"), ("B", "R")):
        for letter in (first, second):
            reader.press(reader.piece.locator(f'button[aria-label^="{letter} "]'))
    reader.press(reader.button("One step back"))
    while reader.button("Join for me").is_enabled():
        reader.press(reader.button("Join for me"))
    counts = counts_of("ABRACADABRA")
    lengths = huffman.code_lengths(list(counts.values()))
    assert int(reader.told("bits")) == int(np.dot(list(counts.values()), lengths))
    rows = reader.piece.locator("[data-letter] .touch-name").all_inner_texts()
    assert rows == [name for _, name in sorted(reader.value("names").items())]
    states = rans_states("ABRACADABRA")
    for state in states[1:4]:
        reader.press(reader.button("Put a letter in"))
        assert reader.piece.locator(".touch-number").inner_text() == f"{state:,}"
    reader.press(reader.button("All in"))
    assert reader.told("state") == str(states[-1])
    assert float(reader.told("number-bits")) == pytest.approx(np.log2(states[-1] / START))
    for state in states[-2:-5:-1]:
        reader.press(reader.button("Take one out"))
        assert reader.told("state") == str(state)
    reader.press(reader.button("All out"))
    assert reader.told("state") == str(START)
    reader.check()


def test_the_readers_own_message_is_coded(hand) -> None:
    reader = hand("coding", "keyboard", 390, "light")
    box = reader.piece.get_by_label("Your message")
    box.fill("aaaa")
    expect(reader.piece).to_contain_text("Two to 8 different letters are needed; these are 1.")
    box.fill("Lab rats & cat tails")
    while reader.button("Join for me").is_enabled():
        reader.press(reader.button("Join for me"))
    message = "LABRATSCATTAILS"
    counts = list(counts_of(message).values())
    assert int(reader.told("bits")) == int(np.dot(counts, huffman.code_lengths(counts)))
    reader.press(reader.button("All in"))
    assert reader.told("state") == str(rans_states(message)[-1])


@ways
def test_channels_reach_as_far_as_gradients_say(hand, way, width, theme) -> None:
    reader = hand("shuffle", way, width, theme)
    network_list = reader.piece.get_by_role("combobox", name="Network")
    for kind, shuffled in (("plain", False), ("plain", True), ("units", True), ("units", False)):
        network_list.select_option(kind)
        box = reader.piece.get_by_label("Shuffle")
        if box.is_checked() != shuffled:
            box.focus()
            reader.page.keyboard.press("Space")
        for groups in ("2", "4"):
            reader.piece.get_by_role("combobox", name="Channels").select_option(groups)
            assert_reach(reader, kind, int(groups), 2, shuffled)
    reader.press(reader.button("One layer more"))
    assert_reach(reader, "units", 4, 3, False)
    choose(reader, way)
    assert (reader.told("end"), reader.told("channel")) == ("output", "31")
    hears = len(reader.value("reach")[31])
    assert f"Output 32 hears {hears} of 16 inputs." in reader.piece.inner_text()
    reader.press(reader.button("Previous channel"))
    assert reader.told("channel") == "30"
    reader.check()


def choose(reader: Hand, way: str) -> None:
    """Choose the last output."""
    if way == "keyboard":
        reader.arrow("Down")
        return reader.arrow("Right", 31)
    reader.board.scroll_into_view_if_needed()
    box = reader.board.bounding_box()
    assert box
    place = (box["x"] + box["width"] - 4, box["y"] + box["height"] - 12)
    if way == "mouse":
        return reader.page.mouse.click(*place)
    return reader.page.touchscreen.tap(*place)


def assert_reach(reader: Hand, kind: str, groups: int, depth: int, shuffled: bool) -> None:
    """The piece shows the reach of this network, and says it in words."""
    told = [reader.told(name) for name in ("kind", "groups", "depth", "shuffled")]
    assert told == [kind, str(groups), str(depth), str(shuffled).lower()]
    torch.manual_seed(0)
    expected = seen_inputs(network(kind, groups, depth, shuffled), 4 * groups)
    assert reader.value("reach") == [row.nonzero().flatten().tolist() for row in expected]
    least = int(expected.sum(dim=1).min())
    words = reader.piece.locator(".touch-lead").inner_text()
    if least == 4 * groups:
        assert "Every output hears every input." in words
    else:
        assert f"hears least hears {least} of {4 * groups} inputs" in words
    end, channel = reader.told("end"), int(reader.told("channel"))
    if end == "input":
        assert f"reaches {int(expected[:, channel].sum())} of {len(expected)} outputs" in words


@pytest.mark.parametrize("name", PAGES)
def test_without_scripts_a_picture_and_a_sentence_stand_there(visit, name) -> None:
    assert_still(visit(PAGES[name], scripts=False).page, name)


@pytest.mark.parametrize("name", PAGES)
def test_from_a_folder_a_picture_and_a_sentence_stand_there(visit, name) -> None:
    page = visit(PAGES[name]).go((SITE / PAGES[name]).as_uri())
    assert_still(page, name)


def assert_still(page: Page, name: str) -> None:
    """The picture is seen, and the plain words beside it."""
    piece = page.locator(f'[data-touch="{name}"]')
    expect(piece.locator("svg").first).to_be_visible()
    expect(piece).to_contain_text(PIECES[name].sentence)
    expect(piece).to_contain_text("with scripts on")
    expect(piece.locator(".touch-live")).to_be_hidden()


def test_a_network_that_does_not_come_is_named_and_asked_for_again(hand) -> None:
    reader = hand("shift", "mouse", 1280, "light")
    reader.page.route("**/pooled-max.diet", lambda route: route.fulfill(status=503))
    ask = reader.button("Ask three networks")
    ask.click()
    expect(reader.piece.locator(".touch-told")).to_contain_text("pooled-max.diet: status 503")
    reader.page.unroute("**/pooled-max.diet")
    ask.click()
    expect(reader.piece.locator(".touch-answer:visible")).to_have_count(3, timeout=20_000)


def test_pages_without_a_piece_load_none_of_its_files(visit) -> None:
    seen = visit("book/pruning/zeros.html")
    assert not [url for url in seen.requests if "/touch/" in url]
