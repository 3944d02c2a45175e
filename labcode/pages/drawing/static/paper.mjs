// Paper to draw a digit on, with finger, pen or mouse.

import { toDigit } from "./digit.mjs";

const STROKE = 22; // pixels of 280: about as thick as MNIST's pens once the digit is shrunk
const PAUSE = 120; // milliseconds between answers while the pen moves

export class Paper {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{begun?: () => void, drawn: (digit: Float32Array) => void}} tell Called when the pen
   *   touches the paper, and with the picture of 28 x 28 that stands there, while it moves.
   */
  constructor(canvas, { begun = () => {}, drawn }) {
    Object.assign(this, { canvas, drawn, last: null, timer: null });
    this.pen = canvas.getContext("2d", { willReadFrequently: true });
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      begun();
      canvas.setPointerCapture(event.pointerId);
      this.last = null;
      this.draw(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      for (const each of event.getCoalescedEvents?.() ?? [event]) this.draw(each);
    });
    canvas.addEventListener("pointerup", () => this.read());
  }

  draw(event) {
    const { canvas, pen } = this;
    const box = canvas.getBoundingClientRect();
    const factor = canvas.width / box.width;
    const now = [(event.clientX - box.left) * factor, (event.clientY - box.top) * factor];
    pen.strokeStyle = getComputedStyle(canvas).color;
    pen.lineWidth = STROKE;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(...(this.last ?? now));
    pen.lineTo(...now);
    pen.stroke();
    this.last = now;
    this.timer ??= setTimeout(() => this.read(), PAUSE);
  }

  /** Tell what stands on the paper: the opacity of each pixel, from 0 to 1, as a digit. */
  read() {
    this.stop();
    const { width, height } = this.canvas;
    const { data } = this.pen.getImageData(0, 0, width, height);
    const ink = Float64Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + 3] / 255);
    const digit = toDigit(ink, height, width);
    if (digit) this.drawn(digit);
  }

  clear() {
    this.stop();
    this.pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = null;
  }
}
