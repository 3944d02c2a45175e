// What can be taken away: small weights, weights by chance, whole filters.

import { filled } from "./filled.mjs";
import { order, chance } from "./random.mjs";
import { byLayer, chosen, keptOf, masked } from "./states.mjs";

/** Keep what is larger than a threshold, as labcode.pruning.Masks.from_thresholds does. */
export function pruneBySize(layers, state, name, threshold) {
  const bound = Math.fround(threshold); // float32, as the weights are
  return chosen(layers, name).reduce((found, layer) => {
    const weights = state.weights[layer.name];
    return masked(found, layer.name, (place) => Math.abs(weights[place]) > bound);
  }, state);
}

/** The control: take away the same share of each layer's kept weights, wherever they are. */
export function pruneByChance(layers, state, name, share, seed) {
  if (!(share >= 0 && share <= 1)) throw new Error(`share must be from 0 to 1, got ${share}`);
  const random = chance(seed);
  return chosen(layers, name).reduce((found, layer) => {
    const kept = placesOf(state.masks[layer.name]);
    const leave = order(kept.length, random).subarray(0, Math.round(share * kept.length));
    const lost = new Uint8Array(layer.count);
    for (const i of leave) lost[kept[i]] = 1;
    return masked(found, layer.name, (place) => !lost[place]);
  }, state);
}

/**
 * Take away a layer's weakest filters (or neurons) by the sum of their weights' sizes.
 *
 * A filter that is gone answers zero: its bias goes as well, and so do the weights of the next
 * layer that would read it. The last layer's outputs cannot go.
 *
 * @param {number} count How many of the filters that are left.
 */
export function pruneFilters(layers, state, name, count) {
  const [layer] = chosen(layers, name);
  const next = layers[layers.indexOf(layer) + 1];
  const left = [...state.gone[name].keys()].filter((filter) => !state.gone[name][filter]);
  if (!next) throw new Error(`${name} is the last layer: each of its outputs is a class`);
  if (!(count >= 0 && count < left.length)) {
    throw new Error(`count must be from 0 to ${left.length - 1} of ${name}, got ${count}`);
  }
  const sizes = filterSizes(layer, state);
  const lost = left.sort((a, b) => sizes[a] - sizes[b] || a - b).slice(0, count);
  const gone = state.gone[name].slice();
  for (const filter of lost) gone[filter] = 1;
  return withoutFilters(layer, next, state, gone);
}

/** The state without some filters: their weights, their biases, and the weights that read them. */
export function withoutFilters(layer, next, state, gone) {
  const [own, source] = [filterOf(layer), sourceOf(layer, next)];
  let found = masked(state, layer.name, (place) => !gone[own(place)]);
  found = masked(found, next.name, (place) => !gone[source(place)]);
  const biases = state.biases[layer.name].map((value, filter) => (gone[filter] ? 0 : value));
  return {
    ...found,
    gone: { ...state.gone, [layer.name]: gone },
    biases: { ...state.biases, [layer.name]: biases },
  };
}

/** From the place of a weight to the filter (or neuron) that it belongs to. */
export function filterOf({ count, filters }) {
  const each = count / filters;
  return (place) => Math.floor(place / each);
}

/** From the place of a weight of the next layer to the filter that it reads. */
export function sourceOf(layer, next) {
  const wide = next.count / next.filters / layer.filters; // weights that read one filter
  return (place) => Math.floor(place / wide) % layer.filters;
}

/** The sum of the sizes of each filter's weights (its L1 norm). */
export function filterSizes(layer, state) {
  const own = filterOf(layer);
  const sizes = new Float64Array(layer.filters);
  state.weights[layer.name].forEach((value, place) => (sizes[own(place)] += Math.abs(value)));
  return sizes;
}

/**
 * A network to compare with, which has as many weights in each layer.
 *
 * @param {"random masks"|"new weights"} kind "random masks": the weights at other places of the
 *   same network; "new weights": the same places, started anew as before any training (is it the
 *   weights that matter, or the places alone?).
 */
export function twin(layers, state, kind, seed) {
  const random = chance(seed);
  if (kind === "random masks") return { ...withRandomMasks(layers, state, random), codes: {} };
  if (kind === "new weights") return { ...withNewWeights(layers, state, random), codes: {} };
  throw new Error(`kind must be "random masks" or "new weights", got ${kind}`);
}

function withRandomMasks(layers, state, random) {
  const masks = byLayer(layers, ({ name, count }) => {
    const mask = new Uint8Array(count);
    for (const place of order(count, random).subarray(0, keptOf(state, name))) mask[place] = 1;
    return mask;
  });
  const weights = byLayer(layers, ({ name }) =>
    state.former[name].map((value, place) => (masks[name][place] ? value : 0)),
  );
  return { ...state, masks, weights };
}

/** Weights start uniform in ±sqrt(3 / fan_in) and biases at zero, as labcode.models.lenet5. */
function withNewWeights(layers, state, random) {
  const former = byLayer(layers, ({ count, filters }) => {
    const bound = Math.sqrt((3 * filters) / count);
    return filled(Float32Array, count, () => (2 * random() - 1) * bound);
  });
  const weights = byLayer(layers, ({ name }) =>
    former[name].map((value, place) => (state.masks[name][place] ? value : 0)),
  );
  const biases = byLayer(layers, ({ filters }) => new Float32Array(filters));
  return { ...state, former, weights, biases };
}

/**
 * How many weights of a layer have which size: those kept and those pruned, as they last were.
 *
 * @returns {{edges: Float64Array, kept: Uint32Array, pruned: Uint32Array}} `bins + 1` edges,
 *   as far to the left of zero as to its right.
 */
export function histogram(state, name, bins) {
  const values = state.former[name];
  const mask = state.masks[name];
  let far = 0;
  for (const value of values) far = Math.max(far, Math.abs(value));
  far ||= 1; // a layer of zeros
  const counts = [new Uint32Array(bins), new Uint32Array(bins)];
  for (let place = 0; place < values.length; place++) {
    const bin = Math.min(bins - 1, Math.floor(((values[place] + far) / (2 * far)) * bins));
    counts[mask[place]][bin] += 1;
  }
  const edges = Float64Array.from({ length: bins + 1 }, (_, i) => far * ((2 * i) / bins - 1));
  return { edges, kept: counts[1], pruned: counts[0] };
}

function placesOf(mask) {
  const places = new Uint32Array(mask.length);
  let found = 0;
  mask.forEach((kept, place) => {
    if (kept) places[found++] = place;
  });
  return places.subarray(0, found);
}
