"""How long the first move of each calculator takes, on a processor slowed four times.

Run as `make moves`, or python -m tools.first_move --slower 4.

Opens each page of the built site anew, reaches for the first control of a calculator as a reader
does, moves it by one step, and takes the time until the new answer is on the screen, with the bytes
that came. Fails where one takes longer than half a second, or more than 100 kB.
"""

import argparse
import sys
import threading
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tools.chromium import FLAGS, find
from tools.serve import SITE, make_server

LONGEST = 500.0  # ms, slowed
LARGEST = 100_000  # bytes
MOVE = """async (id) => {
    const form = document.getElementById(id);
    const slider = form.querySelector("[type=range]");
    const field = slider ?? form.querySelector("select, [type=checkbox]");
    const before = form.querySelector(".live-result").innerHTML;
    if (slider) slider.value === slider.max ? slider.stepDown() : slider.stepUp();
    else if (field.type === "checkbox") field.checked = !field.checked;
    else field.selectedIndex = 1;
    const start = performance.now();
    field.dispatchEvent(new Event("input", { bubbles: true }));
    const deadline = start + 30_000;
    while (form.querySelector("[aria-busy]") && performance.now() < deadline) {
        await new Promise(requestAnimationFrame);
    }
    const changed = form.querySelector(".live-result").innerHTML !== before;
    return [performance.now() - start, changed];
}"""


def calculators(page: Page) -> list[str]:
    """Return the ids of the page's calculators that move."""
    found: list[str] = page.locator("form.live[data-live-function]").evaluate_all(
        "forms => forms.map((form) => form.id)"
    )
    return found


def first_move(browser: Browser, address: str, id: str, slower: float) -> tuple[float, int]:
    """Return the milliseconds until the answer is there, and the bytes that came for it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(address, wait_until="load")
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    sizes: list[int] = []
    context.on(
        "response",
        lambda reply: sizes.append(len(reply.body())) if "/answers/" in reply.url else None,
    )
    field = page.locator(f"#{id} .live-control :is([type=range], select, [type=checkbox])").first
    field.hover()
    milliseconds, changed = page.evaluate(MOVE, id)
    if not changed:
        raise SystemExit(f"{address}#{id}: the first move changed nothing")
    page.wait_for_timeout(100)
    context.close()
    return float(milliseconds), sum(sizes)


def main() -> int:
    """Measure every page, and return how many calculators were too slow or too large."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slower", type=float, default=4.0, help="how many times")
    slower = parser.parse_args().slower
    server = make_server(0)
    server.handle_error = lambda *_: None  # a page that is left behind hangs up
    threading.Thread(target=server.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{server.server_port}"
    failed = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=FLAGS)
        for path in sorted(SITE.rglob("*.html")):
            if "data-live-function" not in path.read_text(encoding="utf-8"):
                continue
            name = path.relative_to(SITE).as_posix()
            page = browser.new_page()
            page.goto(f"{origin}/{name}")
            for id in calculators(page):
                milliseconds, size = first_move(browser, f"{origin}/{name}", id, slower)
                bad = milliseconds > LONGEST or size > LARGEST
                failed += bad
                print(
                    f"{Path(name).stem:24} {id:36} {milliseconds:6.0f} ms {size:8,} B"
                    f"{'  too much' if bad else ''}",
                    flush=True,
                )
            page.close()
        browser.close()
    return failed


if __name__ == "__main__":
    sys.exit(main())
