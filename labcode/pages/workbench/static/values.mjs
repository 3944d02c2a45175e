// Step 3, share or round: how many bits a weight of a layer has, and which values they can tell.

import { button, choices, choose, make, words } from "./dom.mjs";
import { TOP } from "./look.mjs";
import { row } from "./rows.mjs";
import { count } from "./words.mjs";

const REST = 120; // milliseconds
const WHOLE = 9; // the slider's right end: left as they are, 32 bits
const LEAD =
  "The weights of a layer share a few values, so that the file needs only a number of a few bits " +
  "for each. Small marks are the values.";
const WAYS = [["kmeans", "Values that fit (k-means)"], ["even", "Even steps"]];

/** @param {() => void} onretrain When the reader wants to train what was shared. */
export function valuesPanel(layers, names, path, view, onretrain) {
  const untouched = () => Object.fromEntries(layers.map(({ name }) => [name, 0]));
  let how = "kmeans";
  let timer = null;
  let bits = untouched();
  const ways = choices("Which values", "bench-values", WAYS, how, (next) => {
    how = next;
    changed().then(rest);
  });
  const bitsOf = (id, title, which) =>
    row({ id: `bench-bits-${id}`, title, onmove: (value) => moveTo(which, value), onrest: rest });
  const all = bitsOf("all", "All layers", layers);
  const rows = layers.map((layer) => bitsOf(layer.name, names[layer.name], [layer]));
  const node = make("div", {},
    words("bench-lead", LEAD),
    make("fieldset", { class: "bench-set" }, ways, all.node, ...rows.map((one) => one.node)),
    make("p", { class: "bench-buttons" },
      button("Retrain with these values", onretrain, "bench-main")));

  function step() {
    return { kind: "share", how, bits: { ...bits } };
  }

  function moveTo(which, value) {
    for (const { name } of which) bits[name] = value === WHOLE ? 0 : value;
    changed();
  }

  async function changed() {
    clearTimeout(timer);
    const seen = await path.draft(step());
    if (!seen) return;
    show(seen);
    view.show(seen, { moving: true });
  }

  function rest() {
    clearTimeout(timer);
    timer = setTimeout(() => path.commit(step(), Object.values(bits).every((value) => !value)), REST);
  }

  function show(seen) {
    const before = path.base("share").seen;
    const same = new Set(Object.values(bits)).size === 1;
    set(all, Math.max(...Object.values(bits)), same ? "" : "differs by layer");
    all.draw({ ghost: [0], bars: summed(before), ticks: [] });
    layers.forEach(({ name }, i) => {
      const { codebook, bits: own } = seen.layers[i];
      const is = bits[name] || own;
      const several = `, ${count(codebook.length)} values`;
      set(rows[i], is, is ? `${plain(is)}${codebook.length ? several : ""}` : "");
      const ticks = codebook.map((value) => Math.min(1, Math.abs(value) / TOP));
      rows[i].draw({ ghost: [0], bars: before.layers[i].bins, ticks });
    });
  }

  function set(one, value, text) {
    const said = text || plain(value);
    one.set({ min: 1, max: WHOLE, step: 1, value: value || WHOLE, text: said });
    one.tell(said);
  }

  /** The path has changed: the sliders say what its last step is. */
  function follow() {
    const open = path.open("share");
    bits = { ...untouched(), ...open?.step.bits };
    how = open?.step.how ?? how;
    choose(ways, how);
    show(path.now.seen);
  }

  return { node, follow };
}

function plain(bits) {
  return bits ? `${bits} ${bits === 1 ? "bit" : "bits"} a weight` : "as they are, 32 bits";
}

function summed({ layers }) {
  return layers[0].bins.map((_, i) => layers.reduce((sum, { bins }) => sum + bins[i], 0));
}
