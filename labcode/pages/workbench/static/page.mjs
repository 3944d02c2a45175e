// The page *The workbench*: Start loads the engine, then four steps work on one path.

import { Client } from "./client.mjs";
import { codePanel } from "./code.mjs";
import { make, say } from "./dom.mjs";
import { goalCard, goalOf } from "./goal.mjs";
import { history } from "./history.mjs";
import { fromLink, isLink } from "./link.mjs";
import { mistakes } from "./mistakes.mjs";
import { onwards } from "./onwards.mjs";
import { Path } from "./path.mjs";
import { plane, scoreboard } from "./plane.mjs";
import { prunePanel } from "./prune.mjs";
import { retrainPanel } from "./retrain.mjs";
import { strip } from "./strip.mjs";
import { tabs } from "./tabs.mjs";
import { valuesPanel } from "./values.mjs";
import { describe, layerNames } from "./words.mjs";

const bench = document.querySelector("[data-bench]");
const PARTS = {
  all: ["prune", "train", "share", "code"],
  prune: ["prune", "train"],
  share: ["share", "train"],
  code: ["share", "train", "code"],
};
const shown = PARTS[bench.dataset.bench || "all"];
const note = bench.querySelector(".bench-note");
const start = bench.querySelector("[data-start]");
const room = bench.querySelector(".bench-room");
const LOADING = "Loading the network, 500 digits and the program that runs them, once …";
const UNTOUCHED = "Nothing is loaded before you press Start.";
const SHARED = "This link holds somebody’s steps. Start makes them again, here.";
const READY = "Everything below is computed here, in your browser.";

/** What this device lacks, or nothing. */
function missing() {
  if (location.protocol === "file:") return "a page that was opened over http (run “make serve”)";
  if (typeof WebAssembly !== "object") return "WebAssembly";
  if (typeof Worker !== "function") return "web workers";
  if (typeof DecompressionStream !== "function") return "a newer browser (it cannot unpack gzip)";
  return null;
}

async function begin() {
  start.disabled = true;
  say(note, LOADING);
  const client = new Client((why) => failed(why, client));
  try {
    const { layers, params, seen } = await client.ask("open");
    await build(client, layers, params, seen);
  } catch (error) {
    failed(error.message, client);
  }
}

function failed(why, client) {
  client.end();
  start.disabled = false;
  start.hidden = false;
  room.hidden = true;
  say(note, `The workbench could not go on (${why}). Press Start to try again.`);
}

async function build(client, layers, params, seen) {
  const names = layerNames(layers);
  const whole = 4 * params;
  const weights = layers.reduce((sum, { count }) => sum + count, 0);
  const goal = goalOf(seen, whole);
  const path = new Path(client, seen);
  const top = strip({ params, weights });
  const wrong = mistakes();
  const map = plane(goal);
  const game = goalCard(goal);
  const told = history(path, names);
  const view = {
    show(found, how) {
      top.show(found, how);
      wrong.show(found);
    },
    busy(is) {
      for (const { node } of [prune, share, code]) node.inert = is;
      told.busy(is);
    },
  };
  const retrain = retrainPanel(path, client, view);
  const prune = prunePanel(layers, names, path, view);
  const share = valuesPanel(layers, names, path, view, () => {
    steps.go("train");
    retrain.run();
  });
  const code = codePanel(layers, names, path, whole);
  const every = [
    { id: "prune", title: "Prune", panel: prune.node },
    { id: "train", title: "Retrain", panel: retrain.node },
    { id: "share", title: "Share", panel: share.node },
    { id: "code", title: "Code", panel: code.node },
  ];
  const steps = tabs(shown.map((which) => every.find(({ id }) => id === which)));
  const end = bench.dataset.whole ? onwards(path, bench.dataset.whole) : game.node;
  const beside = make("div", { class: "bench-side" },
    wrong.node, make("h2", {}, "Your path"), map.node, end, told.node);
  room.replaceChildren(top.node, make("div", { class: "bench-columns" },
    steps.node, beside));

  path.addEventListener("change", () => {
    view.show(path.now.seen, { settled: `${describe(path.now.step, names)}.` });
    if (!path.now.file) top.weighing();
    for (const panel of [prune, retrain, share]) panel.follow();
    weighed();
  });
  path.addEventListener("weighed", weighed);

  function weighed() {
    code.show();
    told.show();
    game.show(path.now);
    if (path.now.file) top.weigh(path.now.file.bytes.length);
    map.follow(path.entries.map(({ step, seen: { right, count }, file }, number) => ({
      number,
      name: describe(step, names),
      accuracy: right / count,
      bytes: file?.bytes.length,
    })).filter(({ bytes }) => bytes));
  }

  start.hidden = true;
  bench.querySelector(".bench-picture").hidden = true;
  room.hidden = false;
  say(note, READY);
  const wanted = isLink(location.hash) ? location.hash : (bench.dataset.begin ?? "");
  path.settled();
  leave(client);
  steps.go(shown[0]); // the button that had the keyboard is gone
  scoreboard().then(map.background, () => {});
  await restore(wanted, path, layers, steps.node);
  client.ask("rival").then((found) => {
    const accuracy = found.right / found.count;
    game.rivals(found);
    map.rivals({ name: "The course’s own file, on these digits", bytes: found.bytes, accuracy });
  }, () => {}); // the goal stands without it
}

/** Make the steps of a link, or those that a part begins with, one after the other. */
async function restore(hash, path, layers, panels) {
  if (!isLink(hash)) return;
  panels.inert = true;
  try {
    const steps = fromLink(hash, layers);
    for (const [i, step] of steps.entries()) {
      const told = `Making step ${i + 1} of ${steps.length} for you`;
      say(note, `${told} …`);
      const hear = (now) => say(note, `${told}: training step ${now.step} of ${step.steps}`);
      const done = await (step.kind === "train" ? path.train(step, hear) : path.commit(step));
      if (done?.steps < step.steps) throw new Error("its training was stopped");
      await path.weigh(path.now);
    }
    say(note, READY);
  } catch (error) {
    say(note, `These steps could not be made to their end (${error.message}).`);
  } finally {
    panels.inert = false;
  }
}

/** Nothing goes on computing where nobody looks. */
function leave(client) {
  document.addEventListener("visibilitychange", () => document.hidden && client.stop());
  addEventListener("pagehide", (event) => (event.persisted ? client.stop() : client.end()));
}

const lacking = missing();
if (lacking) {
  say(note, `The workbench needs ${lacking}, which is not there. In Python, labcode does the same.`);
} else {
  start.hidden = false;
  say(note, isLink(location.hash) ? SHARED : UNTOUCHED);
  start.addEventListener("click", begin);
}
