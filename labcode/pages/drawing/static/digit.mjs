// Turns a drawing into what the networks were trained on (see labcode/pages/drawing/digit.py, which does
// the same in Python; a test holds them equal).

const SIDE = 28; // pixels of the picture that a network takes
const BOX = 20; // pixels that the longer side of the digit gets, as in MNIST
const FAINT = 0.05; // ink below this does not count when the digit's edges are sought

/**
 * A drawing as a 28 x 28 picture: cut out, shrunk to 20 pixels, and moved so that its centre of
 * mass stands in the middle.
 *
 * @param {ArrayLike<number>} ink From 0 (paper) to 1 (ink), row after row.
 * @param {number} height
 * @param {number} width
 * @returns {Float32Array|null} 784 numbers from 0 to 1, or null where nothing is drawn.
 */
export function toDigit(ink, height, width) {
  const edges = findEdges(ink, height, width);
  if (!edges) return null;
  const { top, left, rows, columns } = edges;
  const scale = BOX / Math.max(rows, columns);
  const small = {
    rows: Math.max(1, Math.round(rows * scale)),
    columns: Math.max(1, Math.round(columns * scale)),
  };
  const down = shares(rows, small.rows);
  const across = shares(columns, small.columns);
  const shrunk = new Float64Array(small.rows * small.columns);
  for (let y = 0; y < small.rows; y++) {
    for (let x = 0; x < small.columns; x++) {
      let sum = 0;
      for (const [row, high] of down[y]) {
        for (const [column, wide] of across[x]) {
          sum += high * wide * ink[(top + row) * width + left + column];
        }
      }
      shrunk[y * small.columns + x] = sum;
    }
  }
  return centred(shrunk, small);
}

function findEdges(ink, height, width) {
  let [top, left, bottom, right] = [height, width, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!(ink[y * width + x] > FAINT)) continue;
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
      left = Math.min(left, x);
      right = Math.max(right, x);
    }
  }
  return bottom < 0 ? null : { top, left, rows: bottom - top + 1, columns: right - left + 1 };
}

/** For each of `to` cells: the old cells that it covers, each with its share of the new cell. */
function shares(from, to) {
  return Array.from({ length: to }, (_, cell) => {
    const [start, end] = [(cell * from) / to, ((cell + 1) * from) / to];
    const covered = [];
    for (let old = Math.floor(start); old < Math.min(from, Math.ceil(end)); old++) {
      const overlap = Math.min(end, old + 1) - Math.max(start, old);
      if (overlap > 0) covered.push([old, (overlap * to) / from]);
    }
    return covered;
  });
}

function centred(shrunk, { rows, columns }) {
  let [mass, y0, x0] = [0, 0, 0];
  shrunk.forEach((value, i) => {
    mass += value;
    y0 += value * (Math.floor(i / columns) + 0.5);
    x0 += value * ((i % columns) + 0.5);
  });
  const place = (centre, size) => {
    // MNIST's centres lie from 14 to just below 15. A tie goes one way, whatever the rounding.
    const start = Math.ceil(SIDE / 2 - centre - 1e-9);
    return Math.min(Math.max(start, 0), SIDE - size);
  };
  const [top, left] = [place(y0 / mass, rows), place(x0 / mass, columns)];
  const digit = new Float32Array(SIDE * SIDE);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      digit[(top + y) * SIDE + left + x] = Math.min(1, shrunk[y * columns + x]);
    }
  }
  return digit;
}
