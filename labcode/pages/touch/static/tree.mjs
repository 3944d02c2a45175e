// Huffman's tree as the reader joins it: a row of trees whose roots are buttons.

import { button, make, say, times } from "./kit.mjs";
import { bitsOf, countLetters, join, leavesOf, namesOf, rarest, refusal } from "./huffman.mjs";

const ASK = "Choose the two rarest.";

export class Tree {
  /** @param {(tree: Tree) => void} changed Called after each change. */
  constructor(changed) {
    this.changed = changed;
    const named = { class: "touch-forest", role: "group", "aria-label": "Trees so far" };
    this.woods = make("div", named);
    this.said = make("p", { class: "touch-said", role: "status" });
    this.help = button("Join for me", () => this.combine(...rarest(this.forest)));
    this.back = button("One step back", () => this.undo());
    this.again = button("From the start", () => this.start(this.message));
    const buttons = make("div", { class: "touch-row" }, this.help, this.back, this.again);
    this.table = make("table", { class: "touch-table" });
    const beside = make("div", { class: "touch-beside" }, this.woods, this.table);
    this.element = make("div", {}, this.said, beside, buttons);
  }

  start(message) {
    this.message = message;
    this.counts = countLetters(message);
    this.past = [];
    this.show(leavesOf(this.counts), ASK);
  }

  get done() {
    return this.forest.length === 1;
  }

  get names() {
    return namesOf(this.forest);
  }

  get bits() {
    return bitsOf(this.counts, this.names);
  }

  undo() {
    if (this.past.length) this.show(this.past.pop(), ASK);
  }

  /** Hold one root; a second one joins, or is refused with its reason. */
  pick(root) {
    if (this.held && this.held !== root) return this.combine(this.held, root);
    this.held = this.held ? null : root;
    this.paint(this.held ? `${root.name} is one of them. Which is the other?` : ASK);
  }

  combine(first, second) {
    const reason = refusal(this.forest, first, second);
    if (reason) {
      this.held = null;
      return this.paint(reason);
    }
    this.past.push(this.forest);
    const sum = first.count + second.count;
    const forest = join(this.forest, first, second);
    const next = forest.length > 1 ? "Which two are the rarest now?" : "The tree stands.";
    this.show(forest, `${first.name} and ${second.name}: together they come ${times(sum)}. ${next}`);
  }

  show(forest, sentence) {
    this.forest = forest;
    this.held = null;
    this.paint(sentence);
    this.changed(this);
  }

  paint(sentence) {
    const focused = this.woods.contains(document.activeElement);
    this.woods.replaceChildren(...this.forest.map((root) => this.drawn(root, true)));
    const find = (selector) => this.woods.querySelector(selector);
    if (focused) (find("[aria-pressed=true]") ?? find("button"))?.focus();
    say(this.said, sentence);
    this.help.disabled = this.done;
    this.back.disabled = this.again.disabled = !this.past.length;
    this.fillTable();
  }

  drawn(node, root) {
    const text = [make("b", {}, node.name), ` ${node.count}`];
    const shown = root && !this.done
      ? button("", () => this.pick(node), {
          class: "touch-button touch-node",
          "aria-pressed": `${this.held === node}`,
          "aria-label": `${node.name} ${node.count === 1 ? "1 time" : `${node.count} times`}`,
        })
      : make("span", { class: "touch-node" });
    shown.append(...(node.kids.length && !root ? [`${node.count}`] : text));
    const made = make("div", { class: "touch-tree" }, shown);
    const kids = node.kids.map((kid, bit) => {
      const name = make("span", { class: "touch-bit" }, `${bit}`);
      return make("div", { class: "touch-kid" }, name, this.drawn(kid, false));
    });
    if (kids.length) made.append(make("div", { class: "touch-kids" }, ...kids));
    return made;
  }

  fillTable() {
    const names = this.names;
    const head = ["Letter", "Comes", "Name"].map((text) => make("th", { scope: "col" }, text));
    const rows = [...this.counts].map(([letter, count]) =>
      make("tr", { "data-letter": letter },
        make("th", { scope: "row" }, letter),
        make("td", {}, times(count)),
        make("td", { class: "touch-name" }, names.get(letter) || "–")));
    this.table.replaceChildren(
      make("thead", {}, make("tr", {}, ...head)),
      make("tbody", {}, ...rows),
    );
  }
}
