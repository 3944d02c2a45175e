// The digits that are misread, as pictures with what they are and what they were taken for.

import { make, say } from "./dom.mjs";

const SIDE = 28;

export function mistakes() {
  const title = make("h2", {}, "Misread");
  const list = make("ul", { class: "bench-mistakes" });

  return {
    node: make("section", { class: "bench-wrong", "aria-label": "Misread digits" }, title, list),
    show({ wrong, right, count }) {
      const all = count - right;
      const rest = all > wrong.length ? `, the first ${wrong.length} of them` : "";
      say(title, all ? `Misread: ${all} of ${count} digits${rest}` : `None of ${count} digits is misread`);
      list.replaceChildren(...wrong.map(item));
    },
  };
}

function item({ pixels, label, answer, probability }) {
  const canvas = make("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  const image = context.createImageData(SIDE, SIDE);
  pixels.forEach((value, i) => image.data.set([0, 0, 0, value], 4 * i));
  context.putImageData(image, 0, 0);
  const sure = `${Math.round(100 * probability)} % sure`;
  return make("li", { title: `A ${label}, read as ${answer}, ${sure}` }, canvas,
    make("span", { "aria-hidden": "true" }, `${label} → ${answer}`),
    make("span", { class: "bench-spoken" }, `A ${label}, read as ${answer}`));
}
