// The page's side of the worker: questions get promises; of drafts only the newest is asked.

export class Client {
  constructor(onfail) {
    this.waiting = new Map(); // turn -> what to do with its answer
    this.turn = 0;
    this.newest = null; // a draft that waits until the one before is answered
    this.drafting = false;
    this.worker = new Worker(new URL("worker.mjs", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => this.receive(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      onfail(event.message || "its worker did not load");
    };
  }

  /** Ask; `progress` hears what comes before the answer. */
  ask(kind, question = {}, progress = () => {}) {
    const turn = ++this.turn;
    this.worker.postMessage({ turn, kind, ...question });
    return new Promise((answer, fail) => this.waiting.set(turn, { answer, fail, progress }));
  }

  receive({ turn, value, failed, progress }) {
    const { answer, fail, progress: hear } = this.waiting.get(turn);
    if (progress) return hear(progress);
    this.waiting.delete(turn);
    if (failed !== undefined) fail(new Error(failed));
    else answer(value);
  }

  /** Ask for a draft; the answer is null if a newer one was asked before this one's turn. */
  async draft(question) {
    this.newest?.(null);
    if (this.drafting) {
      const mine = await new Promise((go) => (this.newest = go));
      if (mine === null) return null;
    }
    this.newest = null;
    this.drafting = true;
    try {
      return await this.ask("draft", question);
    } finally {
      this.drafting = false;
      this.newest?.(true);
    }
  }

  stop() {
    this.worker.postMessage({ kind: "stop" });
  }

  end() {
    this.worker.terminate();
  }
}
