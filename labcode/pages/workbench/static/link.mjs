// The steps of a path as the end of an address, such as
// #bench=p/size/conv1:0.05,fc1:0.1~t/2/1000/0.01/1/32/32~s/kmeans/conv1:5,fc1:3

const KEY = "bench=";
const MOST = 24; // steps that a link may hold

const write = {
  prune: ({ how, values, seed }) => `p/${how}/${pairs(values)}/${seed}`,
  train: ({ passes, images, lr, seed, steps, planned }) =>
    `t/${[passes, images, lr, seed, steps, planned].join("/")}`,
  share: ({ how, bits }) => `s/${how}/${pairs(bits)}`,
  finish: () => "f",
};

const read = {
  p: ([how, values, seed]) => ({
    kind: "prune",
    how: oneOf(how, ["size", "chance", "filters"]),
    values: numbers(values, how === "filters" ? 10_000 : 1),
    seed: number(seed, 2 ** 31),
  }),
  t: ([passes, images, lr, seed, steps, planned]) => ({
    kind: "train",
    passes: number(passes, 20, 1),
    images: number(images, 100_000, 10),
    lr: number(lr, 1),
    seed: number(seed, 2 ** 31),
    steps: number(steps, 1e6, 1),
    planned: number(planned, 1e6, 1),
  }),
  s: ([how, bits]) => ({ kind: "share", how: oneOf(how, ["kmeans", "even"]), bits: numbers(bits, 8) }),
  f: () => ({ kind: "finish" }),
};

/** The steps as text. */
export function toLink(steps) {
  return steps.length ? KEY + steps.map((step) => write[step.kind](step)).join("~") : "";
}

/** The steps of a text; none without them. An Error says what cannot be read. */
export function fromLink(text, layers) {
  const found = text.replace(/^#/, "");
  if (!found.startsWith(KEY)) return [];
  const parts = decodeURIComponent(found.slice(KEY.length)).split("~");
  if (parts.length > MOST) throw new Error(`it has more than ${MOST} steps`);
  const steps = parts.map(step);
  const names = layers.map(({ name }) => name);
  for (const one of steps) {
    for (const name of Object.keys(one.values ?? one.bits ?? {})) oneOf(name, names);
  }
  return steps;
}

/** Whether a text holds steps at all. */
export function isLink(text) {
  return text.replace(/^#/, "").startsWith(KEY);
}

function step(text) {
  const [kind, ...rest] = text.split("/");
  if (!Object.hasOwn(read, kind)) throw new Error(`“${text}” is not a step`);
  return read[kind](rest);
}

function pairs(values) {
  return Object.entries(values).map(([name, value]) => `${name}:${value}`).join(",");
}

function numbers(text = "", most) {
  return Object.fromEntries(
    text.split(",").map((pair) => pair.split(":")).map(([name, value]) => [name, number(value, most)]),
  );
}

function number(text, most, least = 0) {
  const value = text ? Number(text) : NaN;
  if (!(value >= least && value <= most)) throw new Error(`“${text}” is not a number it can have`);
  return value;
}

function oneOf(text, known) {
  if (!known.includes(text)) throw new Error(`“${text}” is not known`);
  return text;
}
