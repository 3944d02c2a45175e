"""The scoreboard on a phone: its plane is legible, its points have names, its columns are seen."""

import csv
import io
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

from labcode import studies
from labcode.pages.calculators.compare_techniques import ENTRIES, compare_techniques
from labcode.pages.pictures.plane import TOUCH

PAGE = "book/shipping/scoreboard.html"
WIDEST = max(ENTRIES, key=lambda entry: len(entry.name)).name
SMALL = """() => [...document.querySelectorAll("form.live svg text")]
    .map((node) => [node.textContent,
        parseFloat(getComputedStyle(node).fontSize) * node.getScreenCTM().a])
    .filter(([, size]) => size < 11.95)"""
OUTSIDE = """() => [...document.querySelectorAll("form.live svg")].flatMap((picture) => {
    const frame = picture.getBoundingClientRect();
    return [...picture.querySelectorAll("text")].filter((node) => {
        const box = node.getBoundingClientRect();
        return box.left < frame.left - 1 || box.right > frame.right + 1
            || box.bottom > frame.bottom + 1;
    }).map((node) => node.textContent);
})"""
# The heads of each table that are seen whole without scrolling, at their places from the left.
SEEN = """() => [...document.querySelectorAll("table.dataframe")].map((table) => {
    const edge = Math.min(table.parentElement.getBoundingClientRect().right, innerWidth);
    return [...table.querySelectorAll("thead tr:first-child th")]
        .filter((head) => head.getBoundingClientRect().right <= edge)
        .map((head) => head.textContent.trim()).filter(Boolean);
})"""


def show(page: Page, **choices: str) -> None:
    """Set lists of the calculator, and wait for its answer."""
    for name, value in choices.items():
        page.locator(f"form.live [name={name}]").select_option(value)
    result = page.locator("form.live .live-result")
    expect(result).not_to_have_attribute("aria-busy", "true", timeout=60_000)


def tap(page: Page, name: str) -> None:
    """Touch the point of a row."""
    page.evaluate(
        """(name) => [...document.querySelectorAll("form.live .live-named")]
            .find((node) => node.querySelector("title").textContent === name)
            .scrollIntoView({ block: "center" })""",
        name,
    )
    box = page.evaluate(
        """(name) => {
            const group = [...document.querySelectorAll("form.live .live-named")]
                .find((node) => node.querySelector("title").textContent === name);
            const { x, y, width, height } = group.querySelector("circle").getBoundingClientRect();
            return [x + width / 2, y + height / 2];
        }""",
        name,
    )
    page.touchscreen.tap(*box)


@pytest.mark.parametrize("axes", [("bytes on disk", "test accuracy"), ("MACs", "parameters")])
def test_the_plane_is_legible_on_a_phone(visit, axes) -> None:
    seen = visit(PAGE, width=390, finger=True)
    show(seen.page, x_axis=axes[0])
    show(seen.page, y_axis=axes[1])
    expected = compare_techniques(x_axis=axes[0], y_axis=axes[1]).lead
    expect(seen.page.locator("form.live .live-lead")).to_have_text(expected)
    assert seen.page.evaluate(SMALL) == []
    assert seen.page.evaluate(OUTSIDE) == []
    seen.assert_clean()


def test_a_touched_point_says_its_name(visit) -> None:
    page = visit(PAGE, width=390, theme="dark", finger=True).page
    expect(page.get_by_text(TOUCH)).to_be_visible()
    tap(page, WIDEST)
    shown = page.locator("form.live .live-tip:visible").all_text_contents()
    assert " ".join(shown) == WIDEST
    expect(page.get_by_text(TOUCH)).to_be_hidden()


def test_what_decides_is_seen_on_a_phone_without_scrolling(visit) -> None:
    page = visit(PAGE, width=390).page
    blocks, ranks, chain, ratios, both, *_ = page.evaluate(SEEN)  # behind them a solution's
    assert blocks[:3] == ["times faster", "memory, kB", "accuracy, %"]
    assert ranks[:2] == ["bytes", "accuracy, %"]
    assert chain[:3] == ["bytes, times fewer", "memory, times less", "accuracy, %"]
    assert ratios == ["times faster"]
    assert both == ["bytes", "times faster", "accuracy, %"]


def test_one_table_with_all_columns_is_there_to_download(visit) -> None:
    page = visit(PAGE).page
    link = page.get_by_role("link", name="One file with all rows and all columns")
    answer = page.request.get(urljoin(page.url, link.get_attribute("href")))
    rows = list(csv.DictReader(io.StringIO(answer.text())))
    stored = studies.table("scoreboard")
    assert list(rows[0]) == list(stored.columns)
    assert len(rows) == len(stored) == len(ENTRIES)
    (whole,) = (row for row in rows if (row["network"], row["kind"]) == ("lenet5", "uncompressed"))
    assert (float(whole["times_faster"]), float(whole["times_faster_p95"])) == (1, 1)
