// A layer as a row: the histogram of its weights' sizes, and below it the slider that is dragged.

import { drawing, make, say, shape } from "./dom.mjs";

const HEIGHT = 56; // pixels of a histogram
const INSET = 12; // half a slider's thumb: the drawing ends where the thumb's middle can reach

/**
 * @param {object} how
 * @param {string} how.title What the row is called.
 * @param {string} how.id
 * @param {(value: number) => void} how.onmove While the hand moves.
 * @param {() => void} how.onrest When it lets go.
 */
export function row({ id, title, onmove, onrest }) {
  let seen = { ghost: [], bars: [], cut: 0, ticks: [] };
  const told = make("span", { class: "bench-told" }, "\u00a0");
  const range = { type: "range", min: 0, max: 1, step: 0.001, value: 0, autocomplete: "off" };
  const slider = make("input", { id, ...range });
  const label = make("label", { for: id, class: "bench-row-title" }, title);
  const picture = drawing("", HEIGHT, (width) => parts(width, seen));
  slider.addEventListener("input", () => onmove(Number(slider.value)));
  slider.addEventListener("change", () => onrest());
  dragged(picture.node, slider);
  const node = make("div", { class: "bench-row" },
    make("div", { class: "bench-row-head" }, label, told), picture.node, slider);

  return {
    node,
    slider,
    /** What it holds: a slider's range and value, and how its value is said. */
    set({ min = 0, max, step, value, text }) {
      Object.assign(slider, { min, max, step });
      slider.value = value;
      slider.setAttribute("aria-valuetext", text);
    },
    tell: (text) => say(told, text),
    /** `ghost`: before the step; `bars`: after it; `cut`: share of the width left of the threshold. */
    draw(next) {
      seen = { ...seen, ...next };
      picture.again();
    },
  };
}

/** A finger or a mouse on the drawing moves the slider below it. */
function dragged(node, slider) {
  const to = (event) => {
    const { left, width } = node.getBoundingClientRect();
    const share = (event.clientX - left - INSET) / (width - 2 * INSET);
    const [low, high] = [Number(slider.min), Number(slider.max)];
    slider.value = low + Math.min(1, Math.max(0, share)) * (high - low);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  };
  node.addEventListener("pointerdown", (event) => {
    if (event.button || slider.matches(":disabled")) return;
    node.setPointerCapture(event.pointerId);
    to(event);
  });
  node.addEventListener("pointermove", (event) => node.hasPointerCapture(event.pointerId) && to(event));
  node.addEventListener("pointerup", () => slider.dispatchEvent(new Event("change", { bubbles: true })));
}

function parts(width, { ghost, bars, cut, ticks }) {
  const room = width - 2 * INSET;
  const most = Math.sqrt(Math.max(1, ...ghost, ...bars)); // roots, so that rare sizes stay visible
  const foot = HEIGHT - 1;
  const silhouette = (counts) => {
    const each = room / counts.length;
    const tops = counts.map((n, i) => {
      const y = foot - (Math.sqrt(n) / most) * (foot - 4);
      return `L${(INSET + i * each).toFixed(1)},${y.toFixed(1)} H${(INSET + (i + 1) * each).toFixed(1)}`;
    });
    return `M${INSET},${foot} ${tops.join(" ")} V${foot} Z`;
  };
  const edge = INSET + cut * room;
  return [
    shape("path", { class: "bench-ghost", d: silhouette(ghost) }),
    shape("path", { class: "bench-bars", d: silhouette(bars) }),
    ...ticks.map((at) => shape("path", { class: "bench-value", d: `M${INSET + at * room},${foot} v-14` })),
    shape("path", { class: "bench-axis", d: `M${INSET},${foot} h${room}` }),
    ...(cut > 0 ? [shape("path", { class: "bench-cut", d: `M${edge},0 V${HEIGHT}` })] : []),
  ];
}
