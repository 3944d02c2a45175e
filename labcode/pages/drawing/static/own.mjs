// The network that the reader made in the workbench, if this tab of the browser has brought one.

const KEY = "labcode-own-network"; // as labcode/pages/workbench/static/carry.mjs has it
const LIKE = "packed.diet"; // the course's packed network: the same operations, other weights
const NAME = "own.diet";

/**
 * Its entry, made from that of the course's packed network, and its file; null without one.
 *
 * @param {Array<object>} entries Those of networks.json.
 */
export function brought(entries) {
  const file = stored();
  if (!file) return null;
  const like = entries.find(({ weights }) => weights === LIKE);
  const { [LIKE]: _, ...graph } = like.files;
  const entry = {
    ...like,
    id: "own",
    title: "Yours, from the workbench",
    made: "The file that you made there, in this tab.",
    files: { ...graph, [NAME]: file.length },
    weights: NAME,
  };
  return { entry, files: { [NAME]: file } };
}

function stored() {
  try {
    const letters = atob(sessionStorage.getItem(KEY) ?? "");
    return letters ? Uint8Array.from(letters, (letter) => letter.charCodeAt(0)) : null;
  } catch {
    return null; // the browser keeps nothing, or something else was kept
  }
}
