// Numbers of 16 bits (IEEE 754's binary16), and back.

import { float16 } from "./bytes.mjs";

/** The nearest float16 number (halves go to the even one), and whether it is the same number. */
export function toHalf(value) {
  const size = Math.abs(value);
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const exponent = Math.max(-14, Math.min(15, exponentOf(size)));
  const steps = size * 2 ** (10 - exponent); // exact: a power of two
  let near = Math.floor(steps);
  if (steps - near > 0.5 || (steps - near === 0.5 && near % 2)) near += 1;
  const bits = near >= 1024 ? (exponent + 14) * 1024 + near : near; // a carry raises the exponent
  return { bits: sign + Math.min(bits, 0x7c00), exact: near === steps && bits < 0x7c00 };
}

const float = new Float32Array(1);
const bitsOfFloat = new Uint32Array(float.buffer);

/** The power of two at or below a float32 number. */
function exponentOf(size) {
  float[0] = size;
  return (bitsOfFloat[0] >>> 23) - 127;
}

/** Numbers rounded to float16. */
export function rounded(values) {
  return values.map((value) => float16(toHalf(value).bits));
}
