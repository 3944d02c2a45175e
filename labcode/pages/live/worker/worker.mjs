// Runs labcode's calculators in the reader's browser, away from the page's own thread.
// It starts Python at once; the page makes this worker when a control is first moved whose
// answers were not all prepared.

const here = (path) => new URL(path, import.meta.url).href;

let failed = false;
function fail(error) {
  if (!failed) postMessage({ kind: "failed", why: String(error?.message ?? error) });
  failed = true;
}

// Pyodide waits for ever for a file that does not come, so every fetch is watched here.
const plainFetch = self.fetch;
self.fetch = async (resource, options) => {
  const name = new URL(resource.url ?? resource, import.meta.url).pathname.split("/").at(-1);
  try {
    const response = await plainFetch(resource, options);
    if (!response.ok) throw new Error(`status ${response.status}`);
    return response;
  } catch (error) {
    fail(`${name}: ${error.message}`);
    throw error;
  }
};
self.addEventListener("unhandledrejection", (event) => fail(event.reason));

async function bytes(path) {
  // "no-cache" asks the server whether the file changed: it belongs to the page's version.
  const response = await fetch(here(path), { cache: "no-cache" });
  return new Uint8Array(await response.arrayBuffer());
}

async function start() {
  const [{ loadPyodide }, labcode] = await Promise.all([
    import(here("pyodide/pyodide.mjs")),
    bytes("labcode.zip"),
  ]);
  const python = await loadPyodide({ indexURL: here("pyodide/") });
  python.FS.writeFile("/labcode.zip", labcode);
  python.runPython("import sys; sys.path.insert(0, '/labcode.zip')");
  return python.pyimport("labcode.pages.live.browser").answer;
}

const starting = start().then((answer) => {
  postMessage({ kind: "ready" });
  return answer;
}, fail);

onmessage = async ({ data: { turn, module, function: name, settings, controls, moved } }) => {
  const answer = await starting;
  if (!answer) return; // "failed" is on its way
  try {
    const found = answer(module, name, JSON.stringify(settings), controls, moved);
    postMessage({ kind: "answer", turn, ...JSON.parse(found) });
  } catch (error) {
    // A fault of ours, not of the setting: the last line of Python's report names it.
    const why = String(error.message ?? error).trim().split("\n").at(-1);
    postMessage({ kind: "answer", turn, impossible: `The calculator failed: ${why}` });
  }
};
