// Predict first: the reader marks where the cliff will be, then each move leaves a point.

import { button, drawing, make, say, shape } from "./dom.mjs";
import { percent } from "./words.mjs";

const HEIGHT = 150;
const [LEFT, RIGHT, TOP, BELOW] = [38, 12, 10, 34];
const FALL = 0.05; // of the digits: a cliff, not a slope
const QUESTION =
  "Before you drag: small weights go first. How many can go until 5 more of 100 digits are misread, " +
  "at the dotted line?";
const LOCKED = "Then the sliders below are yours.";
const MARKS = [0, 0.25, 0.5, 0.75, 1];

/** @param {(byHand: boolean) => void} onready When the reader has guessed, or does not want to. */
export function cliff(onready) {
  let guess = 0.5;
  let settled = false;
  let before = 1; // accuracy of the state that is pruned
  let trail = []; // {gone, right, how, even}
  let found = ""; // what the guess came to, once another network is pruned
  const picture = drawing("", HEIGHT, (width) => parts(width));
  const range = { type: "range", min: 0, max: 100, value: 50, autocomplete: "off" };
  const slider = make("input", { id: "bench-guess", ...range });
  const label = make("label", { for: "bench-guess" }, "");
  const ready = (guessed, byHand = true) => {
    settled = true;
    if (!guessed) guess = null;
    asking.hidden = label.hidden = true;
    verdict.hidden = false;
    speak();
    picture.again();
    onready(byHand);
  };
  const asking = make("div", { class: "bench-asking" }, slider,
    make("p", { class: "bench-buttons" },
      button("That is my guess", () => ready(true), "bench-main"),
      button("Just show me", () => ready(false))),
    make("p", { class: "bench-caption" }, LOCKED));
  const verdict = make("p", { class: "bench-verdict", hidden: true });
  slider.addEventListener("input", () => {
    guess = slider.value / 100;
    ask();
  });

  function ask() {
    say(label, `${QUESTION} I guess ${percent(guess, 0)}.`);
    slider.setAttribute("aria-valuetext", percent(guess, 0));
    picture.again();
  }

  /** The edge as far as the moves show it: the last share that held and the first that fell. */
  function edge() {
    const moves = trail.filter(({ how, even }) => how === "size" && even);
    const fallen = moves.filter(({ right }) => right < before - FALL).map(({ gone }) => gone);
    const first = Math.min(...fallen);
    const held = moves.filter(({ gone, right }) => right >= before - FALL && gone < first);
    return { first, last: Math.max(0, ...held.map(({ gone }) => gone)) };
  }

  function speak() {
    const { first, last } = edge();
    if (found) {
      say(verdict, `${found} Now the points are those of the network that you retrained.`);
      return;
    }
    const yours = guess === null ? "" : `You guessed ${percent(guess, 0)}. `;
    if (first === Infinity) {
      say(verdict, `${yours}Drag “All layers” to the right until the cliff comes.`);
    } else {
      say(verdict, `${yours}It fell between ${percent(last)} and ${percent(first)} of the weights.`);
    }
  }

  function parts(width) {
    const x = (share) => LEFT + share * (width - LEFT - RIGHT);
    const y = (share) => TOP + (1 - share) * (HEIGHT - TOP - BELOW);
    const word = (at, down, text, anchor = "middle", style = "") =>
      shape("text", { x: at, y: down, "text-anchor": anchor, class: `bench-word ${style}` }, text);
    const line = (d, style) => shape("path", { d, class: style });
    const drawn = [
      ...[0, 0.5, 1].map((at) => line(`M${x(0)},${y(at)} H${x(1)}`, "bench-grid")),
      ...[0, 0.5, 1].map((at) => word(LEFT - 6, y(at) + 4, percent(at, 0).replace(" %", ""), "end")),
      ...MARKS.map((at) => word(x(at), HEIGHT - BELOW + 15, `${100 * at}`)),
      word(x(0), HEIGHT - 3, "% right ↑", "start"),
      word(x(1), HEIGHT - 3, "% of the weights gone →", "end"),
      line(`M${x(0)},${y(before - FALL)} H${x(1)}`, "bench-limit"),
      ...trail.map(({ gone, right, how }) =>
        shape("circle", { cx: x(gone), cy: y(right), r: 3, class: `bench-dot bench-how-${how}` })),
    ];
    if (guess !== null) {
      const side = guess > 0.6 ? ["end", -6] : ["start", 6];
      drawn.push(line(`M${x(guess)},${TOP - 6} V${y(0)}`, "bench-guess-line"));
      const text = `your guess: ${percent(guess, 0)}`;
      drawn.push(word(x(guess) + side[1], y(0.2), text, side[0], "bench-guess-word"));
    }
    return drawn;
  }

  ask();
  return {
    node: make("div", { class: "bench-cliff" }, label, picture.node, asking, verdict),
    get settled() {
      return settled;
    },
    skip: () => settled || ready(false, false),
    /** Another state is pruned now: its trail begins. */
    begin(accuracy) {
      if (accuracy !== before) {
        if (!found && edge().first < Infinity) found = verdict.textContent;
        trail = [];
      }
      before = accuracy;
      if (settled) speak();
      picture.again();
    },
    add(point) {
      trail = trail.filter(({ gone, how }) => how !== point.how || Math.abs(gone - point.gone) > 0.002);
      trail.push(point);
      if (settled) speak();
      picture.again();
    },
  };
}
