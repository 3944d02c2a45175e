// What scrolls inside the page can be reached with the keyboard, but only while it does scroll.
(() => {
  "use strict";
  const BOXES = ".katex-display, .pst-scrollable-table-container, div.cell_output .output, pre";
  const WAIT = 1000; // ms; a busy page is marked after this all the same

  function scrolls(box) {
    const larger = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
    return larger && getComputedStyle(box).overflowX !== "visible";
  }

  function mark(box, reachable) {
    if (reachable) box.tabIndex = 0;
    else if (box.hasAttribute("tabindex")) box.removeAttribute("tabindex");
  }

  function update(boxes) {
    // All are measured before one is marked: else each mark would lay the page out again.
    const measured = boxes.map((box) => [box, scrolls(box)]);
    for (const [box, reachable] of measured) mark(box, reachable);
  }

  function watch() {
    const boxes = [...document.querySelectorAll(BOXES)];
    const observer = new ResizeObserver((entries) => update(entries.map(({ target }) => target)));
    boxes.forEach((box) => observer.observe(box));
    // Another font changes the width of what a box holds, and leaves the box as it was.
    document.fonts.addEventListener("loadingdone", () => update(boxes));
  }

  // Once the page stands and the browser has time: nobody tabs through it before.
  if (window.requestIdleCallback) requestIdleCallback(watch, { timeout: WAIT });
  else setTimeout(watch);
})();
