// The short game: a hundred times smaller at one point lost, against the course's own file.

import { make, say } from "./dom.mjs";
import { count } from "./words.mjs";

const FACTOR = 100;
const LOST = 0.01;

/** The goal for a trained network: at most so many bytes, and at least so many digits right. */
export function goalOf({ right, count: of }, whole) {
  const bytes = Math.floor(whole / FACTOR);
  return { bytes, digits: right - Math.floor(LOST * of), right: right / of - LOST };
}

/** The goal in words, and how far it is reached. */
export function goalCard(goal) {
  const small = make("li");
  const good = make("li");
  const rival = make("p", { class: "bench-small" }, "\u00a0");
  const node = make("section", { class: "bench-game", "aria-label": "The goal" },
    make("h2", {}, `The goal: ${FACTOR} times smaller, one point lost`),
    make("ul", {}, small, good), rival);
  const line = (item, reached, text) => {
    item.className = reached ? "bench-done" : "bench-open";
    say(item, `${reached ? "✓" : "○"} ${text}`);
  };

  return {
    node,
    show({ seen, file }) {
      const size = file?.bytes.length;
      const fits = size <= goal.bytes;
      const reads = seen.right >= goal.digits;
      const more = size && !fits ? `: ${count(size - goal.bytes)} too many` : "";
      const fewer = reads ? "" : `: ${goal.digits - seen.right} missing`;
      line(small, fits, `at most ${count(goal.bytes)} bytes${more}`);
      line(good, reads, `at least ${goal.digits} of ${seen.count} digits right${fewer}`);
      node.classList.toggle("bench-won", fits && reads);
    },
    rivals({ bytes, right, count: of }) {
      const best = `${count(bytes)} bytes, ${right} of these ${of} digits right`;
      say(rival, `The course’s own file: ${best}. Can you beat it?`);
    },
  };
}
