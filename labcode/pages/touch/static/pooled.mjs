// Three small networks that differ in their pooling alone: two convolutions, each followed by a
// ReLU and then nothing, mean or max pooling of 2 x 2, and a linear layer. Their layers are those
// of labcode/models/pooled_network.py.

import { unpack } from "../draw/unpack.mjs";
import { convolved, flat, halved, linear, rectified } from "./layers.mjs";

const SIDE = 28;
const [FIRST, SECOND, CLASSES, KERNEL] = [8, 16, 10, 5];
const POOLINGS = {
  none: (input) => input,
  mean: (input) => halved(input, (a, b, c, d) => (a + b + c + d) / 4),
  max: (input) => halved(input, Math.max),
};

let loading = null;

/** The networks by their pooling, loaded when they are first asked for. */
export function pooledNetworks() {
  loading ??= Promise.all(Object.keys(POOLINGS).map(load)).then(Object.fromEntries);
  loading.catch(() => (loading = null)); // the next one tries again
  return loading;
}

async function load(kind) {
  const name = `pooled-${kind}.diet`;
  const response = await fetch(new URL(name, import.meta.url), { cache: "no-cache" });
  if (!response.ok) throw new Error(`${name}: status ${response.status}`);
  const weights = unpack(new Uint8Array(await response.arrayBuffer()), tensors(kind));
  return [kind, new Pooled(kind, weights)];
}

/** Names and shapes of a network's weights, sorted by name. */
function tensors(kind) {
  const side = kind === "none" ? SIDE : SIDE / 4;
  return [
    { name: "0.0.bias", shape: [FIRST] },
    { name: "0.0.weight", shape: [FIRST, 1, KERNEL, KERNEL] },
    { name: "0.3.bias", shape: [SECOND] },
    { name: "0.3.weight", shape: [SECOND, FIRST, KERNEL, KERNEL] },
    { name: "1.bias", shape: [CLASSES] },
    { name: "1.weight", shape: [CLASSES, SECOND * side * side] },
  ];
}

class Pooled {
  constructor(kind, weights) {
    this.pool = POOLINGS[kind];
    this.of = (layer) => [weights.get(`${layer}.weight`), weights.get(`${layer}.bias`)];
  }

  /** Ten logits of a digit of 784 numbers from 0 to 1. */
  logits(digit) {
    const padding = (KERNEL - 1) / 2;
    const layer = (input, name) =>
      this.pool(rectified(convolved(input, ...this.of(name), padding)));
    const first = layer({ maps: [Float64Array.from(digit)], side: SIDE }, "0.0");
    return linear(flat(layer(first, "0.3")), ...this.of("1"));
  }
}
