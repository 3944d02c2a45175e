// Reads what the workbench loads: trained weights and digits.

import { float16 } from "./bytes.mjs";

const HEAD = 8; // bytes before the header of a safetensors file
const PIXELS = 784; // of a digit

/**
 * The tensors of a safetensors file (labcode/weights/files) in float32, by name.
 *
 * Source: https://huggingface.co/docs/safetensors (the length of a JSON header, then the header,
 * then the values).
 */
export function readTensors(file) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const start = HEAD + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(HEAD, start)));
  delete header.__metadata__;
  const tensors = new Map();
  for (const [name, { dtype, data_offsets: offsets }] of Object.entries(header)) {
    if (dtype !== "F16") throw new Error(`${name} must be stored as F16, got ${dtype}`);
    const [first, end] = offsets.map((offset) => start + offset);
    const values = new Float32Array((end - first) / 2);
    for (let i = 0; i < values.length; i++) values[i] = float16(view.getUint16(first + 2 * i, true));
    tensors.set(name, values);
  }
  return tensors;
}

/** The digits of a file that labcode/pages/workbench/stored.py made; at most `most` of them. */
export async function readDigits(file, most = Infinity) {
  const stream = new Blob([file]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const all = bytes.length / (PIXELS + 1); // the labels stand before the pixels
  return new Digits(bytes.subarray(0, all), bytes.subarray(all), Math.min(all, most));
}

/** Digits with their labels; each class comes once in ten. */
export class Digits {
  constructor(labels, pixels, length) {
    Object.assign(this, { labels, pixels, length });
  }

  /** One digit: 784 grey values from 0 to 255, and what it is. */
  at(place) {
    const pixels = this.pixels.slice(PIXELS * place, PIXELS * (place + 1));
    return { pixels, label: this.labels[place] };
  }

  /** Some digits as a network sees them (from 0 to 1), one after the other. */
  images(places) {
    const images = new Float32Array(PIXELS * places.length);
    places.forEach((place, i) => {
      const start = PIXELS * place;
      for (let pixel = 0; pixel < PIXELS; pixel++) {
        images[PIXELS * i + pixel] = this.pixels[start + pixel] / 255;
      }
    });
    return images;
  }
}
