// The path in words, with what each step made of the network; the last can be taken back.

import { button, make, say } from "./dom.mjs";
import { toLink } from "./link.mjs";
import { bytes, describe } from "./words.mjs";

/** @param {object} names What people call the layers. */
export function history(path, names) {
  const list = make("ol", { class: "bench-history", start: 0 });
  const undo = button("Undo the last step", () => path.undo());
  const restart = button("Start over", () => path.restart());
  const link = button("Copy a link to this", copy);
  const told = make("p", { class: "bench-progress", role: "status" }, "\u00a0");
  const node = make("section", { class: "bench-path", "aria-label": "Your path" },
    make("p", { class: "bench-buttons" }, undo, restart, link), told, list);

  async function copy() {
    try {
      await navigator.clipboard.writeText(location.href);
      say(told, "The link is copied. It holds the settings, not the weights: they are made again.");
    } catch {
      say(told, `Copy it from the address bar: it ends on ${location.hash || "no steps yet"}`);
    }
  }

  function show() {
    undo.disabled = restart.disabled = path.entries.length === 1;
    list.replaceChildren(...path.entries.map(({ step, seen, file }) => {
      const size = file ? bytes(file.bytes.length) : "…";
      return make("li", {},
        make("span", {}, describe(step, names)),
        make("span", { class: "bench-small" }, `${seen.right} of ${seen.count} right, ${size}`));
    }));
    const address = new URL(location.href);
    address.hash = toLink(path.steps);
    if (address.href !== location.href) say(told, "\u00a0"); // else it is the same link still
    globalThis.history.replaceState(globalThis.history.state, "", address);
  }

  const busy = (is) => {
    for (const one of [undo, restart]) one.disabled = is || path.entries.length === 1;
  };
  return { node, show, busy };
}
