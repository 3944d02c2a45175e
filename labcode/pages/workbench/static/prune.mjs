// Step 1, prune: a threshold on each layer's histogram, or one for all; by size, by chance, or
// whole filters.

import { choices, choose, make, say } from "./dom.mjs";
import { cliff } from "./cliff.mjs";
import { firstFilters } from "./filters.mjs";
import { TOP } from "./look.mjs";
import { row } from "./rows.mjs";
import { count, part, plural, unitsOf } from "./words.mjs";

const REST = 120; // milliseconds after the hand let go: arrow keys let go with every press
const SEED = 1;
const WAYS = [["size", "By size"], ["chance", "By chance"], ["filters", "Whole filters"]];
const CAPTIONS = {
  size:
    `Each shape: how many of a layer’s weights have which size, from 0 on the left to ${TOP} on ` +
    "the right; heights are square roots, so that the few large weights can be seen. Left of the " +
    "line they go.",
  chance: "The control: the slider says which share of a layer’s weights goes, wherever they are.",
  filters:
    "Each bar: a filter (or neuron) of the layer, the weakest first, as high as its weights’ " +
    "sizes add up. The last layer keeps its ten outputs.",
};

/** @param {{show: Function}} view Shows what was seen while the hand moves. */
export function prunePanel(layers, names, path, view) {
  const nothing = () => Object.fromEntries(layers.map(({ name }) => [name, 0]));
  let how = "size";
  let timer = null;
  const values = { size: nothing(), chance: nothing(), filters: nothing() };
  const guess = cliff((byHand) => {
    set.disabled = false;
    if (byHand) all.slider.focus({ preventScroll: true }); // the button that had it is gone
  });
  const filters = firstFilters();
  const ways = choices("Take weights away", "bench-way", WAYS, how, change);
  const all = row({ id: "bench-prune-all", title: "All layers", onmove: moveAll, onrest: rest });
  const rows = Object.fromEntries(layers.map(({ name }) => {
    const onmove = (value) => move(name, value);
    return [name, row({ id: `bench-prune-${name}`, title: names[name], onmove, onrest: rest })];
  }));
  const shown = layers.map(({ name }) => rows[name].node);
  shown.splice(1, 0, filters.node); // below the layer that they belong to
  const caption = make("p", { class: "bench-caption" }, CAPTIONS.size);
  const set = make("fieldset", { class: "bench-set", disabled: true }, ways, all.node, ...shown, caption);

  /** How far a slider goes. */
  function most(layer) {
    if (how === "size") return TOP;
    if (how === "chance") return 1;
    const last = layer === layers.at(-1);
    return last ? 0 : path.base("prune").seen.layers.find(({ name }) => name === layer.name).units.length - 1;
  }

  function step() {
    return { kind: "prune", how, values: { ...values[how] }, seed: SEED };
  }

  function moveAll(value) {
    for (const layer of layers) {
      const whole = how === "filters";
      values[how][layer.name] = whole ? Math.round(value * most(layer)) : value;
    }
    changed(value);
  }

  function move(name, value) {
    values[how][name] = value;
    changed(null);
  }

  async function changed(forAll) {
    clearTimeout(timer);
    if (forAll !== null) all.slider.value = forAll;
    const seen = await path.draft(step());
    if (!seen) return;
    show(seen);
    view.show(seen, { moving: true });
  }

  function rest() {
    clearTimeout(timer);
    const nothing = Object.values(values[how]).every((value) => value === 0);
    timer = setTimeout(() => path.commit(step(), nothing), REST);
  }

  /** Another way: by chance starts with as many as went by size, so that both can be compared. */
  function change(next) {
    const seen = path.open("prune")?.seen;
    const before = path.base("prune").seen;
    if (next === "chance" && how === "size" && seen) {
      layers.forEach(({ name }, i) => {
        const gone = 1 - seen.layers[i].kept / Math.max(1, before.layers[i].kept);
        values.chance[name] = Math.round(1000 * gone) / 1000;
      });
    }
    how = next;
    say(caption, CAPTIONS[how]);
    for (const layer of layers) range(layer, rows[layer.name]); // at once: the hand may be quicker
    changed(null).then(rest);
  }

  /** How far a layer's slider goes, and where it stands. */
  function range(layer, each, text = "") {
    const max = most(layer);
    const step = how === "filters" ? 1 : 0.001;
    each.set({ max, step, value: values[how][layer.name], text });
    each.slider.disabled = max === 0;
  }

  /** Show a state that was seen, with the one before the step behind it. */
  function show(seen) {
    const before = path.base("prune").seen;
    const same = new Set(Object.values(values[how])).size === 1;
    layers.forEach((layer, i) => showLayer(layer, seen.layers[i], before.layers[i]));
    const [kept, of] = [keptOf(seen), keptOf(before)];
    const value = how === "filters" ? Number(all.slider.value) : Math.max(...Object.values(values[how]));
    const max = how === "size" ? TOP : 1;
    all.set({ max, step: 0.001, value, text: `${part(kept / of)} of the weights left` });
    const below = how === "size" && value > 0 && same ? `below ${value.toFixed(3)} gone, ` : "";
    all.tell(`${below}${part(kept / of)} left`);
    all.draw({ ghost: summed(before), bars: summed(seen), cut: how === "size" && same ? value / TOP : 0 });
    filters.show(seen.first);
    if (how === "size" || how === "chance") {
      const point = { gone: 1 - kept / of, right: seen.right / seen.count, how, even: same };
      if (kept < of) guess.add(point);
    }
  }

  function showLayer(layer, seen, before) {
    const value = values[how][layer.name];
    const weights = `${count(seen.kept)} of ${count(before.kept)}`;
    const told = how === "filters" ? plural(seen.units.length, ...unitsOf(layer)) : weights;
    const each = rows[layer.name];
    range(layer, each, `${told} left`);
    each.tell(`${told} left`);
    if (how === "filters") each.draw(units(before.units, before.units.length - seen.units.length));
    else each.draw({ ghost: before.bins, bars: seen.bins, cut: how === "size" ? value / TOP : 0 });
  }

  /** The path has changed: the sliders say what its last step is. */
  function follow() {
    const open = path.open("prune");
    if (open) {
      guess.skip();
      how = open.step.how;
      values[how] = { ...nothing(), ...open.step.values };
    } else {
      for (const way of Object.keys(values)) values[way] = nothing();
      all.slider.value = 0;
    }
    choose(ways, how);
    const { right, count: of } = path.base("prune").seen;
    guess.begin(right / of);
    show(path.now.seen);
  }

  const node = make("div", {}, guess.node, set);
  return { node, follow };
}

function keptOf({ layers }) {
  return layers.reduce((sum, { kept }) => sum + kept, 0);
}

/** The histogram of all layers together. */
function summed({ layers }) {
  return layers[0].bins.map((_, i) => layers.reduce((sum, { bins }) => sum + bins[i], 0));
}

/** Filters as bars; those that went are pale. */
function units(sizes, gone) {
  const squares = sizes.map((size) => size ** 2); // the drawing takes roots
  const bars = squares.map((value, i) => (i < gone ? 0 : value));
  return { ghost: squares, bars, cut: gone / sizes.length };
}
