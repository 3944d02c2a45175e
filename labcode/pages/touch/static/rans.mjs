// rANS with one whole number that may grow without end (labcode/coding/rans.py gives out 16 bits
// whenever it is full; up to there the number is the same).

export const START = 65536n; // as in labcode's files: large enough that rounding hardly shows

/** How often each letter comes and where its part of the slots begins. */
export class Model {
  constructor(counts) {
    this.parts = new Map();
    let start = 0n;
    for (const [letter, count] of counts) {
      this.parts.set(letter, { count: BigInt(count), start });
      start += BigInt(count);
    }
    this.total = start;
  }

  /** The number after one more letter. */
  put(number, letter) {
    const { count, start } = this.parts.get(letter);
    return (number / count) * this.total + start + (number % count);
  }

  /** The letter that went in last, its slot, and the number before it. */
  take(number) {
    const slot = number % this.total;
    for (const [letter, { count, start }] of this.parts) {
      if (slot < start + count) {
        return { letter, slot, number: count * (number / this.total) + slot - start };
      }
    }
  }
}

/** The binary logarithm of a whole number, however large. */
export function log2(number) {
  const digits = number.toString(2).length;
  const drop = Math.max(0, digits - 53);
  return Math.log2(Number(number >> BigInt(drop))) + drop;
}
