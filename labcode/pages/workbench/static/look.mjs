// What the page draws of a state: how large its weights are, its first filters, its codebooks.

export const BINS = 64; // of a histogram
export const TOP = 0.4; // the largest size of a weight that the histograms have room for

/** All layers, as plain numbers. */
export function look(layers, state) {
  return layers.map((layer) => ({
    name: layer.name,
    kept: sum(state.masks[layer.name]),
    bins: sizes(state.weights[layer.name], state.masks[layer.name]),
    units: norms(layer, state),
    codebook: Array.from(state.codes[layer.name]?.codebook ?? []),
    bits: state.codes[layer.name]?.bits ?? 0,
  }));
}

/** The weights of the first layer, whose filters can be looked at, and which of them are left. */
export function firstFilters(layers, state) {
  const [{ name, shape, filters }] = layers;
  return {
    filters,
    side: shape.at(-1),
    weights: Array.from(state.weights[name]),
    kept: Array.from(state.masks[name]),
  };
}

function sizes(weights, mask) {
  const bins = new Uint32Array(BINS);
  for (let i = 0; i < weights.length; i++) {
    if (mask[i]) bins[Math.min(BINS - 1, Math.floor((Math.abs(weights[i]) / TOP) * BINS))] += 1;
  }
  return Array.from(bins);
}

/** The sum of sizes of each filter or neuron that is left, the weakest first. */
function norms({ name, count, filters }, state) {
  const each = count / filters;
  const found = [];
  for (let unit = 0; unit < filters; unit++) {
    if (state.gone[name][unit]) continue;
    let total = 0;
    for (let i = unit * each; i < (unit + 1) * each; i++) total += Math.abs(state.weights[name][i]);
    found.push(total);
  }
  return found.sort((a, b) => a - b);
}

function sum(mask) {
  let total = 0;
  for (const kept of mask) total += kept;
  return total;
}
