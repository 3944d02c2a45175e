"""Drawings on the pages: letters of 12 pixels on a phone, colours that stand out in both themes."""

import re

import pytest

from tests.browser.conftest import THEMES, chapters, dress, text_of

DRAWN = [page for page in chapters() if 'class="fig"' in text_of(page)]
LEAST = 12.0  # pixels
# The size of each line of words as it is seen, from its own size and how its picture is scaled.
SIZES = """() => [...document.querySelectorAll(".fig text")].map((text) =>
    parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a)"""
BOXES = """() => [...document.querySelectorAll(".fig svg")].map((picture) => {
    const box = picture.getBoundingClientRect(), out = document.documentElement.clientWidth;
    return [box.left, out - box.right, box.height];
})"""
# Words beyond the frame of their picture, by the letters that this browser really has.
OUTSIDE = """() => [...document.querySelectorAll(".fig text")].filter((text) => {
    const box = text.getBoundingClientRect();
    const frame = text.ownerSVGElement.getBoundingClientRect();
    return box.left < frame.left - 2 || box.right > frame.right + 2;
}).map((text) => text.textContent)"""
COLORS = """() => [...document.querySelectorAll(".fig svg *")].flatMap((shape) => {
    const style = getComputedStyle(shape);
    const own = (name) => shape.hasAttribute(name) && !shape.getAttribute(name).includes("ground");
    if (shape.tagName === "text" && !shape.hasAttribute("fill")) return [style.fill];
    return ["fill", "stroke"].filter(own).map((name) => style[name]);
}).filter((color) => color !== "none")"""
GROUND = "() => getComputedStyle(document.body).backgroundColor"
OWN_GROUNDS = """() => [...document.querySelectorAll(".text_html:has(> .fig)")].map((box) =>
    getComputedStyle(box).backgroundColor)"""


def luminance(color: str, ground: str) -> float:
    """How light a colour is on a ground, 0 to 1; it may let some of the ground through."""
    parts = [[float(x) for x in re.findall(r"[\d.]+", text)] for text in (color, ground)]
    share = parts[0][3] if len(parts[0]) > 3 else 1.0
    mixed = [share * a + (1 - share) * b for a, b in zip(parts[0], parts[1], strict=False)][:3]
    scaled = [x / 255 for x in mixed]
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in scaled)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(color: str, ground: str) -> float:
    dark, light = sorted((luminance(color, ground), luminance(ground, ground)))
    return (light + 0.05) / (dark + 0.05)


def test_drawings_stand_on_most_chapters():
    assert len(DRAWN) >= 15


@pytest.mark.parametrize("path", DRAWN)
def test_letters_are_large_enough_on_a_phone_and_nothing_is_cut_off(visit, path):
    page = visit(path, width=390).page
    sizes = page.evaluate(SIZES)
    assert len(sizes) > 5
    assert min(sizes) >= LEAST
    assert min(min(box) for box in page.evaluate(BOXES)) > 0
    assert page.evaluate(OUTSIDE) == []


@pytest.mark.parametrize("path", DRAWN)
def test_colours_stand_out_from_the_page_in_both_themes(visit, path):
    page = visit(path, width=390).page
    seen = {}
    for theme in THEMES:
        dress(page, theme)
        ground = page.evaluate(GROUND)
        assert set(page.evaluate(OWN_GROUNDS)) == {"rgba(0, 0, 0, 0)"}
        seen[theme] = set(page.evaluate(COLORS))
        weak = {color for color in seen[theme] if contrast(color, ground) < 2.2}
        assert weak == set(), (theme, ground)
    assert seen["light"] != seen["dark"]


def test_the_site_shows_the_live_pictures_alone(visit):
    page = visit(DRAWN[0]).page
    assert page.locator(".fig svg").first.is_visible()
    assert page.locator(".fig-still").count() == 0
