// Unpacks the course's compressed file into weights: the same format as labcode/coding/container.py.
// Nothing in a file is executed, and a damaged one is refused.

import { DamagedFile, Reader, crc32, float16 } from "./bytes.mjs";
import { gridPlaces, relativePlaces } from "./places.mjs";
import { readSymbols } from "./symbols.mjs";

const VERSION = 1;
const PARTS = ["codebook", "table", "indices", "values"];
const SECTIONS = [...PARTS, "biases"];
const [SHARED, SHARED_HALF, PLAIN, PLAIN_HALF] = [1, 2, 3, 4];

/**
 * The weights of a file.
 *
 * @param {Uint8Array} data What labcode.coding.pack returned.
 * @param {Array<{name: string, shape: number[]}>} like The network's tensors, sorted by name.
 * @returns {Map<string, Float32Array>}
 */
export function unpack(data, like) {
  const { header, body } = readStart(data);
  const content = header.uint32();
  const shapes = header.uint32();
  const number = header.varint(0xffff);
  if (number !== like.length || shapes !== crc32(new TextEncoder().encode(describe(like)))) {
    throw new DamagedFile("the file belongs to another network");
  }
  const sections = readSections(header, body);
  const tensors = new Map();
  let crc = 0;
  for (const { name, shape } of like) {
    const readers = Object.fromEntries(
      PARTS.map((part) => [part, sections[shape.length <= 1 ? "biases" : part]]),
    );
    const values = readTensor(shape, header, readers);
    tensors.set(name, values);
    crc = crc32(new Uint8Array(values.buffer), crc);
  }
  for (const reader of [header, ...Object.values(sections)]) reader.end();
  if (crc !== content) throw new DamagedFile("the weights do not have the checksum of the file");
  return tensors;
}

function readStart(data) {
  const start = new Reader(data, "the file");
  if (new TextDecoder().decode(start.take(4)) !== "DIET") {
    throw new DamagedFile("this is not a packed network: it does not begin with DIET");
  }
  const version = start.byte();
  if (version !== VERSION) throw new DamagedFile(`the file has version ${version}, not ${VERSION}`);
  const header = start.take(start.uint16());
  const checked = data.subarray(0, start.place);
  if (start.uint32() !== crc32(checked)) throw new DamagedFile("the header is damaged");
  return { header: new Reader(header, "the header"), body: start };
}

function readSections(header, body) {
  const readers = {};
  for (const name of SECTIONS) {
    const size = header.varint(body.data.length);
    const expected = header.uint32();
    const data = body.take(size);
    if (crc32(data) !== expected) throw new DamagedFile(`the section ${name} is damaged`);
    readers[name] = new Reader(data, `the section ${name}`);
  }
  body.end();
  return readers;
}

/** Names and shapes as Python writes them, which the file's checksum is about. */
function describe(like) {
  const tuple = (shape) => (shape.length === 1 ? `(${shape},)` : `(${shape.join(", ")})`);
  return like.map(({ name, shape }) => `${name} ${tuple(shape)} float32`).join("\n");
}

function readTensor(shape, head, parts) {
  const size = shape.reduce((product, side) => product * side, 1);
  const kind = head.byte();
  if (kind < SHARED || kind > PLAIN_HALF) throw head.fail(`a tensor in form ${kind}`);
  const form = head.byte();
  const weights = head.varint(size);
  const places = readPlaces(form, weights, shape, size, parts);
  if (places.length !== weights) throw head.fail(`${places.length} places of ${weights} weights`);
  const values = readValues(kind, weights, parts);
  const tensor = new Float32Array(size);
  places.forEach((place, i) => (tensor[place] = values[i]));
  return tensor;
}

function readPlaces(form, weights, shape, size, { table, indices }) {
  if (form === 0) {
    if (weights !== 0 && weights !== size) throw table.fail("no positions");
    return Array.from({ length: weights }, (_, place) => place);
  }
  if (form === 1) return relativePlaces(table, indices, size);
  if (form !== 2) throw table.fail(`there is no form ${form} of positions`);
  const rows = shape.length > 1 ? shape[0] : 1;
  return gridPlaces(table, indices, [rows, size / rows]);
}

function readValues(kind, weights, { codebook, table, values }) {
  const half = kind === SHARED_HALF || kind === PLAIN_HALF;
  if (kind === PLAIN || kind === PLAIN_HALF) return readFloats(values, weights, half);
  const entries = codebook.varint(Math.min(4096, weights));
  const shared = readFloats(codebook, entries, half);
  return readSymbols(table, values, weights).map((number) => {
    if (number >= entries) throw values.fail(`a number is not below ${entries}`);
    return shared[number];
  });
}

function readFloats(reader, n, half) {
  const bytes = reader.take(n * (half ? 2 : 4));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: n }, (_, i) => {
    const value = half ? float16(view.getUint16(2 * i, true)) : view.getFloat32(4 * i, true);
    if (!Number.isFinite(value)) throw reader.fail("a value is not finite");
    return value;
  });
}
