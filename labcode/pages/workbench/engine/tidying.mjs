// What makes the last bytes small and leaves the answers as they are, or nearly.

import { rounded } from "./halves.mjs";
import { filterOf, sourceOf, withoutFilters } from "./pruning.mjs";
import { clusters, looked } from "./sharing.mjs";
import { byLayer, formerWith } from "./states.mjs";

/**
 * Remove neurons (and filters) that no longer matter; the answers stay, but for the last digits.
 *
 * One whose answer nothing reads loses its weights and its bias. One that reads nothing always
 * gives the same answer, which goes into the biases of the next layer; then it is removed as well.
 * (In a network whose convolutions pad their input that would not be the same at the edges.)
 */
export function tidy(layers, state) {
  let [found, before] = [state, null];
  while (found !== before) { // what goes may leave a neighbour without a use
    before = found;
    layers.slice(0, -1).forEach((layer, i) => (found = withoutIdle(layer, layers[i + 1], found)));
  }
  return found;
}

function withoutIdle(layer, next, state) {
  const reads = touched(state.masks[layer.name], filterOf(layer), layer.filters);
  const isRead = touched(state.masks[next.name], sourceOf(layer, next), layer.filters);
  const idle = reads.map((is, filter) => (is && isRead[filter] ? 0 : 1));
  if (idle.every((is, filter) => is === state.gone[layer.name][filter])) return state;
  return withoutFilters(layer, next, withAnswers(layer, next, state, idle), idle);
}

/** Which filters any kept weight belongs to. */
function touched(mask, filter, filters) {
  const found = new Uint8Array(filters);
  for (let place = 0; place < mask.length; place++) if (mask[place]) found[filter(place)] = 1;
  return found;
}

/** What neurons answer that read nothing goes into the biases of those that read them. */
function withAnswers(layer, next, state, idle) {
  const [source, target] = [sourceOf(layer, next), filterOf(next)];
  const sums = Float64Array.from(state.biases[next.name]);
  state.weights[next.name].forEach((weight, place) => {
    if (!weight || !idle[source(place)]) return;
    const bias = state.biases[layer.name][source(place)];
    sums[target(place)] += weight * (layer.relu ? Math.max(0, bias) : bias);
  });
  return { ...state, biases: { ...state.biases, [next.name]: Float32Array.from(sums) } };
}

/**
 * Let biases share few values, and round them and all else to 16 bits.
 *
 * @param {number} bits A layer's biases take at most 2**bits values; those of zero stay.
 */
export function roundRest(layers, state, bits) {
  const biases = byLayer(layers, ({ name }) => {
    const mask = Uint8Array.from(state.biases[name], (value) => value !== 0);
    return rounded(looked(clusters(state.biases[name], mask, bits), mask));
  });
  const codes = {};
  for (const [name, code] of Object.entries(state.codes)) {
    codes[name] = { ...code, codebook: rounded(code.codebook) };
  }
  const weights = byLayer(layers, ({ name }) =>
    codes[name] ? looked(codes[name], state.masks[name]) : rounded(state.weights[name]),
  );
  const former = byLayer(layers, ({ name }) =>
    formerWith(state.former[name], weights[name], state.masks[name]),
  );
  return { ...state, biases, codes, weights, former };
}
