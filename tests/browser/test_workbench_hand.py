"""The hand never waits: neither for a file that is written, nor for the move before."""

from __future__ import annotations

from playwright.sync_api import Page, expect

PAGE = "book/shipping/workbench.html"
TAKES = 60_000  # ms at most for anything that computes
NEVER = "export function pack() { for (;;); }"  # a file that is never written
MOVE = """(value) => {
    const slider = document.querySelector("#bench-prune-all");
    slider.value = value;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
}"""
IN_TURN = """async () => {
    const worker = new Worker("../../workbench/worker.mjs", { type: "module" });
    const order = [];
    const heard = (kinds) => new Promise((done) => {
        worker.onmessage = ({ data: { turn, failed } }) => {
            order.push(failed ?? turn);
            if (order.length === kinds) done();
        };
    });
    const step = { kind: "prune", how: "size", values: { fc1: 0.05 }, seed: 1 };
    worker.postMessage({ turn: "open", kind: "open" });
    await heard(1);
    worker.postMessage({ turn: "commit", kind: "commit", base: 0, step, id: 1 });
    worker.postMessage({ turn: "numbers", kind: "numbers", id: 1 });
    worker.postMessage({ turn: "draft", kind: "draft", base: 0, step });
    await heard(4);
    worker.terminate();
    return order;
}"""


def start(page: Page) -> None:
    page.get_by_role("button", name="Start (loads").click()
    expect(page.locator(".bench-strip")).to_contain_text("497 of 500 digits", timeout=TAKES)
    page.get_by_role("button", name="Just show me").click()


def test_a_move_is_answered_while_a_file_is_written(visit) -> None:
    seen = visit("book/index.html")
    page = seen.page
    page.route("**/workbench/engine/pack.mjs", written_never)
    seen.go(page.url.replace("book/index.html", PAGE))
    with page.expect_request("**/writer.mjs"):
        start(page)
    for size, told in ((0.05, "below 0.050 gone"), (0.08, "below 0.080 gone")):
        page.evaluate(MOVE, size)
        row = page.locator(".bench-row:has(#bench-prune-all)")
        expect(row).to_contain_text(told, timeout=TAKES)
        expect(page.locator(".bench-strip")).to_contain_text("weighed when")
    assert "…" in page.locator(".bench-history").inner_text()  # no file was ever written


def written_never(route) -> None:
    route.fulfill(body=NEVER, content_type="text/javascript")


def test_a_draft_goes_before_a_move_that_is_still_measured(visit) -> None:
    page = visit(PAGE).page
    assert page.evaluate(IN_TURN) == ["open", "draft", "commit", "numbers"]
