// The page's side of a worker: questions get promises.

export class Asked {
  /** @param {string} script The worker's, beside this file. */
  constructor(script, onfail) {
    this.waiting = new Map(); // turn -> what to do with its answer
    this.turn = 0;
    this.worker = new Worker(new URL(script, import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => this.receive(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      onfail(event.message || "its worker did not load");
    };
  }

  /** Ask; `progress` hears what comes before the answer. */
  ask(kind, question = {}, progress = () => {}) {
    const turn = ++this.turn;
    this.tell(kind, { turn, ...question });
    return new Promise((answer, fail) => this.waiting.set(turn, { answer, fail, progress }));
  }

  /** Say something that needs no answer. */
  tell(kind, more = {}) {
    this.worker.postMessage({ kind, ...more });
  }

  receive({ turn, value, failed, progress }) {
    const { answer, fail, progress: hear } = this.waiting.get(turn);
    if (progress) return hear(progress);
    this.waiting.delete(turn);
    if (failed !== undefined) fail(new Error(failed));
    else answer(value);
  }

  end() {
    this.worker.terminate();
  }
}
