// The reader's path: the trained network and what was made of it, step by step. The last step can
// be changed as long as it is the last, taken back, or followed by another.

const QUIET = 150; // milliseconds without a new step before the file is written

export class Path extends EventTarget {
  /** @param {object} start What the worker saw of the trained network. */
  constructor(client, start) {
    super();
    this.client = client;
    this.entries = [{ id: 0, step: null, seen: start, file: null }];
    this.turn = 0; // of the newest wish; older ones are dropped
    this.next = 1; // number of the next state
    this.free = Promise.resolve(); // the worker's last task
  }

  get now() {
    return this.entries.at(-1);
  }

  get start() {
    return this.entries[0];
  }

  get steps() {
    return this.entries.slice(1).map(({ step }) => step);
  }

  /** The last entry if it is of that kind: a new setting changes it. */
  open(kind) {
    return this.now.step?.kind === kind ? this.now : null;
  }

  /** What a step of that kind starts from. */
  base(kind) {
    return this.entries.at(this.open(kind) ? -2 : -1);
  }

  /** Try a step out; null if the hand has moved on. */
  async draft(step) {
    const turn = ++this.turn;
    clearTimeout(this.timer);
    const seen = await this.client.draft({ base: this.base(step.kind).id, step });
    return turn === this.turn ? seen : null;
  }

  /** Make a step, or change the last one; what comes to nothing is taken out. */
  commit(step, nothing = false) {
    return this.inTurn(async () => {
      const base = this.base(step.kind);
      const id = this.next++;
      const seen = nothing ? null : await this.client.ask("commit", { base: base.id, step, id });
      this.cut(this.entries.indexOf(base) + 1);
      if (seen) this.entries.push({ id, step, seen, file: null });
    });
  }

  /** Train the newest state, and its twin if one is wished; `hear` gets each step. */
  train(step, hear) {
    return this.inTurn(async () => {
      const id = this.next++;
      const found = await this.client.ask("train", { base: this.now.id, step, id }, hear);
      const { steps, planned, stopped, ...seen } = found;
      if (steps > 0) this.entries.push({ id, step: { ...step, steps, planned }, seen, file: null });
      return { steps, planned, stopped };
    });
  }

  undo() {
    return this.inTurn(async () => this.cut(this.entries.length - 1));
  }

  restart() {
    return this.inTurn(async () => this.cut(1));
  }

  /** Take entries away, but never the trained network. */
  cut(length) {
    const gone = this.entries.splice(Math.max(1, length));
    if (gone.length) this.client.ask("drop", { ids: gone.map(({ id }) => id) });
  }

  /** One task after the other; of those that wait, only the newest is done. */
  async inTurn(task) {
    const turn = ++this.turn;
    clearTimeout(this.timer);
    await this.free.catch(() => {});
    if (turn !== this.turn) return null;
    this.free = task();
    const found = await this.free;
    if (turn === this.turn) this.settled();
    return found ?? true;
  }

  settled() {
    this.dispatchEvent(new Event("change"));
    this.timer = setTimeout(() => this.weighAll(this.turn), QUIET);
  }

  /** Write the files that are missing, the newest first, until the reader has another wish. */
  async weighAll(turn) {
    for (const entry of this.entries.toReversed()) {
      if (turn !== this.turn) return;
      if (this.entries.includes(entry)) await this.weigh(entry);
    }
  }

  /** Write an entry's file, once. */
  async weigh(entry) {
    if (entry.file) return entry.file;
    const file = await this.client.pack(entry.id);
    entry.file = file;
    this.dispatchEvent(new Event("weighed"));
    return file;
  }
}
