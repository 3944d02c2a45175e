// What scrolls inside the page can be reached with the keyboard, but only while it does scroll.
(() => {
  "use strict";
  const BOXES = ".katex-display, .pst-scrollable-table-container, div.cell_output .output, pre";

  function scrolls(box) {
    const larger = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
    return larger && getComputedStyle(box).overflowX !== "visible";
  }

  function mark(box, reachable) {
    if (reachable) box.tabIndex = 0;
    else if (box.hasAttribute("tabindex")) box.removeAttribute("tabindex");
  }

  const observer = new ResizeObserver((entries) => {
    // All are measured before one is marked: else each mark would lay the page out again.
    const measured = entries.map(({ target }) => [target, scrolls(target)]);
    for (const [box, reachable] of measured) mark(box, reachable);
  });
  // Once the page stands and the browser has time: nobody tabs through it before.
  const later = window.requestIdleCallback ?? setTimeout;
  later(() => document.querySelectorAll(BOXES).forEach((box) => observer.observe(box)));
})();
