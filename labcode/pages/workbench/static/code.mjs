// Step 4, code: the file that the network has become, byte by byte, and where it can go.

import { button, make, say, words } from "./dom.mjs";
import { keep } from "./carry.mjs";
import { bytes, count, part, plural, times } from "./words.mjs";

const NAME = "my-network.diet";
const LAST =
  "The last bytes: neurons that nothing reads go, biases share 16 values, and what is left of " +
  "each number is rounded to 16 bits.";
const PYTHON = `from pathlib import Path
from labcode.coding import unpack
from labcode.models import lenet5

file = Path("${NAME}").read_bytes()
network = unpack(file, lenet5())`;
const COLUMNS = ["Part", "Weights left", "Bytes"];
const DRAW = new URL("../book/shipping/draw.html", import.meta.url);

/** @param {number} whole Bytes of the trained network, four for each number. */
export function codePanel(layers, names, path, whole) {
  const body = make("tbody");
  const total = make("p", { class: "bench-lead" }, "The file is being written …");
  const table = make("table", { class: "bench-table" },
    make("thead", {}, make("tr", {}, ...COLUMNS.map((title) => make("th", { scope: "col" }, title)))),
    body);
  const download = button(`Download ${NAME}`, save, "bench-main");
  const finish = button("Press out the last bytes", () => path.commit({ kind: "finish" }));
  const draw = button("Take it to Draw a digit", bring);
  const note = make("p", { class: "bench-progress", role: "status" }, "\u00a0");
  const code = make("pre", { class: "bench-python", tabindex: 0 }, PYTHON);
  const node = make("div", {}, total, table,
    make("p", { class: "bench-buttons" }, finish),
    words("bench-caption", LAST),
    make("p", { class: "bench-buttons" }, download, draw), note,
    words("bench-lead", "Python reads the same file, with the same weights to the last bit:"),
    code);

  async function save() {
    const { bytes: file } = await path.weigh(path.now);
    const address = URL.createObjectURL(new Blob([file], { type: "application/octet-stream" }));
    make("a", { href: address, download: NAME }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
    say(note, `${NAME}, ${count(file.length)} bytes, was handed to your browser.`);
  }

  async function bring() {
    const { bytes: file } = await path.weigh(path.now);
    try {
      keep(file);
    } catch {
      say(note, "This browser would not keep the file for the other page. A smaller one may fit.");
      return;
    }
    location.assign(DRAW);
  }

  function show() {
    const { file, seen } = path.now;
    download.disabled = draw.disabled = !file;
    finish.disabled = path.open("finish") !== null;
    if (!file) {
      say(total, "The file is being written …");
      return;
    }
    const size = file.bytes.length;
    const smaller = `${times(whole / size)} times smaller`;
    say(total, `${count(size)} bytes: ${smaller} than the ${bytes(whole)} of four bytes a number.`);
    const parts = file.layers.map((one) => {
      const at = layers.findIndex(({ name }) => name === one.name);
      return [names[one.name], left(seen.layers[at], layers[at]), one.bytes];
    });
    const rest = size - parts.reduce((sum, [, , n]) => sum + n, 0);
    if (rest) parts.push(["Header, tables, checksums", "", rest]);
    const most = Math.max(...parts.map(([, , n]) => n));
    body.replaceChildren(...parts.map(([name, weights, n]) => line(name, weights, n, n / most)));
  }

  return { node, show };
}

function left({ kept, bits }, layer) {
  const each = bits ? `, ${plural(bits, "bit", "bits")}` : "";
  return `${count(kept)} (${part(kept / layer.count)})${each}`;
}

function line(name, weights, size, share) {
  return make("tr", {},
    make("th", { scope: "row" }, name),
    make("td", {}, weights),
    make("td", {}, make("span", { class: "bench-bytes" }, count(size)),
      make("span", { class: "bench-bar", "aria-hidden": "true", style: `--share:${share.toFixed(4)}` })));
}
