// A step of the reader's path, made: plain settings in, a new state out. The same settings give the
// same state again, so that a link can hold them.

const BIAS_BITS = 4; // of what a layer's biases share at the end

/**
 * Every step but training: {kind: "prune", how, values, seed}, {kind: "share", how, bits}, or
 * {kind: "finish"}, which takes dead neurons out and rounds what was not shared.
 */
export function apply(engine, state, step) {
  return made[step.kind](engine, state, step);
}

const made = {
  prune: pruned,
  share: shared,
  finish: (engine, state) => engine.roundRest(engine.tidy(state), BIAS_BITS),
};

function pruned(engine, state, step) {
  return Object.entries(step.values).reduce(
    (found, [name, value]) => (value > 0 ? cut[step.how](engine, found, name, value, step.seed) : found),
    state,
  );
}

const cut = {
  size: (engine, state, name, value) => engine.pruneBySize(state, name, value),
  chance: (engine, state, name, value, seed) => engine.pruneByChance(state, name, value, seed),
  filters: (engine, state, name, value) => engine.pruneFilters(state, name, value),
};

function shared(engine, state, { how, bits }) {
  return Object.entries(bits).reduce(
    (found, [name, number]) => (number ? engine.share(found, name, number, how) : found),
    state,
  );
}

/** Train a state for a step {kind: "train", passes, images, lr, seed, steps}; stop where it did. */
export async function trained(engine, state, step, { signal, onStep }) {
  const last = step.steps ?? Infinity;
  const own = new AbortController();
  signal.addEventListener("abort", () => own.abort());
  if (signal.aborted) own.abort();
  const { lr, passes, images, seed } = step;
  const watch = (now) => {
    onStep(now);
    if (now.step >= last) own.abort();
  };
  return engine.train(state, { lr, passes, images, seed, onStep: watch, signal: own.signal });
}
