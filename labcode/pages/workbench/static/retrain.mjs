// Step 2, retrain: real steps of training on what is left, and a twin beside it if one is wished.

import { choices, make, say } from "./dom.mjs";
import { curve } from "./curves.mjs";
import { percent, plural } from "./words.mjs";

const SEED = 1;
const TWINS = [
  ["", "Nothing"],
  ["random masks", "As many weights, at random places"],
  ["new weights", "The same places, new weights"],
];
const SPEEDS = [["0.003", "Small"], ["0.01", "Medium"], ["0.03", "Large"]];
const PASSES = [1, 2, 3, 5, 10];
const phone = () => matchMedia("(pointer: coarse), (max-width: 40rem)").matches;

/** @param {{note: Function, busy: Function}} view */
export function retrainPanel(path, client, view) {
  let [images, lr, twin] = [phone() ? 1000 : 3500, "0.01", ""];
  let running = false;
  const loss = curve("Loss of a step’s digits", (value) => value.toFixed(1), null);
  const right = curve("Right of a step’s digits, in %", (value) => (100 * value).toFixed(0), 1);
  const passes = make("select", { id: "bench-passes", autocomplete: "off" },
    ...PASSES.map((number) => make("option", { value: number, selected: number === 2 }, plural(number, "pass", "passes"))));
  const button = make("button", { type: "button", class: "bench-main", onclick: () => (running ? client.stop() : run()) }, "Train");
  const progress = make("p", { class: "bench-progress", role: "status" }, "Press Train: weights that are gone stay gone.");
  const twinKey = make("p", { class: "bench-key" }, "\u00a0");
  const set = make("fieldset", { class: "bench-set" },
    make("div", { class: "bench-field" }, make("label", { for: "bench-passes" }, "Length"), passes),
    choices("Digits in a pass", "bench-images", [["1000", "1,000"], ["3500", "3,500"]], String(images), (value) => (images = Number(value))),
    choices("Size of a step", "bench-lr", SPEEDS, lr, (value) => (lr = value)),
    choices("Train beside it", "bench-twin", TWINS, twin, (value) => (twin = value)));
  const node = make("div", {},
    make("p", { class: "bench-lead" }, "What is left of the network learns to do without the rest. The digits come from the training set; the number above is measured on others."),
    set, make("p", { class: "bench-buttons" }, button), progress,
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
    say(button, "Stop");
    loss.clear();
    right.clear();
    say(twinKey, twin ? "Solid: your network. Dashed: the twin." : "\u00a0");
    const step = { kind: "train", passes: Number(passes.value), images, lr: Number(lr), seed: SEED };
    try {
      await runBoth(step, path.now);
    } catch (error) {
      say(progress, `Training stopped: ${error.message}.`);
    } finally {
      running = false;
      set.disabled = false;
      say(button, "Train on");
      view.busy(false);
    }
  }

  async function runBoth(step, before) {
    const done = await path.train(step, hear("own"));
    const told = `Before: ${score(before.seen)}. After ${plural(done.steps, "step", "steps")}: ${score(path.now.seen)}.`;
    say(progress, told);
    if (!twin || !done.steps || done.stopped) return;
    const asked = { base: before.id, step: { ...step, steps: done.steps }, twin };
    const beside = await client.ask("train", asked, hear("twin"));
    const name = twin === "random masks" ? "The twin with random places" : "The twin with new weights";
    say(progress, `${told} ${name}${beside.steps < done.steps ? `, stopped after ${beside.steps} steps` : ""}: ${score(beside)}.`);
  }

  return { node, run, stop: () => running && client.stop() };
}

function score({ right, count }) {
  return `${right} of ${count} right (${percent(right / count)})`;
}
