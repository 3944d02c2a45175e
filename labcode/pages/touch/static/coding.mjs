// Huffman's tree joined by hand, then the same letters as one number.

import { button, fixed, make, mount, say } from "./kit.mjs";
import { entropyOf } from "./huffman.mjs";
import { OneNumber } from "./number.mjs";
import { Tree } from "./tree.mjs";

const EXAMPLES = ["ABRACADABRA", "AAAAAAAAAAAAAAAB", "SEASHELLS"];
const LONGEST = 24; // letters: a number of some thirty digits
const MOST = 8; // different letters: a tree that a phone has room for

function build(place, section) {
  const summary = make("p", { class: "touch-lead" });
  const second = make("div", { hidden: true });
  const number = new OneNumber((now) => {
    section.dataset.state = now.state;
    section.dataset.inside = now.inside;
    section.dataset.numberBits = now.bits;
  });
  const tree = new Tree((now) => {
    const entropy = entropyOf(now.counts);
    section.dataset.bits = now.bits;
    section.dataset.entropy = entropy;
    section.dataset.names = JSON.stringify(Object.fromEntries(now.names));
    second.hidden = !now.done;
    summary.hidden = !now.done;
    say(summary, now.done ? summed(now, entropy) : "");
    if (now.done) number.start(now.message, now.counts, { huffman: now.bits, entropy });
  });
  second.append(step("2. The same letters as one number (rANS)"), number.element);
  place.append(
    chooser((message) => tree.start(message)),
    step("1. Join the two rarest until one tree stands"),
    tree.element, summary, second,
  );
  tree.start(EXAMPLES[0]);
}

function step(text) {
  return make("p", { class: "touch-step" }, text);
}

function summed({ message, counts, bits }, entropy) {
  const alike = Math.ceil(Math.log2(counts.size));
  return (
    `${message.length} letters in ${bits} bits. With names of one length they would take ` +
    `${alike * message.length}; no code for letters as frequent as these needs fewer than ` +
    `${fixed(entropy)} on average.`
  );
}

/** The message: typed in, or one of three. */
function chooser(start) {
  const box = make("input", {
    class: "touch-input", type: "text", maxlength: LONGEST, value: EXAMPLES[0],
    autocomplete: "off", autocapitalize: "characters", spellcheck: "false",
  });
  const trouble = make("p", { class: "touch-said", role: "status" });
  const read = () => {
    const letters = box.value.toUpperCase().replace(/[^A-Z]/g, "");
    const kinds = new Set(letters).size;
    const fits = kinds >= 2 && kinds <= MOST;
    const needed = `Two to ${MOST} different letters are needed; these are ${kinds}.`;
    trouble.textContent = fits ? "" : needed;
    if (fits) start(letters);
  };
  box.addEventListener("input", read);
  const examples = EXAMPLES.map((text) =>
    button(text, () => {
      box.value = text;
      read();
    }));
  return make("div", {},
    make("label", { class: "touch-field" }, `Your message, up to ${LONGEST} letters`, box),
    make("div", { class: "touch-row" }, ...examples), trouble);
}

mount("coding", build);
