// The same letters through rANS: one number that each letter makes larger, there and back.

import { button, caption, fixed, grouped, make, say } from "./kit.mjs";
import { log2, Model, START } from "./rans.mjs";

export class OneNumber {
  /** @param {(number: OneNumber) => void} changed Called after each change. */
  constructor(changed) {
    this.changed = changed;
    this.tape = make("div", { class: "touch-tape", role: "img" });
    this.slots = make("div", { class: "touch-slots", "aria-hidden": "true" });
    this.shown = make("output", { class: "touch-number" });
    this.how = make("p", { class: "touch-said", role: "status" });
    this.bars = make("div", { class: "touch-lengths" });
    this.in = button("Put a letter in", () => this.put(1));
    this.out = button("Take one out", () => this.take(1));
    this.allIn = button("All in", () => this.put(Infinity));
    this.allOut = button("All out", () => this.take(Infinity));
    this.element = make("div", {},
      caption("The message; what is in the number is marked"), this.tape,
      caption("The slots"), this.slots, caption("The number"), this.shown, this.how, this.bars,
      make("div", { class: "touch-row" }, this.in, this.out, this.allIn, this.allOut));
  }

  start(message, counts, least) {
    this.message = message;
    this.least = least;
    this.model = new Model(counts);
    this.state = START;
    this.inside = 0; // letters, from the end of the message
    this.slot = null;
    const total = grouped(this.model.total);
    this.paint(
      `The number starts at ${grouped(START)}. Each of the ${total} letters has one slot. What goes ` +
        "in last comes out first, so the last letter goes in first.",
    );
  }

  get bits() {
    return log2(this.state) - log2(START);
  }

  put(most) {
    const end = Math.min(this.message.length, this.inside + most);
    let sentence = "";
    while (this.inside < end) sentence = this.putOne();
    this.paint(sentence);
  }

  putOne() {
    const letter = this.message[this.message.length - 1 - this.inside];
    const { count, start } = this.model.parts.get(letter);
    const [before, total] = [this.state, this.model.total];
    this.state = this.model.put(before, letter);
    this.inside += 1;
    this.slot = this.state % total;
    return (
      `${letter} goes in: ⌊${grouped(before)} ÷ ${count}⌋ × ${total} + ${start} + the rest, ` +
      `${before % count}. Slot ${this.slot} is one of ${letter}’s, and the number is now about ` +
      `${total} ÷ ${count} = ${fixed(Number(total) / Number(count))} times as large.`
    );
  }

  take(most) {
    let sentence = "";
    for (let left = Math.min(most, this.inside); left > 0; left--) sentence = this.takeOne();
    this.paint(sentence);
  }

  takeOne() {
    const before = this.state;
    const { letter, slot, number } = this.model.take(before);
    const { count, start } = this.model.parts.get(letter);
    this.state = number;
    this.inside -= 1;
    this.slot = slot;
    const total = this.model.total;
    return (
      `${grouped(before)} has the rest ${slot} by ${total}, a slot of ${letter}: ${letter} comes ` +
      `out. ${count} × ⌊${grouped(before)} ÷ ${total}⌋ + ${slot} − ${start} is what was there ` +
      "before."
    );
  }

  paint(sentence) {
    const out = this.message.length - this.inside;
    this.tape.replaceChildren(...[...this.message].map((letter, i) =>
      make("span", { class: i >= out ? "touch-letter touch-in" : "touch-letter" }, letter)));
    const inside = `${this.inside} of ${this.message.length} letters are in the number`;
    this.tape.setAttribute("aria-label", inside);
    this.paintSlots();
    this.shown.value = grouped(this.state);
    say(this.how, sentence);
    this.in.disabled = this.allIn.disabled = !out;
    this.out.disabled = this.allOut.disabled = !this.inside;
    this.paintLengths();
    this.changed(this);
  }

  paintSlots() {
    let slot = 0;
    const cells = [];
    let shade = 0;
    for (const [letter, { count }] of this.model.parts) {
      for (let i = 0n; i < count; i++, slot++) {
        const here = this.slot !== null && BigInt(slot) === this.slot;
        const classes = ["touch-slot", `touch-shade-${shade % 2}`, here ? "touch-here" : ""];
        cells.push(make("span", { class: classes.join(" ") }, letter));
      }
      shade += 1;
    }
    this.slots.replaceChildren(...cells);
  }

  paintLengths() {
    const { huffman, entropy } = this.least;
    const longest = Math.max(huffman, entropy, this.bits);
    const whole = this.inside === this.message.length;
    const named = [
      ["Huffman’s names, all letters", huffman, huffman.toFixed(0)],
      ["The least by entropy, all letters", entropy, fixed(entropy)],
      [`In the number, ${whole ? "all" : this.inside} letters`, this.bits, fixed(this.bits)],
    ];
    this.bars.replaceChildren(...named.map(([name, value, text]) =>
      make("div", { class: "touch-length" },
        make("span", {}, name),
        make("span", { class: "touch-bar", "aria-hidden": "true" },
          make("span", { style: `width:${(100 * value) / longest}%` })),
        make("b", {}, `${text} bits`))));
  }
}
