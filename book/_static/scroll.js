// What scrolls inside the page can be reached with the keyboard, but only while it does scroll.
(() => {
  "use strict";
  const BOXES = ".katex-display, .pst-scrollable-table-container, div.cell_output .output, pre";

  function mark(box) {
    const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
    if (scrolls && getComputedStyle(box).overflowX !== "visible") box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }

  const observer = new ResizeObserver((entries) => entries.forEach(({ target }) => mark(target)));
  document.querySelectorAll(BOXES).forEach((box) => observer.observe(box));
})();
