// The filters of the first layer, pixel by pixel: what is pruned is a hole.

import { drawing, make, shape, words } from "./dom.mjs";

const GAP = 8; // pixels between filters
const CAPTION =
  "The first convolution’s filters: blue weights are negative, orange ones positive, pale ones " +
  "small, holes are gone.";
const LARGEST = 6; // pixels of a weight

/** @returns {{node: Element, show: Function}} */
export function firstFilters() {
  let first = null;
  const picture = drawing("The filters of the first convolution", 92, (width) => parts(width));
  const node = make("div", { class: "bench-filters" }, picture.node,
    words("bench-caption", CAPTION));

  function parts(width) {
    if (!first) return [];
    const { filters, side, weights, kept } = first;
    const most = weights.reduce((found, value) => Math.max(found, Math.abs(value)), 1e-9);
    const columns = Math.ceil(filters / 2);
    const cell = Math.min(LARGEST, Math.floor((width - (columns - 1) * GAP) / columns / side));
    const step = side * cell + GAP;
    return Array.from({ length: filters }, (_, filter) => {
      const across = (filter % columns) * step;
      const down = Math.floor(filter / columns) * (side * LARGEST + GAP) + 2;
      const around = { width: side * cell + 2, height: side * cell + 2 };
      const pixels = [shape("rect", { class: "bench-hole", x: across - 1, y: down - 1, ...around })];
      for (let i = 0; i < side * side; i++) {
        const place = filter * side * side + i;
        if (!kept[place]) continue;
        const value = weights[place];
        pixels.push(shape("rect", {
          class: value < 0 ? "bench-minus" : "bench-plus",
          x: across + (i % side) * cell,
          y: down + Math.floor(i / side) * cell,
          width: cell,
          height: cell,
          "fill-opacity": (0.12 + 0.88 * Math.abs(value) / most).toFixed(2),
        }));
      }
      return shape("g", {}, ...pixels);
    });
  }

  return {
    node,
    show(next) {
      first = next;
      picture.again();
    },
  };
}
