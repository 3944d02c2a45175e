// The one worker of a page: it runs Python for all calculators.

const WORKER = new URL("../live/worker.mjs", document.currentScript.src);

