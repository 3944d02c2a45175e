// Where the weights are that are not zero (see labcode/coding/relative.py and grid.py).

import { Rans, readFrequencies, readSymbols } from "./symbols.mjs";

const MOST_INDEX_BITS = 12;
const PRECISION = 12; // bits of the grid's frequencies
const MOST_CLASSES = 4;
const LONGEST_GAP = 255;

/** Rising places; each index counts the zeros before a weight, and a filler is zeros alone. */
export function relativePlaces(tables, payloads, size) {
  const bits = tables.byte();
  if (bits < 1 || bits > MOST_INDEX_BITS) throw tables.fail(`relative indices of ${bits} bits`);
  const indices = readSymbols(tables, payloads, tables.varint(2 * size));
  return walk(indices, 2 ** bits - 1, size, payloads);
}

function walk(indices, filler, size, reader) {
  const places = [];
  let place = -1;
  for (const index of indices) {
    place += index;
    if (index === filler) continue;
    place += 1;
    places.push(place);
  }
  if (places.length && places.at(-1) >= size) throw reader.fail(`places past ${size} cells`);
  return places;
}

/** Places told by classes of rows and columns; each pair of classes is a block of its own. */
export function gridPlaces(tables, payloads, [rows, columns]) {
  const classes = tables.byte();
  if (classes < 1 || classes > MOST_CLASSES) throw tables.fail(`${classes} classes of rows`);
  const models = [1, 2].map(() => readFrequencies(tables, classes + 1, PRECISION));
  const weights = Array.from({ length: classes ** 2 }, () => tables.varint(rows * columns));
  const decoder = new Rans(payloads.take(payloads.varint(payloads.data.length)), PRECISION);
  const ofRow = decoder.run(models[0], rows);
  const ofColumn = decoder.run(models[1], columns);
  const found = [];
  for (let row = 1; row <= classes; row++) {
    for (let column = 1; column <= classes; column++) {
      const cells = block(where(ofRow, row), where(ofColumn, column), columns);
      const n = weights[(row - 1) * classes + column - 1];
      if (n > cells.length) throw tables.fail(`${n} weights in a block of ${cells.length}`);
      if (n) for (const place of gaps(decoder, n, cells.length)) found.push(cells[place]);
    }
  }
  decoder.end();
  return found.sort((a, b) => a - b);
}

function where(row, wanted) {
  return [...row.keys()].filter((place) => row[place] === wanted);
}

function block(rows, columns, width) {
  return rows.flatMap((row) => columns.map((column) => row * width + column));
}

function gaps(decoder, weights, size) {
  const model = gapModel(weights, size);
  const filler = model.length - 1;
  const symbols = decoder.run(model, weights, filler, Math.floor(size / filler));
  return walk(symbols, filler, size, decoder.reader);
}

/** How often each gap comes if weights lie at random: whole numbers, the same as Python's. */
export function gapModel(weights, cells) {
  const longest = Math.max(1, Math.min(LONGEST_GAP, Math.floor((4 * cells) / weights)));
  const room = 2 ** PRECISION - longest - 1;
  const cuts = [0];
  for (let gap = 1, rest = 2 ** 30; gap <= longest; gap++) {
    rest -= Math.floor((rest * weights) / cells); // below 2**53, so exact
    cuts.push(gap + Math.floor(((2 ** 30 - rest) * room) / 2 ** 30));
  }
  cuts.push(2 ** PRECISION);
  return cuts.slice(1).map((cut, i) => cut - cuts[i]);
}
