// Step 2, retrain: real steps of training on what is left, and a twin beside it if one is wished.

import { button, choices, choose, make, say, words } from "./dom.mjs";
import { curve } from "./curves.mjs";
import { percent, plural } from "./words.mjs";

const SEED = 1;
const TWINS = [
  ["", "nothing"],
  ["random masks", "as many weights at random places"],
  ["new weights", "the same places with new weights"],
];
const LEAD =
  "What is left of the network learns to do without the rest. The digits come from the training " +
  "set; the number above is measured on others. New weights are numbers of 32 bits, so the file " +
  "grows until they share values (step 3).";
const FALLS = "Learning rate at the start; it falls to zero";
const IMAGES = [["1000", "1,000"], ["3500", "3,500"]];
const RATES = ["0.005", "0.02", "0.05"];
const PASSES = [1, 2, 3, 5, 10];
const phone = () => matchMedia("(pointer: coarse), (max-width: 40rem)").matches;

/** @param {{note: Function, busy: Function}} view */
export function retrainPanel(path, client, view) {
  let images = phone() ? 1000 : 3500;
  let lr = RATES.at(-1);
  let picked = false; // the reader has chosen a learning rate
  let running = false;
  const loss = curve("Loss of a step’s digits", (value, most) => value.toFixed(most < 1 ? 2 : 1), null);
  const right = curve("Right of a step’s digits, in %", (value) => (100 * value).toFixed(0), 1);
  const passes = list("bench-passes", PASSES.map((number) => [number, plural(number, "pass", "passes")]), 2);
  const twins = list("bench-twin", TWINS, "");
  const go = button("Train", () => (running ? client.stop() : run()), "bench-main");
  const progress = make("p", { class: "bench-progress" }, "Weights that are gone stay gone.");
  const outcome = make("p", { class: "bench-progress", role: "status" });
  const twinKey = make("p", { class: "bench-key" }, "\u00a0");
  const rates = choices(FALLS, "bench-lr", RATES.map((rate) => [rate, rate]), lr, (value) => {
    lr = value;
    picked = true;
  });
  const set = make("fieldset", { class: "bench-set" },
    field("How long", passes),
    choices("Digits in a pass", "bench-images", IMAGES, `${images}`, (value) => (images = Number(value))),
    rates,
    field("Train beside it, to compare", twins));
  const node = make("div", {},
    words("bench-lead", LEAD),
    set, make("p", { class: "bench-buttons" }, go), progress, outcome,
    make("div", { class: "bench-curves" }, loss.node, right.node), twinKey);

  function hear(name) {
    const begin = performance.now();
    return ({ step, steps, loss: now, right: share }) => {
      loss.add(name, now, steps);
      right.add(name, share, steps);
      const rate = (1000 * step) / (performance.now() - begin);
      const who = name === "twin" ? "The twin: step" : "Step";
      say(progress, `${who} ${step} of ${steps}, ${rate.toFixed(0)} steps a second`);
    };
  }

  async function run() {
    running = true;
    view.busy(true);
    set.disabled = true;
    say(go, "Stop");
    say(outcome, "");
    loss.clear();
    right.clear();
    const twin = twins.value;
    say(twinKey, twin ? "Solid: your network. Dashed: the twin." : "\u00a0");
    const step = { kind: "train", passes: Number(passes.value), images, lr: Number(lr), seed: SEED };
    try {
      await runBoth(step, path.now, twin);
    } catch (error) {
      say(outcome, `Training stopped: ${error.message}.`);
    } finally {
      running = false;
      set.disabled = false;
      say(go, "Train on");
      view.busy(false);
    }
  }

  async function runBoth(step, before, twin) {
    const done = await path.train(step, hear("own"));
    if (!done) return; // another wish came first
    const made = plural(done.steps, "step", "steps");
    const told = `Before: ${score(before.seen)}. After ${made}: ${score(path.now.seen)}.`;
    say(progress, `${made} of ${done.planned} made`);
    say(outcome, told);
    if (!twin || !done.steps || done.stopped) return;
    const asked = { base: before.id, step: { ...step, steps: done.steps }, twin };
    const beside = await client.ask("train", asked, hear("twin"));
    const name = twin === "random masks" ? "The twin with random places" : "The twin with new weights";
    const early = beside.steps < done.steps ? `, stopped after ${beside.steps} steps` : "";
    say(outcome, `${told} ${name}${early}: ${score(beside)}.`);
  }

  /** Shared values move by the sum of their weights’ gradients, so that they need smaller steps. */
  function follow() {
    if (picked) return;
    const shared = path.now.seen.layers.some(({ bits }) => bits);
    lr = RATES.at(shared ? 0 : -1);
    choose(rates, lr);
  }

  return { node, follow, run };
}

function list(id, options, chosen) {
  return make("select", { id, autocomplete: "off" },
    ...options.map(([value, text]) => make("option", { value, selected: value === chosen }, text)));
}

function field(title, select) {
  return make("div", { class: "bench-field" }, make("label", { for: select.id }, title), select);
}

function score({ right, count }) {
  return `${right} of ${count} right (${percent(right / count)})`;
}
