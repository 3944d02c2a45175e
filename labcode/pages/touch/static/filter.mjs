// A filter of 3 x 3 weights slides over a digit: products, their sum, and the map that fills.

import { digitSource } from "./digits.mjs";
import { button, caption, fixed, make, mount, onArrows, onDrag, say, within } from "./kit.mjs";
import { decode, grid, paintInk, paintSigned, SIDE } from "./pixels.mjs";

const K = 3;
const OUT = SIDE - K + 1; // 26: the window stays inside the digit
const PRESETS = {
  "Horizontal edge": [1, 1, 1, 0, 0, 0, -1, -1, -1],
  "Vertical edge": [1, 0, -1, 1, 0, -1, 1, 0, -1],
  Outline: [-1, -1, -1, -1, 8, -1, -1, -1, -1],
  Blur: Array(9).fill(0.111),
  Identity: [0, 0, 0, 0, 1, 0, 0, 0, 0],
};
const PLACES = 7; // of the map, a tick
const TICK = 40; // milliseconds
const KEYS = "Drag it, or use the arrow keys.";

/** Nine products at a place of the digit, row after row. */
export function products(digit, weights, row, column) {
  return weights.map((weight, i) => {
    const pixel = digit[(row + Math.floor(i / K)) * SIDE + column + (i % K)];
    return { pixel, weight, product: pixel * weight };
  });
}

/** The sum of the products at each place. */
export function convolve(digit, weights) {
  return Float64Array.from({ length: OUT * OUT }, (_, place) =>
    products(digit, weights, Math.floor(place / OUT), place % OUT).reduce(
      (sum, { product }) => sum + product, 0));
}

class Filter {
  constructor(place, section) {
    this.section = section;
    this.digit = decode(section.dataset.digit);
    this.weights = [...PRESETS["Horizontal edge"]];
    this.seen = new Set();
    this.at = { row: 4, column: 9 };
    this.timer = null;
    const source = digitSource((digit) => this.take(digit));
    place.append(this.presets(), this.stage(), this.controls(source));
    this.take(this.digit);
  }

  presets() {
    this.buttons = Object.entries(PRESETS).map(([name, weights]) =>
      button(name, () => this.weigh([...weights]), { "aria-pressed": "false" }));
    const named = { class: "touch-row", role: "group", "aria-label": "Filters to begin with" };
    return make("div", named, ...this.buttons);
  }

  stage() {
    this.picture = grid(SIDE, "The digit, 28 by 28 pixels");
    this.map = grid(OUT, "The map so far, 26 by 26 sums: blue above zero, orange below");
    this.frame = make("span", { class: "touch-window" });
    this.spot = make("span", { class: "touch-window" });
    const input = this.board(this.picture, this.frame, "The window over the digit", SIDE);
    const output = this.board(this.map, this.spot, "The place in the map", OUT);
    this.cells = this.weights.map((_, i) => this.cell(i));
    this.sum = make("p", { class: "touch-sum", role: "status" });
    const named = { class: "touch-nine", role: "group", "aria-label": "Pixels times weights" };
    const nine = make("div", named, ...this.cells.map(({ element }) => element));
    return make("div", { class: "touch-stage" },
      make("div", {}, input, caption("The digit and the window")),
      make("div", { class: "touch-sums" }, nine, this.sum),
      make("div", {}, output, caption("The map that fills")));
  }

  /** A canvas over which a finger or the arrow keys move the mark. */
  board(canvas, mark, label, size) {
    const named = { tabindex: 0, role: "application", "aria-label": `${label}. ${KEYS}` };
    const made = make("div", { class: "touch-board", ...named }, canvas, mark);
    onArrows(made, (down, right) => this.move(this.at.row + down, this.at.column + right));
    onDrag(made, (event, first) => {
      const [x, y] = within(canvas, event);
      const off = size === SIDE ? 1 : 0; // a finger holds the middle of the window
      this.move(Math.floor(y * size) - off, Math.floor(x * size) - off, !first);
    });
    return made;
  }

  cell(i) {
    const pixel = make("span", {});
    const product = make("b", {});
    const weight = make("input", {
      type: "number", step: 0.5, class: "touch-weight", autocomplete: "off",
      "aria-label": `Weight in row ${Math.floor(i / K) + 1}, column ${(i % K) + 1}`,
      oninput: () => {
        if (weight.validity.badInput || weight.value === "") return; // not a number yet
        this.weights[i] = Number(weight.value);
        this.paint();
      },
    });
    const element = make("div", { class: "touch-product" }, pixel, weight, product);
    return { element, pixel, weight, product };
  }

  controls(source) {
    this.play = button("Slide over all", () => (this.timer ? this.stop() : this.slide()));
    const empty = button("Empty the map", () => {
      this.stop();
      this.seen.clear();
      this.move(this.at.row, this.at.column);
    });
    return make("div", { class: "touch-row touch-top" }, this.play, empty, source);
  }

  take(digit) {
    this.digit = digit;
    paintInk(this.picture, digit);
    this.weigh(this.weights);
    this.move(this.at.row, this.at.column);
  }

  weigh(weights) {
    this.weights = weights;
    this.cells.forEach(({ weight }, i) => (weight.value = weights[i]));
    this.paint();
  }

  /** Move the window; between two places of one drag it passes over those that lie between. */
  move(row, column, drag = false) {
    const clamp = (value) => Math.min(Math.max(value, 0), OUT - 1);
    const [from, to] = [this.at, { row: clamp(row), column: clamp(column) }];
    const far = Math.max(Math.abs(to.row - from.row), Math.abs(to.column - from.column), 1);
    const steps = drag ? far : 1;
    for (let step = 1; step <= steps; step++) {
      const between = (a, b) => Math.round(a + ((b - a) * step) / steps);
      this.seen.add(between(from.row, to.row) * OUT + between(from.column, to.column));
    }
    this.at = to;
    this.seen.add(to.row * OUT + to.column);
    this.paint();
  }

  slide() {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let place = 0;
    const tick = () => {
      const end = still ? OUT * OUT : Math.min(place + PLACES, OUT * OUT);
      while (place < end) this.seen.add(place++);
      this.at = { row: Math.floor((place - 1) / OUT), column: (place - 1) % OUT };
      this.paint();
      if (place === OUT * OUT) this.stop();
    };
    this.timer = setInterval(tick, TICK);
    this.play.textContent = "Stop";
    tick();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.play.textContent = "Slide over all";
  }

  paint() {
    const { row, column } = this.at;
    const all = convolve(this.digit, this.weights);
    const shown = Array.from(all, (value, place) => (this.seen.has(place) ? value : null));
    const largest = all.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    paintSigned(this.map, shown, largest);
    this.frame.style.cssText = placed(row, column, K, SIDE);
    this.spot.style.cssText = placed(row, column, 1, OUT);
    const found = products(this.digit, this.weights, row, column);
    this.cells.forEach(({ pixel, product, weight }, i) => {
      pixel.textContent = `${fixed(found[i].pixel)} ×`;
      product.textContent = `= ${fixed(found[i].product)}`;
      weight.classList.toggle("touch-minus", this.weights[i] < 0);
    });
    const sum = all[row * OUT + column];
    const where = `Row ${row + 1}, column ${column + 1} of the map`;
    say(this.sum, `${where}: ${written(found)} = ${fixed(sum)}`);
    Object.values(PRESETS).forEach((weights, i) => {
      const same = weights.every((weight, j) => weight === this.weights[j]);
      this.buttons[i].setAttribute("aria-pressed", `${same}`);
    });
    const { weights, seen } = this;
    const map = JSON.stringify(shown);
    Object.assign(this.section.dataset, { row, column, sum, weights, filled: seen.size, map });
  }
}

function placed(row, column, size, side) {
  const share = (value) => `${(100 * value) / side}%`;
  return `top:${share(row)};left:${share(column)};width:${share(size)};height:${share(size)}`;
}

/** The products that are not zero, as a sum. */
function written(found) {
  const parts = found.map(({ product }) => product).filter((product) => fixed(product) !== "0.00");
  if (!parts.length) return "all products are 0, their sum";
  const [first, ...others] = parts;
  const more = others.map((part) => `${part < 0 ? "−" : "+"} ${fixed(Math.abs(part))}`);
  return [fixed(first), ...more].join(" ");
}

mount("filter", (place, section) => new Filter(place, section));
