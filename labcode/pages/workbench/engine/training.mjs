// Real steps of training, right here: stochastic gradient descent with momentum on the training
// digits, by the graph that labcode.runtime.training_graph made. What is pruned stays pruned.

import { imagesOf } from "./answers.mjs";
import { breath } from "./breath.mjs";
import { readDigits } from "./files.mjs";
import { chance, order } from "./random.mjs";
import { codeAfterStep, looked } from "./sharing.mjs";
import { byLayer, formerWith } from "./states.mjs";

const BATCH = 50; // digits in a step

/**
 * Train what is kept of a state.
 *
 * Weights of a layer that shares its values move together: the gradient of a centroid is the sum
 * of those of its weights (Deep Compression, arXiv:1510.00149, equation 3). Weights in even steps
 * are rounded on the way forward, and what lies behind them moves as if they were not
 * (straight through, arXiv:1308.3432).
 *
 * @param {object} how
 * @param {number} how.lr The highest learning rate; it falls to zero along a cosine. If not given,
 *   0.05, and a tenth of that where values are shared: many weights pull at each of them.
 * @param {number} how.passes How often each digit is seen.
 * @param {number} how.images How many training digits.
 * @param {number} how.seed Decides their order.
 * @param {(at: {step, steps, loss, right, count, state}) => void|Promise<void>} how.onStep Called
 *   after each step; `right` of `count` digits were answered rightly before it, and `state()` makes
 *   the state that was reached.
 * @param {{aborted: boolean}} how.signal Stops after the step; what was reached is returned.
 */
export async function train(engine, state, how = {}) {
  const usual = Object.keys(state.codes).length ? 0.005 : 0.05;
  const { lr = usual, passes = 1, images = Infinity, seed = 0, onStep, signal } = how;
  if (!(lr > 0 && lr < Infinity)) throw new Error(`lr must be a number above 0, got ${lr}`);
  const { session, digits } = await ready(engine);
  const batches = batchesOf(Math.min(images, digits.length), passes, seed);
  const run = new Run(engine, state);
  for (const [step, places] of batches.entries()) {
    if (signal?.aborted) break;
    const rate = lr * cosine(step / batches.length);
    const { loss, right } = await run.step(session, digits, places, rate);
    if (!Number.isFinite(loss)) throw new Error(`the loss became ${loss}: try a smaller lr`);
    const [steps, count] = [batches.length, places.length];
    await onStep?.({ step: step + 1, steps, loss, right, count, state: () => run.state() });
    await breath();
  }
  return run.state();
}

/** The step's graph and the training digits, which are fetched when they are first needed. */
async function ready(engine) {
  engine.forTraining ??= Promise.all([
    engine.find(engine.entry.step).then((graph) => engine.runtime.InferenceSession.create(graph)),
    engine.find("train.bin").then((file) => readDigits(file)),
  ]).catch((error) => {
    engine.forTraining = undefined; // so that it can be tried again
    throw error;
  });
  const [session, digits] = await engine.forTraining;
  return { session, digits };
}

/** The places of each step's digits. */
export function batchesOf(images, passes, seed) {
  const random = chance(seed);
  const batches = [];
  for (let pass = 0; pass < passes; pass++) {
    const places = order(images, random);
    for (let start = 0; start < images; start += BATCH) {
      batches.push(places.subarray(start, start + BATCH));
    }
  }
  return batches;
}

function cosine(done) {
  return 0.5 * (1 + Math.cos(Math.PI * done));
}

/** A training on its way: the parameters as the graph names them. */
class Run {
  constructor(engine, state) {
    this.from = state;
    this.runtime = engine.runtime;
    this.layers = engine.layers;
    this.codes = { ...state.codes };
    this.parameters = engine.layers.flatMap((layer) => this.parametersOf(layer));
  }

  parametersOf({ name, shape, count, filters }) {
    const { weights, biases, masks, gone } = this.from;
    const keeps = gone[name].map((is) => 1 - is);
    return [
      { name: `${name}.weight`, shape, values: weights[name], mask: masks[name], layer: name },
      { name: `${name}.bias`, shape: [filters], values: biases[name], mask: keeps },
    ].map((one) => ({ ...one, momentum: new Float32Array(one.layer ? count : filters) }));
  }

  async step(session, digits, places, lr) {
    const { Tensor } = this.runtime;
    const labels = Int32Array.from(places, (place) => digits.labels[place]);
    const feeds = {
      images: imagesOf(this.runtime, digits, places),
      labels: new Tensor("int32", labels, [labels.length]),
      lr: new Tensor("float32", Float32Array.of(lr), []),
    };
    for (const { name, shape, values, momentum, mask } of this.parameters) {
      feeds[name] = new Tensor("float32", values, shape);
      feeds[`${name}.momentum`] = new Tensor("float32", momentum, shape);
      feeds[`${name}.mask`] = new Tensor("bool", mask, shape);
    }
    const found = await session.run(feeds);
    for (const one of this.parameters) this.take(one, found, lr);
    return { loss: found.loss.data[0], right: found.right.data[0] };
  }

  /** Take over what the graph says of one parameter. */
  take(one, found, lr) {
    const momentum = found[`${one.name}.momentum.new`].data;
    const code = this.codes[one.layer];
    if (code) {
      this.codes[one.layer] = codeAfterStep(code, one, momentum, lr);
      one.values = looked(this.codes[one.layer], one.mask);
    } else {
      one.values = found[`${one.name}.new`].data;
    }
    one.momentum = momentum;
  }

  /** The state that was reached. */
  state() {
    const values = new Map(this.parameters.map((one) => [one.name, one.values]));
    const weights = byLayer(this.layers, ({ name }) => values.get(`${name}.weight`));
    const biases = byLayer(this.layers, ({ name }) => values.get(`${name}.bias`));
    const former = byLayer(this.layers, ({ name }) =>
      formerWith(this.from.former[name], weights[name], this.from.masks[name]),
    );
    return { ...this.from, weights, biases, former, codes: { ...this.codes } };
  }
}
