// LeNet-5 in plain JavaScript, with the weights of the packed file: 8 kB instead of 1.7 MB, and
// no runtime. The layers are those of labcode/models/lenet5.py.

import { unpack } from "../draw/unpack.mjs";

let loading = null;

/** The network, loaded when it is first asked for. */
export function lenet() {
  loading ??= load();
  loading.catch(() => (loading = null)); // the next one tries again
  return loading;
}

async function load() {
  const [listing, file] = await Promise.all(["networks.json", "packed.diet"].map(bytes));
  const entries = JSON.parse(new TextDecoder().decode(listing));
  const { tensors } = entries.find(({ id }) => id === "packed");
  return new LeNet(unpack(file, tensors));
}

async function bytes(name) {
  const response = await fetch(new URL(`../draw/${name}`, import.meta.url), { cache: "no-cache" });
  if (!response.ok) throw new Error(`${name}: status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

class LeNet {
  constructor(weights) {
    this.of = (layer) => [weights.get(`${layer}.weight`), weights.get(`${layer}.bias`)];
  }

  /** Ten logits of a digit of 784 numbers from 0 to 1. */
  logits(digit) {
    const first = halved(convolved({ maps: [digit], side: 28 }, ...this.of("conv1")));
    const second = halved(convolved(first, ...this.of("conv2")));
    const flat = second.maps.flatMap((map) => [...map]);
    const hidden = linear(flat, ...this.of("fc1")).map((value) => Math.max(0, value));
    return linear(hidden, ...this.of("fc2"));
  }
}

function convolved({ maps, side }, weights, biases) {
  const [k, out] = [5, side - 4];
  const made = Array.from(biases, (bias, filter) => {
    const map = new Float64Array(out * out).fill(bias);
    maps.forEach((input, channel) => {
      for (let i = 0; i < k * k; i++) {
        const weight = weights[(filter * maps.length + channel) * k * k + i];
        if (weight === 0) continue; // most of them were pruned
        const start = Math.floor(i / k) * side + (i % k);
        for (let y = 0; y < out; y++) {
          for (let x = 0; x < out; x++) map[y * out + x] += weight * input[start + y * side + x];
        }
      }
    });
    return map;
  });
  return { maps: made, side: out };
}

function halved({ maps, side }) {
  const half = side / 2;
  const made = maps.map((map) =>
    Float64Array.from({ length: half * half }, (_, place) => {
      const at = 2 * Math.floor(place / half) * side + 2 * (place % half);
      return Math.max(map[at], map[at + 1], map[at + side], map[at + side + 1]);
    }));
  return { maps: made, side: half };
}

function linear(values, weights, biases) {
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
