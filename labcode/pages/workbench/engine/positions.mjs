// Writes where the weights are that are not zero, as relative indices or by a grid, whichever is
// smaller (see labcode/coding/relative.py and grid.py; places.mjs reads them).

import { countsOf, encodeRans, encodeSymbols } from "./coders.mjs";
import { frequencies, scaledCounts, sizeOf, smallest } from "./coders.mjs";
import { gapModel } from "./places.mjs";
import { join, varint } from "./writing.mjs";

const INDEX_BITS = 5; // of a relative index, as in the paper
const PRECISION = 12; // bits of the grid's frequencies
const MOST_CLASSES = 4;
const [DENSE, RELATIVE, GRID] = [0, 1, 2];

/**
 * The form of positions, their table and their payload.
 *
 * @param {number[]} places Rising.
 * @param {number[]} shape Of the tensor.
 */
export function encodePlaces(places, shape) {
  const size = shape.reduce((product, side) => product * side, 1);
  if (places.length === 0 || places.length === size) return { form: DENSE, table: [], payload: [] };
  const rows = shape.length > 1 ? shape[0] : 1;
  const ways = [relative(places)];
  for (let classes = 1; classes <= MOST_CLASSES; classes++) {
    ways.push(grid(places, [rows, size / rows], classes));
  }
  return smallest(ways, sizeOf);
}

function relative(places) {
  const indices = gapsOf(places, 2 ** INDEX_BITS - 1);
  const { table, payload } = encodeSymbols(indices);
  return { form: RELATIVE, table: join([INDEX_BITS, ...varint(indices.length)], table), payload };
}

/** The number of zeros before each place; the filler stands for so many zeros alone. */
export function gapsOf(places, filler) {
  const gaps = [];
  let before = -1;
  for (const place of places) {
    let gap = place - before - 1;
    for (; gap >= filler; gap -= filler) gaps.push(filler);
    gaps.push(gap);
    before = place;
  }
  return gaps;
}

function grid(places, [rows, columns], classes) {
  const ofRow = classesOf(filled(places, rows, (place) => Math.floor(place / columns)), classes);
  const ofColumn = classesOf(filled(places, columns, (place) => place % columns), classes);
  const models = [ofRow, ofColumn].map((side) =>
    scaledCounts(countsOf(side, classes + 1), PRECISION),
  );
  const symbols = [...ofRow, ...ofColumn];
  const which = [...ofRow.map(() => 0), ...ofColumn.map(() => 1)];
  const table = [classes, ...models.flatMap((model) => [...frequencies(model, PRECISION)])];
  for (const { cells, found } of blocks(places, ofRow, ofColumn, classes)) {
    table.push(...varint(found.length));
    if (!found.length) continue;
    const model = gapModel(found.length, cells);
    models.push(model);
    for (const gap of gapsOf(found, model.length - 1)) {
      symbols.push(gap);
      which.push(models.length - 1);
    }
  }
  const codes = encodeRans(symbols, models, which, PRECISION);
  const payload = join(varint(codes.length), codes);
  return { form: GRID, table: Uint8Array.from(table), payload };
}

function filled(places, size, sideOf) {
  const counts = new Array(size).fill(0);
  for (const place of places) counts[sideOf(place)] += 1;
  return counts;
}

/** 0 for empty rows, else from 1 to `classes`: as many of each as can be. */
function classesOf(counts, classes) {
  const alive = counts.filter(Boolean).sort((a, b) => a - b);
  const cuts = [];
  for (let i = 1; i < classes; i++) cuts.push(alive[Math.floor((alive.length * i) / classes)]);
  return counts.map((count) => (count ? 1 + cuts.filter((cut) => cut <= count).length : 0));
}

/** For each pair of classes how many cells it has, and where in them the weights are. */
function blocks(places, ofRow, ofColumn, classes) {
  const [rank, wide] = [ofRow, ofColumn].map(ranks);
  const found = Array.from({ length: classes ** 2 }, (_, i) => ({
    cells: wide.counts[(i % classes) + 1] * rank.counts[Math.floor(i / classes) + 1],
    found: [],
  }));
  const columns = ofColumn.length;
  for (const place of places) { // rising, and so is the place within a block
    const [row, column] = [Math.floor(place / columns), place % columns];
    const block = found[(ofRow[row] - 1) * classes + ofColumn[column] - 1];
    block.found.push(rank.of[row] * wide.counts[ofColumn[column]] + wide.of[column]);
  }
  return found;
}

/** Of each row its number among those of its class, and how many each class has. */
function ranks(side) {
  const counts = new Array(MOST_CLASSES + 1).fill(0);
  return { of: side.map((kind) => counts[kind]++), counts };
}
