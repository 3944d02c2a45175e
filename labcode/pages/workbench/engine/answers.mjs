// What a state answers about the held-out digits, and how sure its accuracy is.

const BATCH = 100; // digits in one run: few enough to let something more urgent go first
const SURE = 1.959964; // standard deviations that hold 95 of 100

/**
 * How many of the first `count` held-out digits a state answers rightly.
 *
 * @param {() => Promise<void>} [between] Called between two runs: what is more urgent goes then.
 * @returns {Promise<{right: number, count: number, low: number, high: number, wrong: object[],
 *   ms: number}>} `low` and `high`: the 95 % band of the accuracy, from 0 to 1. `wrong`: of each
 *   digit that is answered wrongly its place, label, answer and that answer's probability.
 */
export async function evaluate(engine, state, count, between) {
  const { runtime, heldOut, layers, session } = engine;
  if (!(count >= 1 && count <= heldOut.length)) {
    throw new Error(`count must be from 1 to ${heldOut.length}, got ${count}`);
  }
  const begin = performance.now();
  const tensors = feeds(runtime, layers, state);
  const wrong = [];
  for (let start = 0; start < count; start += BATCH) {
    if (start) await between?.();
    const places = range(start, Math.min(start + BATCH, count));
    const images = imagesOf(runtime, heldOut, places);
    const { logits } = await session.run({ ...tensors, images });
    wrong.push(...mistakes(logits.data, places, heldOut.labels));
  }
  const right = count - wrong.length;
  return { right, count, ...band(right, count), wrong, ms: performance.now() - begin };
}

/** The weights and biases of a state as what the graphs take in. */
export function feeds(runtime, layers, { weights, biases }) {
  const found = {};
  for (const { name, shape, filters } of layers) {
    found[`${name}.weight`] = new runtime.Tensor("float32", weights[name], shape);
    found[`${name}.bias`] = new runtime.Tensor("float32", biases[name], [filters]);
  }
  return found;
}

/** Some digits as what the graphs take in. */
export function imagesOf(runtime, digits, places) {
  return new runtime.Tensor("float32", digits.images(places), [places.length, 1, 28, 28]);
}

function range(start, end) {
  return Array.from({ length: end - start }, (_, i) => start + i);
}

function mistakes(logits, places, labels) {
  const classes = logits.length / places.length;
  return places.flatMap((place, i) => {
    const row = logits.subarray(classes * i, classes * (i + 1));
    const answer = row.reduce((best, value, digit) => (value > row[best] ? digit : best), 0);
    if (answer === labels[place]) return [];
    const sum = row.reduce((total, value) => total + Math.exp(value - row[answer]), 0);
    return [{ place, answer, label: labels[place], probability: 1 / sum }];
  });
}

/**
 * The band in which the accuracy lies with 95 of 100.
 *
 * Source: Wilson, Probable inference, the law of succession, and statistical inference (1927).
 */
export function band(right, count) {
  const share = right / count;
  const square = SURE ** 2 / count;
  const middle = (share + square / 2) / (1 + square);
  const spread = Math.sqrt((share * (1 - share)) / count + square / count / 4);
  const half = (SURE / (1 + square)) * spread;
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}
