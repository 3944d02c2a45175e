// The page *Draw a digit*: paper to draw on, and a card for each network's answer.
// Nothing is fetched before the reader touches the paper or asks for a digit.

import { load, missing } from "./networks.mjs";
import { Paper } from "./paper.mjs";

const LOADING = "Loading the networks and their runtime … once, about 6 MB";
const READY = "Draw in the box, or take a digit from the test images.";

const board = document.querySelector("[data-draw]");
const seen = board.querySelector(".draw-seen");
const note = board.querySelector(".draw-note");
const cards = board.querySelector(".draw-cards");
const spoken = board.querySelector(".draw-spoken");

let loading = null; // the promise of networks and sample digits, once asked for
let waiting = null; // the newest picture, while an older one is being answered
let busy = false;

function say(text) {
  if (note.textContent !== text) note.textContent = text;
}

function start() {
  if (!loading) say(LOADING);
  loading ??= Promise.all([load(), samples()]).then(
    ([networks, digits]) => {
      cards.replaceChildren(...networks.map(card));
      say(READY);
      return { networks, digits };
    },
    (error) => {
      loading = null; // the next touch tries again
      say(`The networks could not be loaded (${error.message}). Touch the box to try again.`);
      throw error;
    },
  );
  return loading;
}

async function samples() {
  const response = await fetch(new URL("samples.bin", import.meta.url));
  if (!response.ok) throw new Error(`samples.bin: status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

// --- drawing ------------------------------------------------------------------------------

const paper = new Paper(board.querySelector(".draw-paper"), {
  begun: () => start().catch(() => {}),
  drawn: ask,
});

function clear() {
  waiting = null;
  paper.clear();
  seen.getContext("2d").clearRect(0, 0, 28, 28);
  spoken.textContent = "";
  for (const each of cards.children) each.querySelector(".draw-answer")?.replaceChildren();
}

board.querySelector("[data-clear]").addEventListener("click", clear);

for (const button of board.querySelectorAll("[data-digit]")) {
  button.addEventListener("click", async () => {
    clear();
    const { digits } = await start();
    const from = 784 * Number(button.dataset.digit);
    ask(Float32Array.from(digits.subarray(from, from + 784), (value) => value / 255));
  });
}

// --- answering ----------------------------------------------------------------------------

function ask(digit) {
  waiting = digit;
  show(digit);
  if (!busy) answer().catch((error) => say(`The networks stopped: ${error.message}`));
}

async function answer() {
  busy = true;
  try {
    const { networks } = await start();
    while (waiting) {
      const digit = waiting;
      waiting = null;
      const words = [];
      for (const [i, network] of networks.entries()) {
        const found = await network.timedAnswer(digit);
        if (waiting) break; // a newer picture
        fill(cards.children[i], network, found);
        words.push(`${network.title}: ${best(found.probabilities)}`);
      }
      if (!waiting) spoken.textContent = words.join("; ");
    }
  } finally {
    busy = false;
  }
}

/** Show the picture as the networks get it. */
function show(digit) {
  const context = seen.getContext("2d");
  const pixels = context.createImageData(28, 28);
  digit.forEach((value, i) => pixels.data.set([0, 0, 0, Math.round(255 * value)], 4 * i));
  context.putImageData(pixels, 0, 0);
}

function best(probabilities) {
  return probabilities.indexOf(Math.max(...probabilities));
}

// --- cards --------------------------------------------------------------------------------

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function kilobytes(files) {
  const total = Object.values(files).reduce((sum, size) => sum + size, 0);
  return total >= 1e6 ? `${(total / 1e6).toFixed(2)} MB` : `${(total / 1e3).toFixed(1)} kB`;
}

function card(network) {
  const made = element("article", "draw-card");
  const size = network.weights
    ? `${(network.files[network.weights] / 1e3).toFixed(1)} kB of weights in ${kilobytes(network.files)}`
    : kilobytes(network.files);
  made.append(
    element("h3", "draw-title", network.title),
    element("p", "draw-made", `${network.made} ${size}.`),
    element("div", "draw-answer"),
  );
  return made;
}

function fill(target, network, { probabilities, exit, milliseconds }) {
  const says = best(probabilities);
  const bars = element("ol", "draw-bars");
  bars.setAttribute("aria-label", "Probability of each digit");
  probabilities.forEach((probability, digit) => {
    const bar = element("li", digit === says ? "draw-bar draw-best" : "draw-bar");
    bar.style.setProperty("--share", probability.toFixed(4));
    bar.title = `${digit}: ${(100 * probability).toFixed(1)} %`;
    bar.append(element("span", "draw-digit", digit));
    bars.append(bar);
  });
  const where = exit ? `, left at exit ${exit} of ${network.sessions.length}` : "";
  target.querySelector(".draw-answer").replaceChildren(
    element("p", "draw-says", `${says}`),
    element("p", "draw-sure", `${(100 * probabilities[says]).toFixed(1)} % sure`),
    bars,
    element("p", "draw-time", `${milliseconds.toFixed(2)} ms an image${where}`),
  );
}

const lacking = missing();
if (lacking) {
  say(`Drawing needs ${lacking}, which is not there. The table below holds without it.`);
} else {
  board.querySelector("fieldset").disabled = false;
  say(READY);
}
