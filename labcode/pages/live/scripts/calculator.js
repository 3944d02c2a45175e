// One calculator: its controls, what they ask, and what is shown.

const PATIENCE = 300; // ms without an answer before the page speaks of waiting
const READY = "Move a control, and the numbers follow.";
const COMING = "One moment …";
const STARTING = "One moment: Python starts in your browser (about 6 MB, once).";

function element(tag, attributes, text = "") {
  const made = Object.assign(document.createElement(tag), attributes);
  made.textContent = text;
  return made;
}

class Calculator {
  constructor(form) {
    this.form = form;
    this.controls = JSON.parse(form.dataset.liveControls);
    this.prepared = new Prepared(form, this.controls);
    this.note = form.querySelector(".live-note");
    this.result = form.querySelector(".live-result");
    this.first = this.result.innerHTML;
    this.spoken = element("p", { className: "live-spoken" });
    this.spoken.setAttribute("role", "status");
    this.note.setAttribute("role", "status");
    form.append(this.spoken);
    form.reset(); // a browser may have kept an older visit's setting
    form.querySelector(".live-controls").append(this.resetButton());
    form.querySelector(".live-set").disabled = false;
    for (const kind of ["pointerover", "focusin", "touchstart"]) {
      form.addEventListener(kind, ({ target }) => this.reach(target), { passive: true });
    }
    form.addEventListener("input", ({ target }) => this.moved(target));
    form.addEventListener("change", ({ target }) => this.settle(target));
    form.addEventListener("submit", (event) => event.preventDefault());
    this.turn = 0; // of the setting that was asked last
    this.possible = this.settings(); // the last setting that had an answer
    this.say(READY);
  }

  resetButton() {
    const button = element("button", { type: "button", className: "live-reset" }, "Reset");
    button.addEventListener("click", () => {
      this.form.reset();
      this.copyToNumbers();
      this.turn++; // what is still on its way comes too late
      waiting.delete(this);
      this.possible = this.settings();
      this.result.innerHTML = this.first;
      this.quieten();
      this.say(READY);
    });
    return button;
  }

  field(name) {
    return this.form.elements.namedItem(name);
  }

  control(target) {
    const field = target.closest?.(".live-control")?.querySelector("[name]");
    return this.controls.find(({ name }) => name === field?.name);
  }

  /** The reader reaches for a control: fetch what its moves will show. */
  reach(target) {
    const control = this.control(target);
    const name = control && this.prepared.fileFor(control, this.settings());
    if (name) this.prepared.fetch(name).catch(() => {});
  }

  /** A slider and its number box move together; half-typed numbers wait. */
  moved(target) {
    const slider = target.type === "number" ? target.parentElement.querySelector("[type=range]") : null;
    if (slider) {
      if (!target.checkValidity() || target.value === "") return;
      slider.value = target.value;
    }
    this.ask(this.control(target));
  }

  /** A number that was typed outside the range becomes the nearest one inside. */
  settle(target) {
    if (target.type !== "number" || target.checkValidity() && target.value !== "") return;
    const slider = target.parentElement.querySelector("[type=range]");
    if (target.value !== "") slider.value = target.value; // a range clamps and rounds by itself
    this.ask(this.control(target));
  }

  /** Ask for the answer to the setting that the controls show; say what was changed to reach it. */
  async ask(control, changed = "") {
    const turn = ++this.turn;
    const settings = this.settings();
    this.mover = control;
    this.changed = changed;
    this.copyToNumbers();
    this.result.setAttribute("aria-busy", "true");
    this.sayLater(COMING);
    if (this.prepared.kind !== "whole" && !worker) startWorker();
    const answer = await this.prepared.answer(settings);
    if (turn !== this.turn) return; // the reader has moved on
    if (answer) {
      waiting.delete(this);
      this.show(answer);
      return;
    }
    if (!ready) this.sayLater(STARTING);
    askPython(this);
  }

  copyToNumbers() {
    for (const slider of this.form.querySelectorAll("[type=range]")) {
      slider.parentElement.querySelector("[type=number]").value = slider.value;
    }
  }

  settings() {
    const settings = {};
    for (const { name, kind } of this.controls) {
      const field = this.field(name);
      if (kind === "slider") settings[name] = Number(field.value);
      else settings[name] = kind === "switch" ? field.checked : field.value;
    }
    return settings;
  }

  question() {
    const { liveModule, liveFunction, liveControls } = this.form.dataset;
    return {
      turn: this.turn,
      module: liveModule,
      function: liveFunction,
      settings: this.settings(),
      controls: liveControls,
      moved: this.mover?.name ?? "",
    };
  }

  show({ turn = this.turn, html, summary, impossible, ways }) {
    if (turn !== this.turn) return; // an answer of Python's to an older setting
    if (impossible !== undefined && this.goToNearest(impossible, ways)) return;
    this.quieten();
    if (impossible === undefined) {
      this.possible = this.settings();
      this.result.innerHTML = html;
      this.spoken.textContent = [this.changed, summary].filter(Boolean).join(" ");
      this.say(this.changed || READY);
      return;
    }
    // The page below must not jump while a slider passes an impossible setting.
    this.result.style.minHeight = `${this.result.offsetHeight}px`;
    const why = `This setting is impossible: ${impossible}.`;
    this.result.replaceChildren(element("p", { className: "live-error" }, why));
    this.spoken.textContent = why;
    this.say(READY);
  }

  /** Where a setting is impossible, a control goes on to the nearest possible one. */
  goToNearest(why, ways = {}) {
    const [name, [below, above]] = Object.entries(ways)[0] ?? ["", [null, null]];
    const control = this.controls.find((one) => one.name === name);
    if (!control || this.changed) return false;
    const wanted = this.settings()[name];
    const value = nearest(wanted, this.possible[name], below, above, control.step ?? 0);
    const field = this.field(name);
    if (control.kind === "switch") field.checked = value;
    else field.value = String(value);
    const said = (one) => (typeof one === "boolean" ? (one ? "on" : "off") : one);
    this.ask(
      this.mover,
      `“${control.label}” cannot be ${said(wanted)} here: ${why}. It went to ${said(value)}.`,
    );
    return true;
  }

  quieten() {
    clearTimeout(this.timer);
    this.result.removeAttribute("aria-busy");
    this.result.style.minHeight = "";
  }

  /** Python cannot run here: go back to the numbers that the page came with. */
  giveUp(why) {
    this.form.reset();
    this.turn++;
    this.possible = this.settings();
    this.quieten();
    this.result.innerHTML = this.first;
    this.say(
      `Python could not start in this browser (${why}). The numbers for the first settings ` +
        "are shown. Moving a control tries again.",
      "live-error",
    );
  }

  /** Speak of waiting only where there is a wait. */
  sayLater(text) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.say(text, "live-starting"), PATIENCE);
  }

  say(text, style = "") {
    this.note.className = `live-note ${style}`.trim();
    if (this.note.textContent !== text) this.note.textContent = text;
  }
}
