// Layers of small networks in plain JavaScript: maps in, maps out, as in PyTorch.

/**
 * A convolution with stride 1.
 *
 * @param {{maps: ArrayLike<number>[], side: number}} input Square maps, row by row.
 * @param {ArrayLike<number>} weights (filters, maps, k, k).
 * @param {ArrayLike<number>} biases One for each filter.
 * @param {number} padding Zeros on each side.
 */
export function convolved(input, weights, biases, padding = 0) {
  const { maps, side } = padded(input, padding);
  const k = Math.sqrt(weights.length / biases.length / maps.length);
  const out = side - k + 1;
  const made = Array.from(biases, (bias, filter) => {
    const map = new Float64Array(out * out).fill(bias);
    maps.forEach((values, channel) => {
      for (let i = 0; i < k * k; i++) {
        const weight = weights[(filter * maps.length + channel) * k * k + i];
        if (weight === 0) continue; // most weights of a pruned network
        const start = Math.floor(i / k) * side + (i % k);
        for (let y = 0; y < out; y++) {
          for (let x = 0; x < out; x++) map[y * out + x] += weight * values[start + y * side + x];
        }
      }
    });
    return map;
  });
  return { maps: made, side: out };
}

function padded({ maps, side }, padding) {
  if (!padding) return { maps, side };
  const wide = side + 2 * padding;
  const made = maps.map((map) => {
    const larger = new Float64Array(wide * wide);
    for (let y = 0; y < side; y++) {
      const row = map.slice(y * side, (y + 1) * side);
      larger.set(row, (y + padding) * wide + padding);
    }
    return larger;
  });
  return { maps: made, side: wide };
}

/** One number of each four: `keep` gets them. */
export function halved({ maps, side }, keep) {
  const half = side / 2;
  const made = maps.map((map) =>
    Float64Array.from({ length: half * half }, (_, place) => {
      const at = 2 * Math.floor(place / half) * side + 2 * (place % half);
      return keep(map[at], map[at + 1], map[at + side], map[at + side + 1]);
    }));
  return { maps: made, side: half };
}

/** Negative values become zero. */
export function rectified({ maps, side }) {
  return { maps: maps.map((map) => map.map((value) => Math.max(0, value))), side };
}

/** All maps in one row. */
export function flat({ maps }) {
  return maps.flatMap((map) => [...map]);
}

export function linear(values, weights, biases) {
  return Array.from(biases, (bias, row) =>
    values.reduce((sum, value, i) => sum + value * weights[row * values.length + i], bias));
}

/** The softmax of logits divided by a temperature. */
export function softened(logits, temperature = 1) {
  const top = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp((logit - top) / temperature));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Shares with their digits, the largest first. */
export function ranked(shares) {
  return shares.map((share, digit) => ({ share, digit })).sort((a, b) => b.share - a.share);
}
