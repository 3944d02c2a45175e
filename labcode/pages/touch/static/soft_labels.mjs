// The soft label of the reader's own digit, beside the hard label, while the temperature moves.

import { digitSource } from "./digits.mjs";
import { make, mount, percent, say } from "./kit.mjs";
import { ranked, softened } from "./layers.mjs";
import { lenet } from "./lenet.mjs";
import { decode, grid, paintInk, SIDE } from "./pixels.mjs";

const HIGHEST = 32;
const DIGITS = [...Array(10).keys()];

/** The entropy of shares, in bits. */
export function entropy(shares) {
  return shares.reduce((sum, share) => sum - (share ? share * Math.log2(share) : 0), 0);
}

class SoftLabels {
  constructor(place, section) {
    this.section = section;
    this.logits = JSON.parse(section.dataset.logits);
    this.label = Number(section.dataset.label);
    this.number = 0; // of the newest digit
    const source = digitSource((digit, label) => this.take(digit, label), { open: true });
    place.append(make("div", { class: "touch-sides" }, this.left(source), this.right()));
    paintInk(this.picture, decode(section.dataset.digit));
    this.paint();
  }

  left(source) {
    const look = { class: "touch-pixels touch-small" };
    this.picture = grid(SIDE, "The digit as LeNet-5 sees it", look);
    const onchange = () => {
      this.label = Number(this.labels.value);
      this.paint();
    };
    const choices = DIGITS.map((digit) => make("option", { value: digit }, `${digit}`));
    const named = { class: "touch-select", autocomplete: "off", onchange };
    this.labels = make("select", named, ...choices);
    const label = make("label", { class: "touch-field" }, "It is meant to be a", this.labels);
    return make("div", { class: "touch-move" }, this.picture, label, source);
  }

  right() {
    this.slider = make("input", {
      type: "range", min: 1, max: HIGHEST, step: 1, value: 1, class: "touch-range",
      autocomplete: "off", oninput: () => this.paint(),
    });
    this.shown = make("b", {});
    const temperature = make("label", { class: "touch-field touch-wide" },
      make("span", {}, "Temperature T: ", this.shown), this.slider);
    this.said = make("p", { class: "touch-lead", role: "status" });
    this.rows = DIGITS.map(row);
    const titles = ["Digit", "Hard label", "Soft label", "Share"];
    const head = titles.map((text) => make("th", { scope: "col" }, text));
    const table = make("table", { class: "touch-table touch-labels" },
      make("thead", {}, make("tr", {}, ...head)),
      make("tbody", {}, ...this.rows.map(({ element }) => element)));
    return make("div", {}, temperature, this.said, table);
  }

  async take(digit, label) {
    const number = ++this.number;
    paintInk(this.picture, digit);
    try {
      const network = await lenet();
      if (number !== this.number) return; // a newer digit
      this.logits = network.logits(digit);
      this.label = label ?? ranked(this.logits)[0].digit;
      this.paint();
    } catch (error) {
      say(this.said, `LeNet-5 could not be loaded (${error.message}). Draw again.`);
    }
  }

  paint() {
    const temperature = Number(this.slider.value);
    const shares = softened(this.logits, temperature);
    const [first, second] = ranked(shares);
    const bits = entropy(shares);
    this.shown.textContent = `${temperature}`;
    this.labels.value = this.label;
    this.rows.forEach(({ hard, soft, share }, digit) => {
      hard.firstChild.style.width = digit === this.label ? "100%" : "0";
      soft.firstChild.style.width = `${100 * shares[digit]}%`;
      share.textContent = percent(shares[digit]);
    });
    const most = `${percent(first.share)} for ${first.digit}`;
    const next = `then ${percent(second.share)} for ${second.digit}`;
    say(this.said, `${most}, ${next}. Entropy ${bits.toFixed(2)} bits; the hard label has 0.`);
    Object.assign(this.section.dataset, {
      temperature, entropy: bits, label: this.label,
      shares: JSON.stringify(shares), logits: JSON.stringify(this.logits),
    });
  }
}

/** A row of the table, with the parts of it that change. */
function row(digit) {
  const [hard, soft] = ["", "touch-soft"].map((more) =>
    make("span", { class: `touch-bar ${more}`, "aria-hidden": "true" }, make("span", {})));
  const share = make("td", { class: "touch-share" });
  const element = make("tr", {},
    make("th", { scope: "row" }, `${digit}`), make("td", {}, hard), make("td", {}, soft), share);
  return { element, hard, soft, share };
}

mount("soft_labels", (place, section) => new SoftLabels(place, section));
