// What the pieces share: elements, a place on the page, and words for numbers.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; `onclick` and its like are listeners. */
export function make(tag, attributes = {}, ...children) {
  return dress(document.createElement(tag), attributes, children);
}

/** The same for an element of a drawing. */
export function draw(tag, attributes = {}, ...children) {
  return dress(document.createElementNS(SVG, tag), attributes, children);
}

function dress(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** Build each piece of this name on the page, in the place of its still picture. */
export function mount(name, build) {
  for (const section of document.querySelectorAll(`[data-touch="${name}"]`)) {
    const place = section.querySelector(".touch-live");
    build(place, section);
    section.querySelector(".touch-still").hidden = true;
    place.hidden = false;
  }
}

/** A button that does one thing. */
export function button(text, onclick, attributes = {}) {
  return make("button", { type: "button", class: "touch-button", onclick, ...attributes }, text);
}

/** A few quiet words beside what they name. */
export function caption(text) {
  return make("span", { class: "touch-caption" }, text);
}

/** Say a sentence where readers of the screen hear it too; the same one twice is said once. */
export function say(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

/** A number with so many places, with a true minus, and without a minus before zero. */
export function fixed(value, places = 2) {
  const text = Math.abs(value).toFixed(places);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** A whole number, also a large one, with commas. */
export function grouped(number) {
  return number.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A share as per cent; a small one is not called nothing, nor a large one all. */
export function percent(share) {
  if (share > 0.9995 && share < 1) return "> 99.9 %";
  return share > 0 && share < 0.0005 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`;
}

/** "once", "2 times". */
export function times(count) {
  return count === 1 ? "once" : `${count} times`;
}

/** Where on an element a pointer is, as shares of its width and height from 0 to 1. */
export function within(element, event) {
  const box = element.getBoundingClientRect();
  const clamp = (share) => Math.min(Math.max(share, 0), 1 - 1e-9);
  return [
    clamp((event.clientX - box.left) / box.width),
    clamp((event.clientY - box.top) / box.height),
  ];
}

/** Call `move` while a finger, a pen or the mouse's button is down on an element. */
export function onDrag(element, move) {
  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    element.setPointerCapture(event.pointerId);
    move(event, true);
  });
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) move(event, false);
  });
}

/** Call `move(down, right)` for the arrow keys on an element. */
export function onArrows(element, move) {
  const ways = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  element.addEventListener("keydown", (event) => {
    if (!(event.key in ways) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move(...ways[event.key]);
  });
}
