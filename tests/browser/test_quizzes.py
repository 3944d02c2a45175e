"""A quiz takes a number as the book writes it, and as other keyboards do."""

import pytest
from playwright.sync_api import expect

PAGES = {
    "book/introduction/counting_cost.html": ("1,944", "1944"),
    "book/dynamic_computation/dynamic_computation.html": ("4,6", "4.6"),
}


@pytest.mark.parametrize(
    ("path", "written"), [(path, one) for path, all_ in PAGES.items() for one in all_]
)
def test_a_right_number_is_right_with_a_comma_too(visit, path, written):
    page = visit(path).page
    box = page.locator(".Input-text").first
    box.press_sequentially(written)
    box.press("Enter")
    expect(page.locator(".Quiz", has=box).locator(".Feedback")).to_contain_text("Yes")
