// The four steps as tabs: one is open, arrow keys go from one to the next.

import { button, make } from "./dom.mjs";

/** @param {Array<{id: string, title: string, panel: Element}>} pages */
export function tabs(pages) {
  const buttons = pages.map(({ id, title }, i) => {
    const names = { role: "tab", id: `bench-tab-${id}`, "aria-controls": `bench-${id}` };
    const does = { onclick: () => open(i), onkeydown: (event) => move(event, i) };
    return make("button", { type: "button", ...names, ...does },
      make("span", { class: "bench-number", "aria-hidden": "true" }, `${i + 1}`),
      title);
  });
  const panels = pages.map(({ id, panel }, i) => {
    const names = { role: "tabpanel", id: `bench-${id}`, "aria-labelledby": `bench-tab-${id}` };
    return make("div", { class: "bench-panel", ...names }, panel, onward(i + 1));
  });

  /** The way to the next step, where a panel ends. */
  function onward(to) {
    if (to === pages.length) return null;
    const go = () => {
      open(to);
      buttons[to].focus();
    };
    const title = `On to step ${to + 1}: ${pages[to].title.toLowerCase()}`;
    return make("p", { class: "bench-onward" }, button(title, go));
  }

  function open(which) {
    buttons.forEach((button, i) => {
      button.setAttribute("aria-selected", i === which);
      button.tabIndex = i === which ? 0 : -1;
      panels[i].hidden = i !== which;
    });
  }

  function move(event, from) {
    const to = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const which = (to + buttons.length) % buttons.length;
    open(which);
    buttons[which].focus();
  }

  open(0);
  const list = make("div", { role: "tablist", class: "bench-tabs", "aria-label": "Steps" }, ...buttons);
  const go = (id) => {
    const which = pages.findIndex((page) => page.id === id);
    open(which);
    buttons[which].focus({ preventScroll: true });
  };
  return { node: make("div", { class: "bench-steps" }, list, ...panels), go };
}
