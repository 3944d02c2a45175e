// Bytes read in order; what is missing or too large is a DamagedFile (see labcode/coding/bits.py).

export class DamagedFile extends Error {}

export class Reader {
  constructor(data, name) {
    this.data = data;
    this.name = name;
    this.place = 0;
  }

  fail(why) {
    return new DamagedFile(`${this.name} is damaged: ${why}`);
  }

  take(n) {
    const left = this.data.length - this.place;
    if (n > left) throw this.fail(`${n} bytes expected, ${left} left`);
    this.place += n;
    return this.data.subarray(this.place - n, this.place);
  }

  byte() {
    return this.take(1)[0];
  }

  uint16() {
    const [low, high] = this.take(2);
    return low + 256 * high;
  }

  uint32() {
    return this.uint16() + 65536 * this.uint16();
  }

  /** The next whole number, seven bits in a byte, lowest first. */
  varint(largest) {
    let number = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      number += (byte & 127) * factor;
      if (number > largest) throw this.fail(`a number is larger than ${largest}`);
      if (byte < 128) return number;
    }
  }

  /** The next n numbers of so many bits each, highest bit first, up to a whole byte. */
  numbers(n, width) {
    const data = this.take(Math.ceil((n * width) / 8));
    const found = new Array(n);
    for (let i = 0, bit = 0; i < n; i++) {
      let number = 0;
      for (let end = bit + width; bit < end; bit++) number = number * 2 + bitOf(data, bit);
      found[i] = number;
    }
    return found;
  }

  end() {
    const left = this.data.length - this.place;
    if (left) throw this.fail(`${left} bytes are left over`);
  }
}

export function bitOf(data, bit) {
  return (data[bit >> 3] >> (7 - (bit & 7))) & 1;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

/** CRC-32 as in zip files; `before` is that of the bytes that came earlier. */
export function crc32(data, before = 0) {
  let crc = ~before;
  for (const byte of data) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 255];
  return ~crc >>> 0;
}

/** The value of a float16 number (IEEE 754's binary16). */
export function float16(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
