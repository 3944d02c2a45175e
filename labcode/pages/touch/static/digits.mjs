// The reader's digit: drawn on the paper of *Draw a digit*, or one of ten real ones.

import { Paper } from "../draw/paper.mjs";
import { make, button } from "./kit.mjs";

const SAMPLES = "../draw/samples.bin";

let stored = null; // the promise of ten digits, once one is asked for

function samples() {
  stored ??= fetch(new URL(SAMPLES, import.meta.url)).then(
    async (response) => {
      if (!response.ok) throw new Error(`samples.bin: status ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    },
  );
  stored.catch(() => (stored = null)); // the next choice tries again
  return stored;
}

/**
 * Paper to draw on and a list of real digits.
 *
 * @param {(digit: Float32Array, label: number|null) => void} onDigit Gets each new digit; the
 *   label is known of a real one alone.
 * @param {boolean} open Whether the paper is seen at once.
 */
export function digitSource(onDigit, { open = false } = {}) {
  const canvas = make("canvas", {
    class: "touch-paper", width: 280, height: 280, role: "img",
    "aria-label": "Paper to draw a digit on, with finger, pen or mouse",
  });
  const list = make("select", { class: "touch-select", autocomplete: "off" });
  list.append(make("option", { value: "" }, "…"));
  for (let digit = 0; digit < 10; digit++) {
    list.append(make("option", { value: digit }, `${digit}`));
  }
  const trouble = make("p", { class: "touch-said", role: "status" });
  const paper = new Paper(canvas, {
    drawn: (digit) => {
      list.value = "";
      onDigit(digit, null);
    },
  });
  list.addEventListener("change", async () => {
    if (list.value === "") return;
    const label = Number(list.value);
    paper.clear();
    try {
      const bytes = (await samples()).subarray(784 * label, 784 * (label + 1));
      trouble.textContent = "";
      onDigit(Float32Array.from(bytes, (value) => value / 255), label);
    } catch (error) {
      trouble.textContent = `The digit could not be loaded (${error.message}). Choose again.`;
    }
  });
  const real = make("label", { class: "touch-field" }, "A real digit", list);
  const board = make(
    "details", { class: "touch-fold", open },
    make("summary", {}, "Draw your own"),
    canvas,
    button("Clear the paper", () => paper.clear()),
  );
  return make("div", { class: "touch-source" }, real, board, trouble);
}
