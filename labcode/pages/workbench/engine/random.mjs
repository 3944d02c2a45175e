// Chance that a seed decides: the same numbers in every browser.

import { filled } from "./filled.mjs";

/** A function that returns numbers from 0 to 1 (mulberry32, 32 bits of state). */
export function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Put a row into a random order, in place (Fisher and Yates). */
export function shuffle(row, random) {
  for (let last = row.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [row[last], row[other]] = [row[other], row[last]];
  }
  return row;
}

/** The numbers from 0 to n - 1 in a random order. */
export function order(n, random) {
  return shuffle(filled(Uint32Array, n, (place) => place), random);
}
