// Writes a state as the course's compressed file (see labcode/coding/container.py and tensors.py),
// which labcode.coding.unpack reads in Python and unpack.mjs in the browser. Nothing is rounded.

import { crc32 } from "./bytes.mjs";
import { encodeSymbols, smallest } from "./coders.mjs";
import { filled } from "./filled.mjs";
import { toHalf } from "./halves.mjs";
import { encodePlaces } from "./positions.mjs";
import { join, uint16, uint32, varint } from "./writing.mjs";

const VERSION = 1;
const SECTIONS = ["codebook", "table", "indices", "values", "biases"];
const [SHARED, SHARED_HALF, PLAIN, PLAIN_HALF] = [1, 2, 3, 4];
const MOST_SYMBOLS = 4096;

/**
 * A state as a file.
 *
 * @returns {{bytes: Uint8Array, layers: {name: string, bytes: number, weights: number, biases:
 *   number}[], frame: number}} The file, how many of its bytes each layer takes, and how many name
 *   and check it.
 */
export function pack(layers, state) {
  const tensors = tensorsOf(layers, state);
  const pieces = tensors.map(({ values, shape }) => encodeTensor(values, shape));
  const sections = SECTIONS.map((section) =>
    join(...pieces.flatMap((piece, i) => piecesOf(piece, section, tensors[i].shape))),
  );
  const start = startOf(tensors, pieces, sections);
  const bytes = join(start, uint32(crc32(start)), ...sections);
  const sizes = new Map(pieces.map((piece, i) => [tensors[i].name, sizeOf(piece)]));
  const found = layers.map(({ name }) => {
    const [weights, biases] = [sizes.get(`${name}.weight`), sizes.get(`${name}.bias`)];
    return { name, bytes: weights + biases, weights, biases };
  });
  const frame = found.reduce((left, layer) => left - layer.bytes, bytes.length);
  return { bytes, layers: found, frame };
}

/** All that stands before the sections, but for its own checksum. */
function startOf(tensors, pieces, sections) {
  const header = join(
    uint32(tensors.reduce((crc, { values }) => crc32(new Uint8Array(values.buffer), crc), 0)),
    uint32(crc32(new TextEncoder().encode(describe(tensors)))),
    varint(tensors.length),
    ...sections.map((section) => [...varint(section.length), ...uint32(crc32(section))]),
    ...pieces.map((piece) => piece.head),
  );
  return join(new TextEncoder().encode("DIET"), [VERSION], uint16(header.length), header);
}

/** The tensors by their names in Python, sorted; a negative zero becomes zero. */
function tensorsOf(layers, { weights, biases }) {
  const found = layers.flatMap(({ name, shape, filters }) => [
    { name: `${name}.weight`, shape, values: weights[name].map((value) => value + 0) },
    { name: `${name}.bias`, shape: [filters], values: biases[name].map((value) => value + 0) },
  ]);
  const bad = found.find(({ values }) => !values.every(Number.isFinite));
  if (bad) throw new Error(`${bad.name} must be finite, but holds NaN or infinity`);
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function describe(tensors) {
  const tuple = (shape) => (shape.length === 1 ? `(${shape},)` : `(${shape.join(", ")})`);
  return tensors.map(({ name, shape }) => `${name} ${tuple(shape)} float32`).join("\n");
}

/** One tensor: its head, where its numbers are that are not zero, and what they are. */
function encodeTensor(values, shape) {
  const places = [];
  values.forEach((value, place) => value && places.push(place));
  const ways = waysOf(filled(Float32Array, places.length, (i) => values[places[i]]));
  const value = smallest(ways, ({ codebook, table, payload }) =>
    [codebook, table, payload].reduce((sum, part) => sum + part.length, 0),
  );
  const where = encodePlaces(places, shape);
  return { head: [value.kind, where.form, ...varint(places.length)], where, value };
}

/** The ways to store values: as they are, and if they are few, with a codebook. */
function waysOf(values) {
  const plain = floats(values);
  const kind = plain.half ? PLAIN_HALF : PLAIN;
  const ways = [{ kind, codebook: [], table: [], payload: plain.bytes }];
  const bits = new Uint32Array(values.buffer);
  const different = Uint32Array.from(new Set(bits)).sort();
  if (!different.length || different.length > MOST_SYMBOLS) return ways;
  const numbers = new Map(Array.from(different, (bit, number) => [bit, number]));
  const coded = encodeSymbols(Array.from(bits, (bit) => numbers.get(bit)));
  const book = floats(new Float32Array(different.buffer));
  const codebook = join(varint(different.length), book.bytes);
  return [...ways, { kind: book.half ? SHARED_HALF : SHARED, codebook, ...coded }];
}

/** float16 bytes where these lose nothing, else float32 bytes. */
function floats(values) {
  const half = values.every((value) => toHalf(value).exact);
  const halves = (i) => toHalf(values[i]).bits;
  const written = half ? filled(Uint16Array, values.length, halves) : values.slice();
  return { half, bytes: new Uint8Array(written.buffer) };
}

/** What a tensor puts into a section; one with a single dimension puts all into the biases. */
function piecesOf({ where, value }, section, shape) {
  const parts = {
    table: [where.table, value.table],
    indices: [where.payload],
    codebook: [value.codebook],
    values: [value.payload],
  };
  if (shape.length > 1) return parts[section] ?? [];
  const all = [where.table, where.payload, value.codebook, value.table, value.payload];
  return section === "biases" ? all : [];
}

function sizeOf({ head, where, value }) {
  const parts = [head, where.table, where.payload, value.codebook, value.table, value.payload];
  return parts.reduce((sum, part) => sum + part.length, 0);
}
