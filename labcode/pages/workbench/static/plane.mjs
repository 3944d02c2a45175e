// The reader's path on bytes against accuracy, with the scoreboard's rows behind it.

import { drawing, make, say, shape } from "./dom.mjs";
import { bytes, percent } from "./words.mjs";

const HEIGHT = 300;
const [LEFT, RIGHT, TOP, BELOW] = [38, 14, 12, 40];
const [SMALLEST, LARGEST] = [3e3, 3e6]; // bytes
const MARKS = [1e4, 1e5, 1e6];
const [LEAST, MOST] = [0.002, 0.95]; // of the digits misread, at the top and at the foot
const RIGHT_MARKS = [0.995, 0.99, 0.98, 0.95, 0.9, 0.8, 0.5, 0.1];
const LINE = 14; // pixels between two words
const FINGER = 14; // pixels around a point in which it is touched
const TOUCH =
  "Grey: the scoreboard’s networks, on 1,000 test digits. The ring: the course’s own file, on " +
  "your digits. Touch a point for its name.";

/** @param {{bytes: number, right: number}} goal At most so many bytes, at least that share right. */
export function plane(goal) {
  let rows = []; // {name, accuracy, bytes}
  let path = []; // {number, name, accuracy, bytes}
  let rival = null;
  const picture = drawing("Bytes against accuracy", HEIGHT, (width) => parts(width));
  const told = make("p", { class: "bench-caption bench-touched" }, TOUCH);
  const node = make("div", { class: "bench-plane" }, picture.node, told);

  function parts(width) {
    const [low, high] = [Math.log10(SMALLEST), Math.log10(LARGEST)];
    const x = (size) => LEFT + ((Math.log10(size) - low) / (high - low)) * (width - LEFT - RIGHT);
    const wrong = (right) => Math.min(MOST, Math.max(LEAST, 1 - right));
    const down = (right) => Math.log(wrong(right) / LEAST) / Math.log(MOST / LEAST);
    const y = (right) => TOP + down(right) * (HEIGHT - TOP - BELOW);
    const [left, foot] = [x(SMALLEST), y(goal.right)];
    return [
      shape("rect", { class: "bench-goal", x: left, y: TOP, width: x(goal.bytes) - left, height: foot - TOP }),
      ...frame(x, y),
      word(x(SMALLEST) + 6, TOP + 14, "the goal", "start", "bench-goal-word"),
      ...rows.map((one) => point(x(one.bytes), y(one.accuracy), one, "bench-other", 3.5)),
      ...(rival ? [point(x(rival.bytes), y(rival.accuracy), rival, "bench-rival", 6)] : []),
      ...own(x, y),
    ];
  }

  function frame(x, y) {
    const foot = HEIGHT - BELOW;
    const grid = RIGHT_MARKS.flatMap((right) => [
      shape("path", { class: "bench-grid", d: `M${x(SMALLEST)},${y(right)} H${x(LARGEST)}` }),
      word(LEFT - 6, y(right) + 4, `${+(100 * right).toFixed(1)}`, "end"),
    ]);
    const marks = MARKS.flatMap((size) => [
      shape("path", { class: "bench-grid", d: `M${x(size)},${foot} v5` }),
      word(x(size), foot + 18, size < 1e6 ? `${size / 1e3} kB` : `${size / 1e6} MB`, "middle"),
    ]);
    return [...grid, ...marks, word(x(SMALLEST), HEIGHT - 4, "% right ↑ (log)", "start"),
      word(x(LARGEST), HEIGHT - 4, "bytes of the file (log) →", "end")];
  }

  /** The path: a line, and a numbered point for each step. */
  function own(x, y) {
    const places = path.map((one) => [x(Math.max(SMALLEST, one.bytes)), y(one.accuracy)]);
    const points = places.map((place) => place.join(",")).join(" ");
    const line = shape("polyline", { class: "bench-line bench-own", points });
    const dots = places.map(([left, top], i) => {
      const last = i === path.length - 1;
      return point(left, top, path[i], last ? "bench-here" : "bench-been", last ? 8 : 6.5);
    });
    return [line, ...dots, ...numbers(places)];
  }

  /** The steps' numbers, the newest first; one that would hide another is left out. */
  function numbers(places) {
    const taken = [];
    const named = places.map((place, i) => [...place, path[i].number || "start"]);
    return named.reverse().flatMap(([left, top, text]) => {
      const down = top - 12 < TOP ? top + 22 : top - 12;
      if (taken.some(([x, y]) => Math.abs(x - left) < LINE && Math.abs(y - down) < LINE)) return [];
      taken.push([left, down]);
      return [word(left, down, `${text}`, "middle", "bench-step-word")];
    });
  }

  function point(left, top, one, style, size) {
    const name = () => say(told, `${one.name}: ${bytes(one.bytes)}, ${percent(one.accuracy)} right`);
    const leave = ({ pointerType }) => pointerType === "mouse" && say(told, TOUCH); // a finger lifts
    return shape("g", { onpointerenter: name, onpointerdown: name, onpointerleave: leave },
      shape("circle", { class: "bench-finger", cx: left, cy: top, r: FINGER }),
      shape("circle", { class: style, cx: left, cy: top, r: size }));
  }

  function show() {
    const last = path.at(-1);
    if (last) {
      const yours = `${bytes(last.bytes)}, ${percent(last.accuracy)} right, after step ${last.number}`;
      picture.name(`Bytes against accuracy. Your network: ${yours}.`);
    }
    picture.again();
  }

  return {
    node,
    background(found) {
      rows = found;
      show();
    },
    rivals(found) {
      rival = found;
      show();
    },
    follow(found) {
      path = found;
      show();
    },
  };
}

function word(x, y, text, anchor, style = "") {
  return shape("text", { x, y, "text-anchor": anchor, class: `bench-word ${style}` }, text);
}

/** The scoreboard's rows that the site stores. */
export async function scoreboard() {
  const response = await fetch(new URL("scoreboard.json", import.meta.url));
  if (!response.ok) throw new Error(`scoreboard.json: status ${response.status}`);
  const { columns, rows } = await response.json();
  const at = (name) => columns.indexOf(name);
  return rows.map((row) => ({
    name: row[at("name")],
    accuracy: row[at("test_accuracy")],
    bytes: row[at("bytes_on_disk")],
  }));
}
