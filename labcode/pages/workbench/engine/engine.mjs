// The workbench's engine: a trained network that is pruned, trained, shared and packed right here,
// by ONNX Runtime in the reader's browser. It runs in a worker and knows nothing of the page.

import { evaluate } from "./answers.mjs";
import { readDigits, readTensors } from "./files.mjs";
import { pack } from "./pack.mjs";
import * as pruning from "./pruning.mjs";
import { share } from "./sharing.mjs";
import { startOf } from "./states.mjs";
import * as tidying from "./tidying.mjs";
import { train } from "./training.mjs";

/**
 * Load the runtime, a trained network and held-out digits.
 *
 * @param {string|URL} base The workbench's folder on the site: the files lie in its folder
 *   `stored`, the runtime beside it in draw/ort.
 * @param {object} [how]
 * @param {string} [how.network] A name in networks.json.
 * @param {number} [how.digits] How many held-out digits at most.
 * @param {object} [how.ort] The runtime, if not that of the site.
 * @param {(name: string) => Promise<Uint8Array>} [how.read] Reads a file of `stored`.
 */
export async function open(base, { network = "lenet5", digits = 500, ort, read } = {}) {
  const find = read ?? fetched(base);
  const coming = ort ?? runtimeOf(base); // the longest way of all begins first
  const listed = find("networks.json").then((listing) => entryOf(listing, network));
  const graph = listed.then(({ answers }) => find(answers));
  // The runtime is made ready while weights and digits still come and are unpacked.
  const [entry, runtime, session, tensors, heldOut] = await Promise.all([
    listed,
    coming,
    Promise.all([coming, graph]).then(([runtime, file]) => runtime.InferenceSession.create(file)),
    listed.then(({ weights }) => find(weights)).then(readTensors),
    find("held-out.bin").then((file) => readDigits(file, digits)),
  ]);
  return new Engine({ runtime, find, entry, tensors, heldOut, session });
}

function entryOf(listing, network) {
  const found = JSON.parse(new TextDecoder().decode(listing));
  if (found[network]) return found[network];
  throw new Error(`network must be one of ${Object.keys(found)}, got ${network}`);
}

async function runtimeOf(base) {
  const folder = new URL("../draw/ort/", new URL(base, globalThis.location?.href));
  const ort = await import(new URL("ort.wasm.min.mjs", folder).href);
  ort.env.wasm.numThreads = 1; // more would need a page that is isolated from all others
  ort.env.wasm.wasmPaths = folder.href;
  ort.env.logLevel = "error";
  return ort;
}

function fetched(base) {
  const folder = new URL("stored/", new URL(base, globalThis.location?.href));
  return async (name) => {
    const response = await fetch(new URL(name, folder), { cache: "no-cache" });
    if (!response.ok) throw new Error(`${name}: status ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  };
}

export class Engine {
  constructor({ runtime, find, entry, tensors, heldOut, session }) {
    Object.assign(this, { runtime, find, entry, heldOut, session });
    this.layers = entry.layers;
    const part = (end) =>
      Object.fromEntries(this.layers.map(({ name }) => [name, tensors.get(`${name}.${end}`)]));
    this.trained = startOf(this.layers, part("weight"), part("bias"));
  }

  /** The trained network. */
  start() {
    return this.trained;
  }

  /** A held-out digit. */
  digit(place) {
    return this.heldOut.at(place);
  }

  /** How many held-out digits are answered rightly; see answers.mjs. */
  evaluate(state, { count = this.heldOut.length, between } = {}) {
    return evaluate(this, state, count, between);
  }

  histogram(state, name, bins) {
    return pruning.histogram(state, name, bins);
  }

  pruneBySize(state, name, threshold) {
    return pruning.pruneBySize(this.layers, state, name, threshold);
  }

  pruneByChance(state, name, share, seed) {
    return pruning.pruneByChance(this.layers, state, name, share, seed);
  }

  pruneFilters(state, name, count) {
    return pruning.pruneFilters(this.layers, state, name, count);
  }

  twin(state, kind, seed) {
    return pruning.twin(this.layers, state, kind, seed);
  }

  /** Let a layer's kept weights (null: of all layers) share few values; see sharing.mjs. */
  share(state, name, bits, kind) {
    return share(this.layers, state, name, bits, kind);
  }

  /** Remove neurons that no longer matter, and leave the answers; see tidying.mjs. */
  tidy(state) {
    return tidying.tidy(this.layers, state);
  }

  /** Let biases share few values, and round all that is left to 16 bits; see tidying.mjs. */
  roundRest(state, biasBits = 4) {
    return tidying.roundRest(this.layers, state, biasBits);
  }

  /** Train what is kept; see training.mjs. */
  train(state, how) {
    return train(this, state, how);
  }

  /** The state as a file that labcode.coding.unpack reads; see pack.mjs. */
  pack(state) {
    return pack(this.layers, state);
  }
}
