// The worker of the workbench: it has the engine and all states of the reader's path, so that the
// page itself never waits. The page names states by numbers and sends plain settings.

import { answering } from "./answering.mjs";
import { breath } from "./engine/breath.mjs";
import { open } from "./engine/engine.mjs";
import { firstFilters, look } from "./look.mjs";
import { rival } from "./rival.mjs";
import { apply, trained } from "./steps.mjs";

const MOST_WRONG = 12; // wrong digits that the page shows
const WHILE_MOVING = 90; // milliseconds that an answer may take while the hand moves
const FEWEST = 30; // digits while the hand moves, on the slowest device
const TEN = 10; // digits: each class comes once

const states = new Map();
let engine = null;
let fast = 100; // digits that are answered in time while the hand moves
let stopper = new AbortController();

const answers = {
  async open() {
    engine = await open(new URL("./", import.meta.url).href);
    states.set(0, engine.start());
    await engine.evaluate(engine.start(), { count: TEN }); // the first run makes the runtime ready
    const params = engine.layers.reduce((all, { count, filters }) => all + count + filters, 0);
    return { layers: engine.layers, params, seen: await seen(engine.start()) };
  },

  /** A step tried out while the hand moves: nothing is kept. */
  async draft({ base, step }) {
    const state = apply(engine, states.get(base), step);
    const found = await seen(state, { count: Math.min(fast, engine.heldOut.length) });
    const inTime = (WHILE_MOVING * found.count) / found.ms;
    fast = Math.min(found.of, Math.max(FEWEST, TEN * Math.round(inTime / TEN)));
    return found;
  },

  async commit({ base, step, id }) {
    states.set(id, apply(engine, states.get(base), step));
    return seen(states.get(id));
  },

  async train({ base, step, id, twin }, progress) {
    stopper = new AbortController();
    const { signal } = stopper;
    const start = twin ? engine.twin(states.get(base), twin, step.seed) : states.get(base);
    let steps = 0;
    let planned = 0;
    const onStep = (now) => {
      steps = now.step;
      planned = now.steps;
      progress({ step: now.step, steps: now.steps, loss: now.loss, right: now.right / now.count });
    };
    const state = await trained(engine, start, step, { signal, onStep });
    if (!twin) states.set(id, state);
    return { steps, planned, stopped: signal.aborted, ...(await seen(state)) };
  },

  /** What a file of a state holds. */
  async numbers({ id }) {
    const { weights, biases } = states.get(id);
    return { layers: engine.layers, state: { weights, biases } };
  },

  async rival() {
    return rival(engine, between);
  },

  async drop({ ids }) {
    for (const id of ids) states.delete(id);
  },
};

/** What a state answers, and what the page draws of it. */
async function seen(state, how = { between }) {
  const of = engine.heldOut.length;
  const found = await engine.evaluate(state, how);
  const wrong = found.wrong.slice(0, MOST_WRONG);
  const pictures = wrong.map((one) => ({ ...one, pixels: engine.digit(one.place).pixels }));
  const layers = look(engine.layers, state);
  return { ...found, of, wrong: pictures, layers, first: firstFilters(engine.layers, state) };
}

const urgent = answering(answers, "draft");

/** Between two runs: a stop is heard, and drafts go first, since the hand does not wait. */
async function between() {
  await breath();
  await urgent();
}

self.addEventListener("message", ({ data: { kind } }) => kind === "stop" && stopper.abort());
