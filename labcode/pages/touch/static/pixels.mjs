// Small grids of numbers, shown as squares on white paper in either theme.

import { make } from "./kit.mjs";

const INK = [0, 0, 0];
const ABOVE = [0, 114, 178]; // blue: positive
const BELOW = [198, 81, 2]; // orange: negative
const UNSEEN = [222, 224, 228, 255];

export const SIDE = 28;

/** The 784 bytes of a digit that the page carries, as numbers from 0 to 1. */
export function decode(text) {
  return Float32Array.from(atob(text), (letter) => letter.charCodeAt(0) / 255);
}

/** A canvas of so many squares a side. */
export function grid(side, label, attributes = {}) {
  const named = { class: "touch-pixels", role: "img", "aria-label": label };
  return make("canvas", { width: side, height: side, ...named, ...attributes });
}

/** Paint numbers from 0 to 1 as ink. */
export function paintInk(canvas, values) {
  paint(canvas, values, (value) => [...INK, 255 * Math.min(1, value)]);
}

/** Paint numbers of both signs, blue above zero and orange below; null is not known yet. */
export function paintSigned(canvas, values, largest) {
  paint(canvas, values, (value) => {
    if (value === null) return UNSEEN;
    const strength = largest > 0 ? Math.min(1, Math.abs(value) / largest) : 0;
    return [...(value < 0 ? BELOW : ABOVE), 255 * strength];
  });
}

function paint(canvas, values, colour) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  values.forEach((value, i) => image.data.set(colour(value), 4 * i));
  context.putImageData(image, 0, 0);
}
