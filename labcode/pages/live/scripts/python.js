// The one worker of a page: it runs Python for all calculators.

const WORKER = new URL("../live/worker.mjs", document.currentScript.src);

let worker = null;
let ready = false;
let asked = null; // the calculator whose answer is awaited
const waiting = new Set(); // calculators with a newer setting; each is asked only its latest

function startWorker() {
  try {
    worker = new Worker(WORKER, { type: "module" });
  } catch (error) {
    fail(error.message);
    return;
  }
  worker.onmessage = ({ data }) => receive[data.kind](data);
  worker.onerror = (event) => {
    event.preventDefault();
    fail(event.message || "the worker did not load");
  };
}

const receive = {
  ready() {
    ready = true;
    askNext();
  },
  answer(data) {
    const calculator = asked;
    asked = null;
    calculator.show(data);
    askNext();
  },
  failed: (data) => fail(data.why),
};

function askNext() {
  const [next] = waiting;
  if (!ready || asked || !next) return;
  waiting.delete(next);
  asked = next;
  worker.postMessage(next.question());
}

function askPython(calculator) {
  waiting.add(calculator);
  if (!worker) startWorker();
  askNext();
}

function fail(why) {
  worker?.terminate();
  worker = null; // the next move tries again
  ready = false;
  const stopped = new Set(asked ? [...waiting, asked] : waiting);
  asked = null;
  waiting.clear();
  for (const calculator of stopped) calculator.giveUp(why);
}
