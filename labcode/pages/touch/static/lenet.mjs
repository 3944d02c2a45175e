// LeNet-5 in plain JavaScript, with the weights of the packed file: 8 kB instead of 1.7 MB, and
// no runtime. The layers are those of labcode/models/lenet5.py.

import { unpack } from "../draw/unpack.mjs";
import { convolved, flat, halved, linear } from "./layers.mjs";

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
    const first = halved(convolved({ maps: [digit], side: 28 }, ...this.of("conv1")), Math.max);
    const second = halved(convolved(first, ...this.of("conv2")), Math.max);
    const hidden = linear(flat(second), ...this.of("fc1")).map((value) => Math.max(0, value));
    return linear(hidden, ...this.of("fc2"));
  }
}
