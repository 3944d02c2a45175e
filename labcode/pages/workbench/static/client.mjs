// The page's side of the engine. Of drafts only the newest is asked. Files are written by a worker
// of their own, so that an answer to the hand never waits for one.

import { Asked } from "./asked.mjs";

export class Client {
  constructor(onfail) {
    this.onfail = onfail;
    this.engine = new Asked("worker.mjs", onfail);
    this.writer = null; // comes with the first file
    this.newest = null; // a draft that waits until the one before is answered
    this.drafting = false;
  }

  ask(kind, question, progress) {
    return this.engine.ask(kind, question, progress);
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

  /** The file of a state. */
  async pack(id) {
    const numbers = await this.ask("numbers", { id });
    this.writer ??= new Asked("writer.mjs", this.onfail);
    return this.writer.ask("pack", numbers);
  }

  stop() {
    this.engine.tell("stop");
  }

  end() {
    this.engine.end();
    this.writer?.end();
  }
}
