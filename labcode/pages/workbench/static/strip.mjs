// The three numbers that stay in sight: accuracy, bytes, weights left.

import { make, say, words } from "./dom.mjs";
import { bytes, count, part, percent, times } from "./words.mjs";

/** @param {{params: number, weights: number}} whole Of the trained network. */
export function strip(whole) {
  const cell = (title, ...rest) => make("div", { class: "bench-cell" }, words("bench-title", title), ...rest);
  const big = () => words("bench-big", "–");
  const small = () => words("bench-small", "\u00a0");
  const [accuracy, size, left] = [big(), big(), big()];
  const [digits, smaller, share] = [small(), small(), small()];
  const [sure, than, of] = [small(), small(), small()];
  const band = make("span", { class: "bench-band-range" });
  const mark = make("span", { class: "bench-band-mark" });
  const gauge = make("div", { class: "bench-band", "aria-hidden": "true" }, band, mark);
  const spoken = make("p", { class: "bench-spoken", role: "status", "aria-live": "polite" });
  const node = make("div", { class: "bench-strip" },
    cell("Digits right", accuracy, digits, sure, gauge),
    cell("File", size, smaller, than),
    cell("Weights left", left, share, of),
    spoken,
  );

  /** Show what was seen; speak of it only once the hand rests. */
  function show(seen, { moving = false, settled = "" } = {}) {
    const { right, count: asked, low, high, layers } = seen;
    const kept = layers.reduce((all, layer) => all + layer.kept, 0);
    say(accuracy, percent(right / asked));
    say(digits, `${right} of ${asked} digits`);
    say(sure, `${(100 * low).toFixed(1)} to ${percent(high)}`);
    say(left, part(kept / whole.weights));
    say(share, count(kept));
    say(of, `of ${count(whole.weights)}`);
    band.style.insetInline = `${100 * low}% ${100 * (1 - high)}%`;
    mark.style.insetInlineStart = `${(100 * right) / asked}%`;
    node.classList.toggle("bench-moving", moving);
    if (moving) {
      say(size, "…");
      say(smaller, "weighed when");
      say(than, "you let go");
      return;
    }
    const rest = `${part(kept / whole.weights)} of the weights left`;
    say(spoken, `${settled} ${right} of ${asked} digits right, ${rest}.`);
  }

  function weigh(total) {
    say(size, bytes(total));
    say(smaller, `${times((4 * whole.params) / total)} times smaller`);
    say(than, "than in 32 bits");
  }

  function weighing() {
    say(size, "…");
    say(smaller, "is being");
    say(than, "written");
  }

  return { node, show, weigh, weighing };
}
