// Codes rows of symbols with fixed width, Huffman or rANS, whichever is smallest (see
// labcode/coding/symbols.py, huffman.py and rans.py; symbols.mjs reads them).

import { join, packCodes, packNumbers, uint16, uint32, varint } from "./writing.mjs";

const PRECISIONS = [8, 10, 12, 14];
const LONGEST_CODE = 15;
const LOWEST_STATE = 65536;

/** The smallest of some ways to write something; of equal ones the first. */
export function smallest(ways, sizeOf) {
  return ways.reduce((best, way) => (sizeOf(way) < sizeOf(best) ? way : best));
}

export const sizeOf = ({ table, payload }) => table.length + payload.length;

/** How symbols are coded (the table) and their codes (the payload). */
export function encodeSymbols(symbols) {
  return smallest([fixed(symbols), huffman(symbols), rans(symbols)], sizeOf);
}

/** How often each symbol occurs, of at least so many symbols. */
export function countsOf(symbols, alphabet = 0) {
  const most = symbols.reduce((largest, symbol) => Math.max(largest, symbol + 1), alphabet);
  const counts = new Array(most).fill(0);
  for (const symbol of symbols) counts[symbol] += 1;
  return counts;
}

function fixed(symbols) {
  const alphabet = countsOf(symbols).length;
  const width = Math.max(1, 32 - Math.clz32(Math.max(alphabet - 1, 0)));
  return { table: Uint8Array.from([0, ...varint(alphabet)]), payload: packNumbers(symbols, width) };
}

function huffman(symbols) {
  const lengths = codeLengths(countsOf(symbols));
  const codes = canonicalCodes(lengths);
  const payload = packCodes(
    symbols.map((symbol) => codes[symbol]),
    symbols.map((symbol) => lengths[symbol]),
  );
  const table = join([1, ...varint(lengths.length)], packNumbers(lengths, 4));
  return { table, payload: join(varint(payload.length), payload) };
}

/** The best lengths of codes that stay within 15 bits (package-merge), 0 for no code. */
export function codeLengths(counts) {
  const seen = [...counts.keys()].filter((symbol) => counts[symbol]);
  const lengths = new Array(counts.length).fill(0);
  if (seen.length === 1) lengths[seen[0]] = 1;
  if (seen.length < 2) return lengths;
  const leaves = seen.map((symbol) => [counts[symbol], [symbol]]);
  leaves.sort(([a, [first]], [b, [second]]) => a - b || first - second);
  let packages = leaves;
  for (let round = 1; round < LONGEST_CODE; round++) packages = merged(leaves, pairs(packages));
  for (const [, symbols] of packages.slice(0, 2 * seen.length - 2)) {
    for (const symbol of symbols) lengths[symbol] += 1;
  }
  return lengths;
}

function pairs(packages) {
  const found = [];
  for (let i = 0; i + 1 < packages.length; i += 2) {
    const [[a, first], [b, second]] = [packages[i], packages[i + 1]];
    found.push([a + b, [...first, ...second]]);
  }
  return found;
}

/** Two sorted rows as one; of equals those of the first row come first. */
function merged(first, second) {
  const found = [];
  let [i, j] = [0, 0];
  while (i < first.length || j < second.length) {
    const take = j >= second.length || (i < first.length && first[i][0] <= second[j][0]);
    found.push(take ? first[i++] : second[j++]);
  }
  return found;
}

/** Codes of one length count upwards, in the order of their symbols. */
function canonicalCodes(lengths) {
  const order = [...lengths.keys()].filter((symbol) => lengths[symbol]);
  order.sort((a, b) => lengths[a] - lengths[b] || a - b);
  const codes = new Array(lengths.length).fill(0);
  let [code, before] = [0, 0];
  for (const symbol of order) {
    code <<= lengths[symbol] - before;
    before = lengths[symbol];
    codes[symbol] = code++;
  }
  return codes;
}

function rans(symbols) {
  const counts = countsOf(symbols, 1);
  const different = counts.filter(Boolean).length;
  const models = PRECISIONS.filter((precision) => different <= 2 ** precision).map((precision) =>
    modelOf(counts, precision),
  );
  const best = smallest(models, ({ bytes }) => bytes);
  const payload = encodeRans(symbols, [best.model], new Uint8Array(symbols.length), best.precision);
  const table = join([best.precision + 2, ...varint(counts.length)], best.table);
  return { table, payload: join(varint(payload.length), payload) };
}

function modelOf(counts, precision) {
  const model = scaledCounts(counts.some(Boolean) ? counts : counts.map(() => 1), precision);
  const table = frequencies(model, precision);
  const bits = counts.reduce(
    (sum, count, i) => (count ? sum + count * (precision - Math.log2(model[i])) : sum),
    0,
  );
  return { precision, model, table, bytes: table.length + bits / 8 };
}

/** Frequencies whose sum is 2**precision: all but the last, which the sum tells. */
export function frequencies(model, precision) {
  return packNumbers(model.slice(0, -1), precision);
}

/** Frequencies whose sum is 2**precision, none zero that was not. */
export function scaledCounts(counts, precision) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const scaled = counts.map((count) =>
    count ? Math.max(Math.floor((count / total) * 2 ** precision), 1) : 0,
  );
  let excess = scaled.reduce((sum, frequency) => sum + frequency, 0) - 2 ** precision;
  const change = excess > 0 ? -1 : 1; // give or take where it costs the fewest bits
  const gain = (i) => {
    const able = change < 0 ? scaled[i] > 1 : counts[i] > 0;
    return able ? counts[i] * Math.log2((scaled[i] + change) / scaled[i]) : -Infinity;
  };
  const gains = Float64Array.from(counts, (_, i) => gain(i));
  for (; excess; excess += change) {
    const best = indexOfLargest(gains);
    scaled[best] += change;
    gains[best] = gain(best);
  }
  return scaled;
}

function indexOfLargest(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/**
 * The last state and the words that the decoder takes in.
 *
 * @param {ArrayLike<number>} symbols
 * @param {number[][]} models Frequencies, each row with the sum 2**precision.
 * @param {ArrayLike<number>} which The model of each symbol.
 */
export function encodeRans(symbols, models, which, precision) {
  const starts = models.map((model) => {
    let sum = 0;
    return model.map((frequency) => (sum += frequency) - frequency);
  });
  const words = [];
  let state = LOWEST_STATE;
  for (let i = symbols.length - 1; i >= 0; i--) { // what goes in last comes out first
    const frequency = models[which[i]][symbols[i]];
    const start = starts[which[i]][symbols[i]];
    if (state >= frequency * 2 ** (32 - precision)) {
      words.push(state % 65536);
      state = Math.floor(state / 65536);
    }
    state = Math.floor(state / frequency) * 2 ** precision + (state % frequency) + start;
  }
  return Uint8Array.from([...uint32(state), ...words.reverse().flatMap(uint16)]);
}
