// The file of this network that comes with the course, answered here on the same digits as the reader's.

import { unpack } from "./engine/unpack.mjs";

const FOLDER = new URL("../draw/", import.meta.url);
const NAME = "packed.diet";

/** Its bytes, and how many of the held-out digits it reads. */
export async function rival(engine, between) {
  const [file, listing] = await Promise.all([NAME, "networks.json"].map(load));
  const entries = JSON.parse(new TextDecoder().decode(listing));
  const { tensors } = entries.find(({ weights }) => weights === NAME);
  const found = unpack(file, tensors);
  const part = (end) =>
    Object.fromEntries(engine.layers.map(({ name }) => [name, found.get(`${name}.${end}`)]));
  const state = { ...engine.start(), weights: part("weight"), biases: part("bias") };
  const { right, count } = await engine.evaluate(state, { between });
  return { bytes: file.length, right, count };
}

async function load(name) {
  const response = await fetch(new URL(name, FOLDER), { cache: "no-cache" });
  if (!response.ok) throw new Error(`${name}: status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
