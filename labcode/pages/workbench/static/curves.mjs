// A line that grows with each step of training, the twin's beside it.

import { drawing, make, shape } from "./dom.mjs";

const HEIGHT = 130;
const [LEFT, RIGHT, TOP, BELOW] = [38, 12, 10, 22];
const SMOOTH = 0.12; // part of the newest value: single batches jump

/**
 * @param {string} title What is drawn.
 * @param {(value: number, most: number) => string} text How a value is written on an axis that ends
 *   at `most`.
 * @param {number|null} top The highest value; null takes it from the values.
 */
export function curve(title, text, top) {
  let lines = { own: [], twin: [] };
  let planned = 1;
  const picture = drawing(title, HEIGHT, (width) => parts(width));

  function parts(width) {
    const most = top ?? Math.max(0.1, ...lines.own, ...lines.twin);
    const x = (step) => LEFT + (step / planned) * (width - LEFT - RIGHT);
    const y = (value) => TOP + (1 - Math.min(1, value / most)) * (HEIGHT - TOP - BELOW);
    const word = (at, down, words, anchor) =>
      shape("text", { x: at, y: down, "text-anchor": anchor, class: "bench-word" }, words);
    const drawn = [0, most / 2, most].flatMap((value) => [
      shape("path", { class: "bench-grid", d: `M${x(0)},${y(value)} H${x(planned)}` }),
      word(LEFT - 6, y(value) + 4, text(value, most), "end"),
    ]);
    drawn.push(word(x(0), HEIGHT - 5, "step 0", "start"));
    drawn.push(word(x(planned), HEIGHT - 5, `step ${planned}`, "end"));
    for (const [name, values] of Object.entries(lines)) {
      if (!values.length) continue;
      const points = values.map((value, i) => `${x(i + 1).toFixed(1)},${y(value).toFixed(1)}`);
      drawn.push(shape("polyline", { class: `bench-line bench-${name}`, points: points.join(" ") }));
    }
    return drawn;
  }

  return {
    node: make("figure", { class: "bench-curve" }, make("figcaption", {}, title), picture.node),
    clear() {
      lines = { own: [], twin: [] };
      picture.again();
    },
    add(name, value, steps) {
      planned = steps;
      const before = lines[name].at(-1) ?? value;
      lines[name].push(before + SMOOTH * (value - before));
      picture.again();
    },
  };
}
