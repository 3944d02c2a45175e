// Few different values in a layer: k-means, as labcode.quantization.share_weights does it, or even
// steps. Weights that are zero were pruned and stay zero.

import { chosen, formerWith } from "./states.mjs";

const ROUNDS = 100; // of k-means at most
const MOST_BITS = 8;
const MOMENTUM = 0.9; // of the graph (MOMENTUM in labcode/runtime/training_graph.py)

/**
 * Let the kept weights of a layer (null: of each layer) take few values.
 *
 * @param {number} bits From 1 to 8: at most 2**bits values.
 * @param {"even"|"kmeans"} kind "even": whole multiples of one step, the largest weight at the
 *   largest integer (one bit: plus or minus the mean size); "kmeans": the values that are nearest
 *   to the weights.
 */
export function share(layers, state, name, bits, kind) {
  if (!(Number.isInteger(bits) && bits >= 1 && bits <= MOST_BITS)) {
    throw new Error(`bits must be a whole number from 1 to ${MOST_BITS}, got ${bits}`);
  }
  const make = { even: evenSteps, kmeans: clusters }[kind];
  if (!make) throw new Error(`kind must be "even" or "kmeans", got ${kind}`);
  return chosen(layers, name).reduce((found, layer) => {
    const [weights, mask] = [found.weights[layer.name], found.masks[layer.name]];
    const code = { kind, bits, ...make(weights, mask, bits) };
    return withCode(found, layer.name, code);
  }, state);
}

/** The state whose layer has the values of a code. */
export function withCode(state, name, code) {
  const mask = state.masks[name];
  const weights = looked(code, mask);
  const former = formerWith(state.former[name], weights, mask);
  return {
    ...state,
    weights: { ...state.weights, [name]: weights },
    former: { ...state.former, [name]: former },
    codes: { ...state.codes, [name]: code },
  };
}

/** The weights that a code stands for. */
export function looked({ codebook, indices }, mask) {
  const weights = new Float32Array(indices.length);
  for (let place = 0; place < indices.length; place++) {
    if (mask[place]) weights[place] = codebook[indices[place]];
  }
  return weights;
}

/** The codebook of k-means over kept weights, and each weight's number in it. */
export function clusters(weights, mask, bits) {
  const values = weights.filter((_, place) => mask[place]);
  const numbers = new Uint8Array(weights.length);
  if (!values.length) return { codebook: new Float32Array(0), indices: numbers };
  const codebook = kmeans(values, 2 ** bits);
  const edges = codebook.slice(1).map((value, i) => (value + codebook[i]) / 2); // in float32
  for (let place = 0; place < mask.length; place++) {
    if (mask[place]) numbers[place] = countBelow(edges, weights[place]);
  }
  return onlyUsed(codebook, numbers, mask);
}

/** A codebook without the entries that nobody uses. */
function onlyUsed(codebook, numbers, mask) {
  const used = new Uint8Array(codebook.length);
  numbers.forEach((number, place) => mask[place] && (used[number] = 1));
  let next = 0;
  const renamed = Array.from(used, (is) => (is ? next++ : 0));
  return {
    codebook: codebook.filter((_, number) => used[number]),
    indices: numbers.map((number) => renamed[number]),
  };
}

/**
 * The centroids of k-means on numbers, which starts evenly between the smallest and the largest
 * (see labcode/quantization/kmeans.py: sorted values and their running sums are enough).
 */
export function kmeans(values, k) {
  const sorted = Float64Array.from(values).sort();
  const sums = new Float64Array(sorted.length + 1);
  sorted.forEach((value, i) => (sums[i + 1] = sums[i] + value));
  let centroids = linear(sorted[0], sorted.at(-1), k);
  for (let round = 0; round < ROUNDS; round++) {
    const inner = middles(centroids).map((edge) => countUpTo(sorted, edge));
    const ends = [0, ...inner, sorted.length];
    const moved = centroids.map((old, i) => {
      const [start, end] = [ends[i], ends[i + 1]];
      return end > start ? (sums[end] - sums[start]) / (end - start) : old;
    });
    moved.sort();
    if (moved.every((value, i) => value === centroids[i])) break;
    centroids = moved;
  }
  return Float32Array.from(centroids);
}

/** k numbers with even steps, counted from the nearer end, as torch.linspace does. */
function linear(first, last, k) {
  const step = 1 / (k - 1);
  return Float64Array.from({ length: k }, (_, i) => {
    const part = i < k / 2 ? step * i : 1 - step * (k - 1 - i);
    return first + part * (last - first);
  });
}

function middles(row) {
  return Array.from(row.slice(1), (value, i) => (value + row[i]) / 2);
}

/** How many numbers of a sorted row are below a value. */
function countBelow(sorted, value) {
  return search(sorted, (number) => number < value);
}

/** How many numbers of a sorted row are at most a value. */
function countUpTo(sorted, value) {
  return search(sorted, (number) => number <= value);
}

function search(sorted, before) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before(sorted[middle])) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** As labcode.quantization.symmetric_params and its approximate, in float32. */
function evenSteps(weights, mask, bits) {
  const scale = bits === 1 ? meanSize(weights, mask) : stepOf(weights, mask, bits);
  return stepped(weights, mask, bits, scale);
}

/** Codebook and numbers of weights in even steps; `latent` are the weights before. */
function stepped(latent, mask, bits, scale) {
  const integers = bits === 1 ? [-1, 1] : integersOf(bits);
  const codebook = Float32Array.from(integers, (integer) => integer * scale);
  const indices = new Uint8Array(latent.length);
  for (let place = 0; place < mask.length; place++) {
    if (mask[place]) indices[place] = levelOf(latent[place], scale, bits);
  }
  return { codebook, indices, scale, latent };
}

function integersOf(bits) {
  const low = -(2 ** (bits - 1));
  return Array.from({ length: 2 ** bits }, (_, i) => low + i);
}

function meanSize(weights, mask) {
  let [sum, kept] = [0, 0];
  for (let place = 0; place < mask.length; place++) {
    if (!mask[place]) continue;
    sum += Math.abs(weights[place]);
    kept += 1;
  }
  return Math.fround(sum / Math.max(1, kept));
}

function stepOf(weights, mask, bits) {
  let largest = 0;
  for (let place = 0; place < mask.length; place++) {
    if (mask[place]) largest = Math.max(largest, Math.abs(weights[place]));
  }
  return Math.fround(largest / (2 ** (bits - 1) - 1)) || 1; // a layer without weights gets 1
}

/** The number of the level that is nearest to a value, in the codebook of even steps. */
export function levelOf(value, scale, bits) {
  if (bits === 1) return value >= 0 ? 1 : 0;
  const low = -(2 ** (bits - 1));
  const place = halfToEven(Math.fround(value / scale));
  return Math.min(Math.max(place, low), -low - 1) - low;
}

function halfToEven(value) {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}

/**
 * A layer's code after a step of training.
 *
 * @param {object} code As `share` made it.
 * @param {{mask: Uint8Array, momentum: Float32Array}} one The weights' masks and momenta before.
 * @param {Float32Array} momentum The weights' momenta now. A centroid's is the sum of those of its
 *   weights, since momenta add up as gradients do.
 */
export function codeAfterStep(code, { mask, momentum: before }, momentum, lr) {
  return code.kind === "kmeans"
    ? afterSharedStep(code, mask, momentum, lr)
    : afterRoundedStep(code, mask, momentum, lr, before);
}

function afterSharedStep(code, mask, momentum, lr) {
  const sums = new Float64Array(code.codebook.length);
  for (let place = 0; place < mask.length; place++) {
    if (mask[place]) sums[code.indices[place]] += momentum[place];
  }
  return { ...code, codebook: code.codebook.map((value, i) => value - lr * sums[i]) };
}

/** No gradient passes where a weight lies outside the steps (labcode.quantization.fake). */
function afterRoundedStep(code, mask, momentum, lr, before) {
  const { bits, scale, latent } = code;
  const [low, high] = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  const moved = latent.slice();
  for (let place = 0; place < mask.length; place++) {
    if (!mask[place]) continue;
    const step = Math.fround(latent[place] / scale);
    if (bits > 1 && (step < low || step > high)) momentum[place] = MOMENTUM * before[place];
    moved[place] = latent[place] - lr * momentum[place];
  }
  const newScale = bits === 1 ? meanSize(moved, mask) : scale;
  return { ...code, ...stepped(moved, mask, bits, newScale) };
}
