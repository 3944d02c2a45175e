// A digit that the reader moves: what no pooling, mean and max make of it, and what three networks
// with them answer.

import { digitSource } from "./digits.mjs";
import { button, make, mount, onArrows, onDrag, percent, say, within } from "./kit.mjs";
import { ranked, softened } from "./layers.mjs";
import { decode, grid, paintInk, SIDE } from "./pixels.mjs";
import { pooledNetworks } from "./pooled.mjs";

const FARTHEST = 4; // pixels, as far as the page's measurements go
const GROUPS = [2, 4];
const KINDS = {
  none: { title: "No pooling", said: "without pooling", keep: null },
  mean: { title: "Mean", said: "with the mean", keep: mean },
  max: { title: "Max", said: "with the maximum", keep: (values) => Math.max(...values) },
};

const ABOUT =
  "Three small networks, alike but for what follows each of their two convolutions: nothing, the " +
  "mean of 2 × 2 values, or their maximum. All learned from the same 1,000 digits, none of them " +
  "moved, each at the rate that suits it.";
const WAIT = "The three networks are on their way: 83 kB.";

function mean(values) {
  return values.reduce((sum, value) => sum + value) / values.length;
}

/** The digit moved by whole pixels; what leaves is lost, and zeros come in. */
export function moved(digit, down, right) {
  return Float32Array.from(digit, (_, place) => {
    const [row, column] = [Math.floor(place / SIDE) - down, (place % SIDE) - right];
    return row < 0 || column < 0 || row >= SIDE || column >= SIDE ? 0 : digit[row * SIDE + column];
  });
}

/** One number of each group of `group` x `group` pixels. */
export function pooled(digit, kind, group) {
  const { keep } = KINDS[kind];
  if (!keep) return Float64Array.from(digit);
  const side = SIDE / group;
  return Float64Array.from({ length: side * side }, (_, place) => {
    const at = group * Math.floor(place / side) * SIDE + group * (place % side);
    const inside = (_, i) => digit[at + Math.floor(i / group) * SIDE + (i % group)];
    return keep(Array.from({ length: group * group }, inside));
  });
}

/** How far a map has changed, as a part of its own length. */
export function change(before, after) {
  const length = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return length(after.map((value, i) => value - before[i])) / Math.max(length(before), 1e-12);
}

class Shift {
  constructor(place, section) {
    this.section = section;
    this.by = { down: 0, right: 1 };
    this.group = GROUPS[0];
    this.networks = null;
    place.append(this.stage(), digitSource((digit) => this.take(digit)));
    this.take(decode(section.dataset.digit));
  }

  stage() {
    this.picture = grid(SIDE, "The digit, moved");
    this.lines = make("span", { class: "touch-groups" });
    const board = make("div", {
      class: "touch-board", tabindex: 0, role: "application",
      "aria-label": "The digit. Drag it, or use the arrow keys.",
    }, this.picture, this.lines);
    onArrows(board, (down, right) => this.move(this.by.down + down, this.by.right + right));
    let start = null; // where the finger came down, and how far the digit was moved then
    onDrag(board, (event, first) => {
      const [x, y] = within(this.picture, event).map((share) => share * SIDE);
      if (first) start = { x, y, ...this.by };
      this.move(start.down + Math.round(y - start.y), start.right + Math.round(x - start.x));
    });
    this.said = make("p", { class: "touch-lead", role: "status" });
    this.cards = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, this.card(kind)]));
    const elements = Object.values(this.cards).map(({ element }) => element);
    const cards = make("div", { class: "touch-cards" }, ...elements);
    return make("div", { class: "touch-sides" },
      make("div", { class: "touch-move" }, board, this.arrows(), this.sizes()),
      make("div", {}, this.said, cards, this.answers()));
  }

  arrows() {
    const arrow = (sign, name, down, right) => {
      const move = () => this.move(this.by.down + down, this.by.right + right);
      return button(sign, move, { "aria-label": `Move ${name} by a pixel` });
    };
    return make("div", { class: "touch-row" },
      arrow("←", "left", 0, -1), arrow("↑", "up", -1, 0),
      arrow("↓", "down", 1, 0), arrow("→", "right", 0, 1),
      button("Back", () => this.move(0, 0)));
  }

  sizes() {
    const list = make("select", { class: "touch-select", autocomplete: "off", onchange: () => {
      this.group = Number(list.value);
      this.paint();
    } }, ...GROUPS.map((side) => make("option", { value: side }, `${side} × ${side}`)));
    return make("label", { class: "touch-field" }, "Groups of", list);
  }

  card(kind) {
    const [before, after] = ["before", "after"].map((when) =>
      grid(SIDE, `${KINDS[kind].title}, ${when} the shift`));
    const changed = make("b", {});
    const answer = make("p", { class: "touch-answer", hidden: true });
    const arrow = make("span", { "aria-hidden": "true" }, "→");
    const element = make("div", { class: "touch-card" },
      make("span", { class: "touch-name-of" }, KINDS[kind].title),
      make("span", { class: "touch-pair" }, before, arrow, after),
      make("span", { class: "touch-changed" }, "changed by ", changed),
      answer);
    return { element, before, after, changed, answer };
  }

  answers() {
    this.asked = button("Ask three networks", () => this.ask());
    this.told = make("p", { class: "touch-told", role: "status" });
    const about = make("p", { class: "touch-note" }, ABOUT);
    return make("div", { class: "touch-ask" }, this.asked, this.told, about);
  }

  async ask() {
    say(this.told, WAIT);
    try {
      this.networks = await pooledNetworks();
      this.asked.hidden = true;
      this.paint();
    } catch (error) {
      say(this.told, `The networks could not be loaded (${error.message}). Ask again.`);
    }
  }

  take(digit) {
    this.digit = digit;
    this.still = null; // what the networks say of it where it stands
    this.paint();
  }

  move(down, right) {
    const clamp = (value) => Math.min(Math.max(value, -FARTHEST), FARTHEST);
    this.by = { down: clamp(down), right: clamp(right) };
    this.paint();
  }

  paint() {
    const { down, right } = this.by;
    const now = moved(this.digit, down, right);
    paintInk(this.picture, now);
    this.lines.style.setProperty("--touch-group", `${(100 * this.group) / SIDE}%`);
    say(this.said, `The digit ${way(down, right)}. The groups stand still.`);
    Object.assign(this.section.dataset, { down, right, group: this.group });
    for (const [kind, { before, after, changed }] of Object.entries(this.cards)) {
      const [old, made] = [this.digit, now].map((digit) => pooled(digit, kind, this.group));
      for (const [canvas, values] of [[before, old], [after, made]]) {
        canvas.width = canvas.height = Math.sqrt(values.length);
        paintInk(canvas, values);
      }
      const found = change(old, made);
      changed.textContent = `${(100 * found).toFixed(0)} %`;
      this.section.dataset[kind] = found;
    }
    if (this.networks) this.paintAnswers(now);
  }

  paintAnswers(now) {
    this.still ??= this.sharesOf(this.digit);
    const shares = this.sharesOf(now);
    const says = Object.keys(KINDS).map((kind) => {
      const [before, after] = [this.still, shares].map((found) => ranked(found[kind])[0]);
      const { answer } = this.cards[kind];
      answer.replaceChildren("Its network: ", ...words(before), " → ", ...words(after));
      answer.hidden = false;
      return `${KINDS[kind].said} ${after.digit}`;
    });
    say(this.told, `Moved like this, the networks answer: ${says.join(", ")}.`);
    this.section.dataset.answers = JSON.stringify([this.still, shares]);
  }

  /** The shares that each network gives to the ten digits. */
  sharesOf(digit) {
    const found = Object.entries(this.networks).map(([kind, network]) =>
      [kind, softened(network.logits(digit))]);
    return Object.fromEntries(found);
  }
}

/** An answer, and how sure the network is of it. */
function words({ digit, share }) {
  return [make("b", {}, `${digit}`), `, ${percent(share)} sure`];
}

function way(down, right) {
  if (!down && !right) return "stands where it stood";
  const ways = [[right, "to the right", "to the left"], [down, "down", "up"]];
  const parts = ways
    .filter(([by]) => by)
    .map(([by, plus, minus]) => `${Math.abs(by)} ${by > 0 ? plus : minus}`);
  return `is moved ${parts.join(" and ")}`;
}

mount("shift", (place, section) => new Shift(place, section));
