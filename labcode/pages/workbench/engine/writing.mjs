// Bytes written in order (see labcode/coding/bits.py; bytes.mjs reads them).

/** A whole number in as few bytes as it needs, seven bits in each, lowest first. */
export function varint(number) {
  const bytes = [];
  for (; number > 127; number = Math.floor(number / 128)) bytes.push((number % 128) + 128);
  return [...bytes, number];
}

/** Codes of any length one after the other, highest bit first; the last byte ends on zeros. */
export function packCodes(codes, lengths) {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const bytes = new Uint8Array(Math.ceil(total / 8));
  let bit = 0;
  codes.forEach((code, i) => {
    for (let left = lengths[i] - 1; left >= 0; left--, bit++) {
      if ((code >>> left) & 1) bytes[bit >> 3] |= 128 >> (bit & 7);
    }
  });
  return bytes;
}

/** Numbers of `width` bits each. */
export function packNumbers(numbers, width) {
  return packCodes(numbers, new Uint8Array(numbers.length).fill(width));
}

export function uint16(number) {
  return [number & 255, number >>> 8];
}

export function uint32(number) {
  return [...uint16(number & 0xffff), ...uint16(number >>> 16)];
}

export function join(...parts) {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    joined.set(part, place);
    place += part.length;
  }
  return joined;
}
