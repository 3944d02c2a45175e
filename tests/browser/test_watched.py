"""A browser that never answers costs its test, not the whole run."""

import time

import pytest
from playwright.sync_api import Error


def test_a_hung_browser_is_taken_away_and_the_next_test_gets_a_new_one(chromium):
    page = chromium.browser().new_page()
    start = time.monotonic()
    with chromium.watched(1.0), pytest.raises(Error, match=r"closed|crashed"):
        page.evaluate("new Promise(() => {})")
    assert time.monotonic() - start < 30
    assert chromium.browser().new_page().evaluate("1 + 1") == 2
