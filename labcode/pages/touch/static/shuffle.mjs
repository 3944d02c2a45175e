// Channels from layer to layer: which outputs an input reaches, with the shuffle and without.

import { button, draw, make, mount, onArrows, onDrag, say, within } from "./kit.mjs";
import { layers, seen } from "./reach.mjs";

const [ROW, TOP] = [76, 16]; // pixels: from row to row, and above the first
const GROUPS = [2, 3, 4];
const DEEPEST = 4;
const KINDS = { plain: "Grouped layers", units: "Units, the first with stride 2" };
const HINT = "Touch a channel of the first row or of the last, or use the arrows.";
const KEYS =
  "Channels from the inputs above to the outputs below. " +
  "Left and right choose a channel, up an input, down an output.";

class Shuffle {
  constructor(place, section) {
    this.section = section;
    Object.assign(this, { kind: "plain", groups: 3, depth: 2, shuffled: false });
    Object.assign(this, { end: "input", channel: 1 });
    this.said = make("p", { class: "touch-lead", role: "status" });
    this.drawing = draw("svg", { class: "touch-wires", "aria-hidden": "true" });
    const named = { tabindex: 0, role: "application", "aria-label": KEYS };
    this.board = make("div", { class: "touch-board touch-net", ...named }, this.drawing);
    onArrows(this.board, (down, right) => {
      const end = down < 0 ? "input" : "output";
      this.choose(down ? end : this.end, this.channel + right);
    });
    onDrag(this.board, (event) => this.point(event));
    const hint = make("p", { class: "touch-note" }, HINT);
    place.append(this.controls(), this.board, hint, this.steps(), this.said);
    new ResizeObserver(() => this.paintWires()).observe(this.board);
    this.paint();
  }

  controls() {
    const list = (label, options, value, set) => {
      const onchange = () => {
        set(made.value);
        this.paint();
      };
      const choices = Object.entries(options).map(([key, text]) =>
        make("option", { value: key, selected: key === `${value}` }, text));
      const made = make("select", { class: "touch-select", autocomplete: "off", onchange }, ...choices);
      return make("label", { class: "touch-field" }, label, made);
    };
    this.box = make("input", { type: "checkbox", autocomplete: "off", onchange: () => {
      this.shuffled = this.box.checked;
      this.paint();
    } });
    const groups = Object.fromEntries(GROUPS.map((g) => [g, `${g} groups of 4`]));
    return make("div", { class: "touch-row" },
      list("Network", KINDS, this.kind, (value) => (this.kind = value)),
      list("Channels", groups, this.groups, (value) => (this.groups = Number(value))),
      make("label", { class: "touch-field touch-check" }, this.box, "Shuffle"));
  }

  steps() {
    this.fewer = button("One layer less", () => this.grow(-1));
    this.more = button("One layer more", () => this.grow(1));
    const step = (sign, name, by) =>
      button(sign, () => this.choose(this.end, this.channel + by), { "aria-label": `${name} channel` });
    const other = () => (this.end === "input" ? "output" : "input");
    this.swap = button("", () => this.choose(other(), this.channel));
    return make("div", { class: "touch-row" },
      step("←", "Previous", -1), step("→", "Next", 1), this.swap, this.fewer, this.more);
  }

  grow(by) {
    this.depth += by;
    this.paint();
  }

  choose(end, channel) {
    this.end = end;
    this.channel = channel;
    this.paint();
  }

  /** The channel under a finger: an input in the upper half, an output in the lower one. */
  point(event) {
    const [x, y] = within(this.drawing, event);
    const end = y < 0.5 ? "input" : "output";
    const row = end === "input" ? this.reach[0] : this.reach.at(-1);
    this.choose(end, Math.floor(x * row.length));
  }

  paint() {
    this.rows = layers(this.kind, this.groups, this.depth, this.shuffled);
    this.reach = seen(this.rows, 4 * this.groups);
    const ends = { input: this.reach[0].length, output: this.reach.at(-1).length };
    this.channel = Math.min(Math.max(this.channel, 0), ends[this.end] - 1);
    this.lit = this.end === "input" ? this.forward() : this.backward();
    this.paintWires();
    this.fewer.disabled = this.depth === 1;
    this.more.disabled = this.depth === DEEPEST;
    this.swap.textContent = this.end === "input" ? "Follow an output" : "Follow an input";
    say(this.said, this.sentence(ends));
    const last = this.reach.at(-1);
    Object.assign(this.section.dataset, {
      kind: this.kind, groups: this.groups, depth: this.depth, shuffled: this.shuffled,
      end: this.end, channel: this.channel, lit: JSON.stringify(this.lit.map((row) => [...row])),
      reach: JSON.stringify(last),
    });
  }

  /** For each row, the channels that the chosen input reaches. */
  forward() {
    return this.reach.map((row) =>
      new Set(row.flatMap((inputs, channel) => (inputs.includes(this.channel) ? [channel] : []))));
  }

  /** For each row, the channels that the chosen output depends on. */
  backward() {
    const lit = [new Set([this.channel])];
    for (const { reads } of [...this.rows].reverse()) {
      lit.unshift(new Set([...lit[0]].flatMap((channel) => reads[channel])));
    }
    return lit;
  }

  sentence(ends) {
    const last = this.reach.at(-1);
    const least = Math.min(...last.map((inputs) => inputs.length));
    const here = this.end === "input"
      ? `Input ${this.channel + 1} reaches ${this.lit.at(-1).size} of ${ends.output} outputs.`
      : `Output ${this.channel + 1} hears ${this.lit[0].size} of ${ends.input} inputs.`;
    const all = least === ends.input
      ? "Every output hears every input."
      : `The output that hears least hears ${least} of ${ends.input} inputs.`;
    return `${here} ${all}`;
  }

  paintWires() {
    const width = this.board.clientWidth || 640;
    const height = TOP * 2 + ROW * this.rows.length;
    this.drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const x = (row, channel) => ((channel + 0.5) * width) / this.reach[row].length;
    const y = (row) => TOP + ROW * row;
    const wires = [[], []]; // those at rest, and those that are lit, which lie on top
    this.rows.forEach(({ reads }, row) =>
      reads.forEach((inputs, out) =>
        inputs.forEach((from) => {
          const on = this.lit[row].has(from) && this.lit[row + 1].has(out);
          const ends = { x1: x(row, from), y1: y(row), x2: x(row + 1, out), y2: y(row + 1) };
          const look = on ? "touch-wire touch-lit" : "touch-wire";
          wires[Number(on)].push(draw("line", { class: look, ...ends }));
        })));
    const dots = this.reach.flatMap((row, i) =>
      row.map((_, channel) => this.dot(i, channel, x(i, channel), y(i), width / row.length)));
    this.drawing.replaceChildren(...wires[0], ...wires[1], ...dots, ...this.names(y));
  }

  dot(row, channel, x, y, room) {
    const on = this.lit[row].has(channel);
    const r = Math.min(11, room / 2 - 1.5);
    const group = Math.floor((channel * this.groups) / this.reach[row].length) % 2;
    const look = `touch-dot touch-shade-${group}${on ? " touch-lit" : ""}`;
    return draw("circle", { class: look, cx: x, cy: y, r });
  }

  names(y) {
    return this.rows.map(({ name }, row) =>
      draw("text", { class: "touch-layer", x: 4, y: y(row) + ROW / 2 + 4 }, name));
  }
}

mount("shuffle", (place, section) => new Shuffle(place, section));
