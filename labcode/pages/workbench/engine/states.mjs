// What a network is at one moment of the reader's path. Nothing in a state is ever changed: each
// step makes a new one, which shares the arrays that stayed the same.
//
//   weights  by layer: Float32Array, pruned ones zero
//   biases   by layer: Float32Array
//   masks    by layer: Uint8Array, 1 where a weight is kept
//   gone     by layer: Uint8Array, 1 where a whole filter (or neuron) was removed, with its bias
//   former   by layer: the weights, pruned ones as they last were (histogram, twin)
//   codes    by layer, if it is shared or rounded: { kind, bits, codebook, indices, scale, latent }

import { filled } from "./filled.mjs";

/** The state of a trained network. */
export function startOf(layers, weights, biases) {
  return {
    weights,
    biases,
    masks: byLayer(layers, ({ name, count }) =>
      filled(Uint8Array, count, (place) => (weights[name][place] !== 0 ? 1 : 0))),
    gone: byLayer(layers, ({ filters }) => new Uint8Array(filters)),
    former: weights,
    codes: {},
  };
}

export function byLayer(layers, make) {
  return Object.fromEntries(layers.map((layer) => [layer.name, make(layer)]));
}

/** The state after some weights of a layer went: `keep` says of each place whether it may stay. */
export function masked(state, name, keep) {
  const [mask, weights] = [state.masks[name].slice(), state.weights[name].slice()];
  for (let place = 0; place < mask.length; place++) {
    if (mask[place] && keep(place)) continue;
    mask[place] = 0;
    weights[place] = 0;
  }
  return {
    ...state,
    masks: { ...state.masks, [name]: mask },
    weights: { ...state.weights, [name]: weights },
  };
}

/** The weights of a layer, those that are pruned as they last were. */
export function formerWith(former, weights, mask) {
  const found = former.slice();
  for (let place = 0; place < mask.length; place++) {
    if (mask[place]) found[place] = weights[place];
  }
  return found;
}

/** How many weights of a layer are kept. */
export function keptOf(state, name) {
  return state.masks[name].reduce((sum, kept) => sum + kept, 0);
}

/** The layers that a name means: one, or all of them for null. */
export function chosen(layers, name) {
  const found = layers.filter((layer) => name === null || layer.name === name);
  if (!found.length) {
    const names = layers.map((layer) => layer.name).join(", ");
    throw new Error(`name must be null or one of ${names}, got ${name}`);
  }
  return found;
}
