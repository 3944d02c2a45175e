// How numbers and layers are called.

const whole = new Intl.NumberFormat("en");

/** 1234 as "1,234". */
export function count(number) {
  return whole.format(number);
}

/** A share of one as per cent; more digits near the ends, where they tell something. */
export function percent(share, digits = 1) {
  return `${(100 * share).toFixed(digits)} %`;
}

/** A share that is left or gone: never a full 100 % or 0 % that is not one. */
export function part(share) {
  const digits = share > 0.99 || share < 0.01 ? 2 : 1;
  return share === 0 || share === 1 ? percent(share, 0) : percent(share, digits);
}

/** Bytes, as a reader compares them. */
export function bytes(number) {
  if (number >= 1e6) return `${(number / 1e6).toFixed(2)} MB`;
  return number >= 1e4 ? `${(number / 1e3).toFixed(number < 1e5 ? 1 : 0)} kB` : `${count(number)} bytes`;
}

/** How many times smaller. */
export function times(factor) {
  return factor < 10 ? factor.toFixed(1) : factor.toFixed(0);
}

/** One thing or several: plural(2, "pass", "passes") is "2 passes". */
export function plural(number, one, more) {
  return `${count(number)} ${number === 1 ? one : more}`;
}

/** What people call the layers: "Convolution 1", "Linear layer 2". */
export function layerNames(layers) {
  const seen = { conv: 0, linear: 0 };
  const words = { conv: "Convolution", linear: "Linear layer" };
  return Object.fromEntries(
    layers.map(({ name, kind }) => [name, `${words[kind]} ${(seen[kind] += 1)}`]),
  );
}

/** What a layer's outputs are called. */
export function unitsOf(layer) {
  return layer.kind === "conv" ? ["filter", "filters"] : ["neuron", "neurons"];
}

/** A step of the reader's path in a few words; without one, where the path begins. */
export function describe(step, names) {
  return step ? described[step.kind](step, names) : "The trained network, stored in 16 bits a number";
}

const described = {
  prune({ how, values }, names) {
    const given = Object.entries(values).filter(([, value]) => value > 0);
    const same = given.length === Object.keys(names).length && new Set(given.map(([, v]) => v)).size === 1;
    const by = { size: "by size", chance: "by chance", filters: "whole filters" }[how];
    if (same && how === "size") return `Pruned ${by}: below ${given[0][1].toFixed(3)} in every layer`;
    return `Pruned ${by} in ${given.map(([name]) => names[name].toLowerCase()).join(", ")}`;
  },
  train: ({ passes, images, steps, planned }) =>
    `Retrained: ${plural(passes, "pass", "passes")} over ${count(images)} digits` +
    (steps < planned ? `, stopped after step ${steps}` : ""),
  share({ how, bits }) {
    const found = Object.values(bits).filter(Boolean);
    const range = [...new Set(found)].sort((a, b) => a - b);
    const many = range.length > 1 ? `${range[0]} to ${range.at(-1)}` : range[0];
    const unit = range.at(-1) === 1 ? "bit" : "bits";
    return `${how === "kmeans" ? "Shared" : "Rounded"}: ${many} ${unit} a weight`;
  },
  finish: () => "Dead neurons out, the rest rounded",
};
