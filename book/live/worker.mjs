// Runs labcode's calculators in the reader's browser, away from the page's own thread.
// It starts Python at once; the page makes this worker only when a control is first moved.

const here = (path) => new URL(path, import.meta.url).href;

async function bytes(path) {
  // "no-cache" asks the server whether the file changed: it belongs to the page's version.
  const response = await fetch(here(path), { cache: "no-cache" });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${response.statusText}`);
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
  return python.pyimport("labcode.live.browser").answer;
}

const starting = start().then(
  (answer) => {
    postMessage({ kind: "ready" });
    return answer;
  },
  (error) => postMessage({ kind: "failed", why: String(error.message ?? error) }),
);

onmessage = async ({ data: { module, function: name, settings } }) => {
  const answer = await starting;
  if (!answer) return; // "failed" is on its way
  try {
    postMessage({ kind: "answer", ...JSON.parse(answer(module, name, JSON.stringify(settings))) });
  } catch (error) {
    // A fault of ours, not of the setting: the last line of Python's report names it.
    const why = String(error.message ?? error).trim().split("\n").at(-1);
    postMessage({ kind: "answer", impossible: `The calculator failed: ${why}` });
  }
};
