// Rows of symbols, coded with fixed width, Huffman or rANS (see labcode/coding/symbols.py).

import { bitOf, DamagedFile, Reader } from "./bytes.mjs";

const MOST_SYMBOLS = 4096;
const PRECISIONS = [8, 10, 12, 14];
const LONGEST_CODE = 15;
const LOWEST_STATE = 65536;

/** The next n symbols, whose table and codes two readers hold. */
export function readSymbols(tables, payloads, n) {
  const kind = tables.byte();
  const alphabet = tables.varint(MOST_SYMBOLS);
  if (kind === 0) return payloads.numbers(n, Math.max(1, bitLength(alphabet - 1)));
  if (kind === 1) {
    const lengths = tables.numbers(alphabet, 4);
    return huffman(payloads.take(payloads.varint(payloads.data.length)), n, lengths);
  }
  if (!PRECISIONS.includes(kind - 2)) throw tables.fail(`there is no coder ${kind}`);
  const model = readFrequencies(tables, alphabet, kind - 2);
  const decoder = new Rans(payloads.take(payloads.varint(payloads.data.length)), kind - 2);
  const found = decoder.run(model, n);
  decoder.end();
  return found;
}

function bitLength(number) {
  return number > 0 ? 32 - Math.clz32(number) : 0;
}

/** All frequencies but the last stand in the file; the sum tells the last. */
export function readFrequencies(reader, alphabet, precision) {
  if (alphabet === 0) throw reader.fail("a table without symbols");
  const model = reader.numbers(alphabet - 1, precision);
  const last = 2 ** precision - model.reduce((sum, frequency) => sum + frequency, 0);
  if (last < 0) throw reader.fail("frequencies are too large");
  return [...model, last];
}

/** A canonical Huffman code is known from its lengths: codes of one length count upwards. */
function huffman(data, n, lengths) {
  const damaged = new DamagedFile(`Huffman codes are damaged: not ${n} symbols`);
  const sorted = [...lengths.keys()]
    .filter((symbol) => lengths[symbol])
    .sort((a, b) => lengths[a] - lengths[b] || a - b);
  const counts = new Array(LONGEST_CODE + 1).fill(0);
  for (const symbol of sorted) counts[lengths[symbol]] += 1;
  const found = [];
  let bit = 0;
  while (found.length < n) {
    let code = 0; // the bits read so far, less the first code of this length
    let index = 0; // of the first symbol of this length in `sorted`
    for (let length = 1; ; length++) {
      if (length > LONGEST_CODE || bit >= 8 * data.length) throw damaged;
      code = 2 * code + bitOf(data, bit++);
      if (code < counts[length]) {
        found.push(sorted[index + code]);
        break;
      }
      code -= counts[length];
      index += counts[length];
    }
  }
  if (data.length !== Math.ceil(bit / 8)) throw damaged;
  return found;
}

/** Takes symbols out of one large number (see labcode/coding/rans.py). */
export class Rans {
  constructor(data, precision) {
    if (data.length < 4 || data.length % 2) throw new DamagedFile("rANS codes are damaged");
    this.reader = new Reader(data, "a row of rANS codes");
    this.precision = precision;
    this.state = this.reader.uint32();
  }

  /** The next n symbols; at most `most` fillers may stand between them and do not count. */
  run(model, n, filler = -1, most = 0) {
    const size = 2 ** this.precision;
    const symbolAt = new Uint16Array(size);
    const starts = [];
    let start = 0;
    model.forEach((frequency, symbol) => {
      symbolAt.fill(symbol, start, start + frequency);
      starts.push(start);
      start += frequency;
    });
    const found = [];
    for (let left = n; left > 0; ) {
      const slot = this.state % size;
      const symbol = symbolAt[slot];
      this.state = model[symbol] * Math.floor(this.state / size) + slot - starts[symbol];
      if (this.state < LOWEST_STATE) this.state = this.state * 65536 + this.reader.uint16();
      found.push(symbol);
      if (symbol !== filler) left -= 1;
      else if (found.length > n + most) throw this.reader.fail("they do not end");
    }
    return found;
  }

  end() {
    this.reader.end();
    if (this.state !== LOWEST_STATE) throw this.reader.fail("they do not end where they should");
  }
}
