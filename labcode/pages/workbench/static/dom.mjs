// Making elements, and drawings that are as wide as the place they stand in.

const SVG = "http://www.w3.org/2000/svg";

/** An element; attributes that start with "on" are listeners, children are elements or words. */
export function make(tag, attributes = {}, ...children) {
  return dressed(document.createElement(tag), attributes, children);
}

/** The same for a part of a drawing. */
export function shape(tag, attributes = {}, ...children) {
  return dressed(document.createElementNS(SVG, tag), attributes, children);
}

function dressed(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** A button; `style` is "bench-main" where it is the one to press. */
export function button(text, onclick, style = "bench-plain") {
  return make("button", { type: "button", class: style, onclick }, text);
}

/** A paragraph. */
export function words(style, text) {
  return make("p", { class: style }, text);
}

/** Change a text only where it is another one: a screen reader speaks each change. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * A drawing that is drawn again when its place gets another width, so that words keep their size.
 *
 * @param {string} label What it shows; the drawing is hidden from screen readers without one.
 * @param {number} height In pixels.
 * @param {(width: number) => Array} parts The shapes for a width.
 * @returns {{node: Element, again: Function}}
 */
export function drawing(label, height, parts) {
  const hidden = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  const picture = shape("svg", { ...hidden, class: "bench-drawing", height });
  const node = make("div", { class: "bench-drawn", style: `height:${height}px` }, picture);
  let width = 0;
  const again = () => width && picture.replaceChildren(...parts(width));
  new ResizeObserver(([{ contentRect }]) => {
    const now = Math.floor(contentRect.width);
    if (!now || now === width) return;
    width = now;
    picture.setAttribute("width", width);
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    again();
  }).observe(node);
  return { node, again, name: (text) => picture.setAttribute("aria-label", text) };
}

/** A group of choices of which one holds, as a row of buttons. */
export function choices(title, name, options, chosen, onchange) {
  const inputs = options.map(([value, text]) =>
    make("label", { class: "bench-choice" },
      radio(name, value, value === chosen, onchange),
      make("span", {}, text)),
  );
  return make("fieldset", { class: "bench-choices" }, make("legend", {}, title), ...inputs);
}

function radio(name, value, checked, onchange) {
  return make("input", { type: "radio", name, value, checked, onchange: () => onchange(value) });
}

/** The choice that holds in a group. */
export function choose(group, value) {
  for (const input of group.querySelectorAll("input")) input.checked = input.value === value;
}
