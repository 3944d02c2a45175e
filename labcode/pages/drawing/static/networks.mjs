// The networks of the page *Draw a digit*, run by ONNX Runtime in the reader's browser.

import { withWeights } from "./onnx.mjs";
import { brought } from "./own.mjs";
import { unpack } from "./unpack.mjs";

const here = (path) => new URL(path, import.meta.url).href;
const RUNS = 20; // for one time: a browser's clock is too coarse for one run

/** Say what this device lacks, or return null. */
export function missing() {
  if (location.protocol === "file:") return "a page that was opened over http (run “make serve”)";
  if (typeof WebAssembly !== "object") return "WebAssembly";
  return null;
}

async function bytes(name) {
  const response = await fetch(here(name), { cache: "no-cache" });
  if (!response.ok) throw new Error(`${name}: status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Load the runtime and all networks. */
export async function load() {
  const [ort, listing] = await Promise.all([import(here("ort/ort.wasm.min.mjs")), bytes("networks.json")]);
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = here("ort/");
  ort.env.logLevel = "error";
  const entries = JSON.parse(new TextDecoder().decode(listing));
  const networks = [];
  for (const entry of entries) networks.push(await open(ort, entry)); // one after the other
  const own = brought(entries);
  if (own) networks.unshift(await open(ort, own.entry, own.files));
  return networks;
}

/** Open a network; `given` has the files that need not be fetched. */
async function open(ort, entry, given = {}) {
  const names = Object.keys(entry.files);
  const found = names.map(async (name) => [name, given[name] ?? (await bytes(name))]);
  const data = Object.fromEntries(await Promise.all(found));
  const sessions = [];
  for (const name of names.filter((name) => name.endsWith(".onnx"))) {
    const graph = entry.weights
      ? withWeights(data[name], entry.tensors, unpack(data[entry.weights], entry.tensors))
      : data[name];
    sessions.push(await ort.InferenceSession.create(graph));
  }
  return new Network(ort, entry, sessions);
}

class Network {
  constructor(ort, entry, sessions) {
    Object.assign(this, entry);
    this.ort = ort;
    this.sessions = sessions;
  }

  /**
   * The answer to one picture.
   *
   * @param {Float32Array} digit 784 numbers from 0 to 1.
   * @returns {Promise<{probabilities: number[], exit: number|null}>} `exit` counts from 1; null
   *   in a network that has no early exit.
   */
  async answer(digit) {
    let value = new this.ort.Tensor("float32", digit, [1, 1, 28, 28]);
    for (const [stage, session] of this.sessions.entries()) {
      const found = await session.run({ [session.inputNames[0]]: value });
      const [logits, following] = session.outputNames.map((name) => found[name]);
      const probabilities = softmax(logits.data);
      const last = stage === this.sessions.length - 1;
      if (last || Math.max(...probabilities) >= this.thresholds[stage]) {
        return { probabilities, exit: this.sessions.length > 1 ? stage + 1 : null };
      }
      value = following;
    }
  }

  /** The answer, and the milliseconds of one run: the mean of several, after one to warm up. */
  async timedAnswer(digit) {
    const answer = await this.answer(digit);
    const start = performance.now();
    for (let run = 0; run < RUNS; run++) await this.answer(digit);
    return { ...answer, milliseconds: (performance.now() - start) / RUNS };
  }
}

function softmax(logits) {
  const highest = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - highest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
