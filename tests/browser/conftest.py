"""What the browser tests share: the built site on a free port, one Chromium, pages that record.

A test asks for `visit` and gets a page of the site that notes every request and every word in
the console; what the notes must not hold is asserted by `Visit.assert_clean`.

Scripts that run in a page have no time limit in Playwright, and a Chromium that has stopped to
draw never answers them. So a test that takes too long has its Chromium taken away: it fails where
it waits, and make runs it once more with a new one. No other failure gets a second try.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import (
    Browser,
    BrowserType,
    ConsoleMessage,
    Page,
    Request,
    Response,
    sync_playwright,
)

from tools.chromium import FLAGS, find
from tools.serve import SITE, make_server

WIDTHS = (390, 768, 1280, 1920)  # px: a phone, a tablet, a laptop, a wide screen
THEMES = ("light", "dark")
HEIGHT = 900
QUIET = 300.0  # milliseconds in which nothing is asked for before a page is left
REST = 250.0  # milliseconds in which a finger stands still before it is lifted
LIMIT = 120.0  # seconds of a test; the slowest takes some 20 on two cores


def pages() -> list[str]:
    """Every page of the built site, as a path from its root; the redirect at the root too."""
    found = sorted(SITE.rglob("*.html"))
    if not found:
        raise pytest.UsageError(f"There is no built site in {SITE}. Run: make book")
    return [page.relative_to(SITE).as_posix() for page in found]


def shown_pages() -> list[str]:
    """The pages that a reader comes to see: all but the redirect at the root."""
    return [page for page in pages() if page != "index.html"]


def chapters() -> list[str]:
    """The pages made from notebooks: those with a cell."""
    return [page for page in pages() if 'class="cell ' in text_of(page)]


def text_of(page: str) -> str:
    """The HTML of a page as it was written."""
    return (SITE / page).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def origin() -> Iterator[str]:
    """The address of the site, such as http://127.0.0.1:40123."""
    server = make_server(0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@dataclass
class Chromium:
    """The Chromium of this session, and a new one after it was taken away."""

    launcher: BrowserType
    path: str
    _running: Browser | None = None

    def browser(self) -> Browser:
        """Return the one that runs."""
        if self._running is None or not self._running.is_connected():
            self._running = self.launcher.launch(executable_path=self.path, args=FLAGS)
        return self._running

    @contextmanager
    def watched(self, limit: float) -> Iterator[None]:
        """Take Chromium away from what takes longer than so many seconds."""
        timer = threading.Timer(limit, kill_chromium)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def kill_chromium() -> None:
    """End every Chromium that this process has started."""
    for child in psutil.Process().children(recursive=True):
        if "chrom" in child.name().lower():
            child.kill()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """What gives a running Chromium, one for the whole session as a rule."""
    path = find()
    if path is None:
        pytest.fail("The browser tests need Chromium. Run: python tools/chromium.py")
    with sync_playwright() as playwright:
        started = Chromium(playwright.chromium, path)
        yield started
        started.browser().close()


@pytest.fixture
def browser(chromium) -> Browser:
    """A Chromium that runs."""
    return chromium.browser()


@pytest.fixture(autouse=True)
def _no_test_waits_for_ever(chromium) -> Iterator[None]:
    with chromium.watched(LIMIT):
        yield


@dataclass
class Visit:
    """An open page and all that it asked for and said."""

    page: Page
    origin: str
    requests: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    under_way: set[Request] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Listen before anything is loaded."""
        context = self.page.context  # its events include those of the page's workers
        context.on("request", self._asked)
        context.on("requestfinished", self._finished)
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.complaints.append(f"error: {error.error}"))

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)
        self.under_way.add(request)

    def _finished(self, request: Request) -> None:
        self.under_way.discard(request)

    def _failed(self, request: Request) -> None:
        self.under_way.discard(request)
        self.failures.append(f"{request.failure} {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.failures.append(f"{response.status} {response.url}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert"):
            self.complaints.append(f"{message.type}: {message.text}")

    def open(self, path: str) -> Page:
        """Go to a page of the site, and wait until its scripts and pictures are there."""
        return self.go(f"{self.origin}/{path}")

    def go(self, address: str) -> Page:
        """Leave this page for any address, once nothing is under way."""
        self.settle()
        self.page.goto(address, wait_until="load")
        return self.page

    def reload(self) -> Page:
        """Load the page again, once nothing is under way."""
        self.settle()
        self.page.reload()
        return self.page

    def settle(self) -> None:
        """Wait until every request is answered and none follows for a while.

        Who leaves a page breaks off what it still asks for, such as the icon that Chromium fetches
        again when the address changes. That would count as a request that failed.
        """
        asked = -1
        while self.under_way or asked < len(self.requests):
            asked = len(self.requests)
            self.page.wait_for_timeout(QUIET)

    @property
    def foreign(self) -> list[str]:
        """Requests that left the site's origin."""
        inside = (self.origin + "/", "data:", f"blob:{self.origin}/")
        return [url for url in self.requests if not url.startswith(inside)]

    def weight(self) -> int:
        """Bytes of all files that were fetched so far, before compression."""
        paths = {urlsplit(url).path for url in self.requests if url.startswith(self.origin)}
        return sum((SITE / path.lstrip("/")).stat().st_size for path in paths)

    def assert_clean(self) -> None:
        """No request left the site, none failed, and the console is silent."""
        assert self.requests, "nothing was requested: the listeners do not work"
        assert self.foreign == []
        assert self.failures == []
        assert self.complaints == []


@pytest.fixture
def visit(browser: Browser, origin: str) -> Iterator[Callable[..., Visit]]:
    """A function that opens a page: visit("book/index.html", width=390, theme="dark")."""
    opened = []

    def start(
        path: str,
        *,
        width: int = 1280,
        theme: str = "light",
        scripts: bool = True,
        finger: bool = False,
    ) -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": HEIGHT},
            color_scheme=theme,
            java_script_enabled=scripts,
            has_touch=finger,
            reduced_motion="reduce",  # nothing fades in while it is looked at
            service_workers="block",
        )
        opened.append(context)
        visit = Visit(context.new_page(), origin)
        visit.open(path)
        return visit

    yield start
    for context in opened:
        context.close()


def swipe(page: Page, places: Iterable[tuple[float, float]]) -> None:
    """Put a finger down, move it from place to place, let it rest, and lift it.

    A finger that is lifted while it still moves flings, and Chromium takes a tap that follows for
    the wish to stop the fling: no click comes of it.
    """
    finger = page.context.new_cdp_session(page)
    kind = "touchStart"
    for x, y in places:
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        kind = "touchMove"
    page.wait_for_timeout(REST)
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    finger.detach()


def widen(page: Page, width: int) -> None:
    """Give the page another width, and wait until it is laid out and its scripts have seen it.

    Waited for in frames, however long one takes: in the first the page has its new width, in the
    second the style sheets know of it, after the third a ResizeObserver has heard.
    """
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.wait_for_function("width => innerWidth === width", arg=width)
    wait_for_frames(page)


def wait_for_frames(page: Page) -> None:
    """Wait for six frames, however long one takes."""
    page.evaluate(
        """async () => {
            for (let i = 0; i < 6; i++) await new Promise(requestAnimationFrame);
        }"""
    )


def dress(page: Page, theme: str) -> None:
    """Give the page the other theme, as a system does that turns dark in the evening."""
    page.emulate_media(color_scheme=theme)
    page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)


def open_everything(page: Page) -> None:
    """Open each fold of the page, hidden cells and solutions, and wait until nothing moves."""
    page.evaluate(
        """() => {
            for (const fold of document.querySelectorAll("details")) fold.open = true;
            return Promise.all(document.getAnimations().map((one) => one.finished));
        }"""
    )


def axe_source() -> str:
    """The text of axe-core, from web/checks."""
    path = Path(__file__).parents[2] / "web/checks/node_modules/axe-core/axe.min.js"
    return path.read_text(encoding="utf-8")
