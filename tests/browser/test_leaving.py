"""A page is left when all that it asked for has been answered: else its requests are broken off."""

import re
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.browser.conftest import Visit
from tools.serve import SITE, Handler

ASK = "void fetch('_static/favicon.svg', { cache: 'reload' })"
SLOW = 0.8  # seconds


class SlowHandler(Handler):
    """Serve the site, but its icon late."""

    def do_GET(self) -> None:
        if self.path.endswith("favicon.svg"):
            time.sleep(SLOW)
        super().do_GET()


@pytest.fixture
def visited(browser) -> Iterator[Visit]:
    """A page of the site on a server that is slow with the icon."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SlowHandler, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context(service_workers="block")
    seen = Visit(context.new_page(), f"http://127.0.0.1:{server.server_port}")
    seen.open("genindex.html")
    seen.settle()
    yield seen
    context.close()
    server.shutdown()
    server.server_close()


def test_what_is_under_way_is_waited_for(visited) -> None:
    visited.page.evaluate(ASK)
    visited.go("about:blank")
    visited.assert_clean()


def test_what_is_broken_off_is_seen(visited) -> None:
    visited.page.evaluate(ASK)
    visited.page.goto("about:blank")  # left at once
    visited.page.wait_for_timeout(1000 * SLOW)
    assert visited.failures == [f"net::ERR_ABORTED {visited.origin}/_static/favicon.svg"]


def test_every_test_leaves_a_page_that_way() -> None:
    here = Path(__file__)
    for file in here.parent.glob("*.py"):
        if file.name not in (here.name, "conftest.py"):
            left = re.findall(
                r"page\.(?:goto|reload|go_back|go_forward)\(", file.read_text("utf-8")
            )
            assert left == [], f"{file.name}: leave a page by Visit.go or Visit.reload"
