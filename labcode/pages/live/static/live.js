// Brings the calculators of a page to life (see labcode/pages/live/form.py for their HTML).
// Nothing is fetched before a reader reaches for a control. Then come the answers that were
// prepared while the site was built (see labcode/pages/live/prepared.py); where they do not hold
// every setting, the first move also starts one worker that runs Python for the whole page.
(() => {
  "use strict";
  const WORKER = new URL("../live/worker.mjs", document.currentScript.src);
  const ANSWERS = new URL("../live/answers/", document.currentScript.src);
  const STRETCH = 512; // values of one control in a file, as labcode/pages/live/prepared.py has it
  const PATIENCE = 300; // ms without an answer before the page speaks of waiting
  const READY = "Move a control, and the numbers follow.";
  const COMING = "One moment …";
  const STARTING = "One moment: Python starts in your browser (about 6 MB, once).";
  const FROM_FILE =
    "These are the numbers for the settings shown. They cannot move in a page that was opened " +
    "as a file, because a browser fetches what they need only over http. Run “make serve” in the " +
    "book's folder and open the address that it prints.";

  // --- the one worker ---------------------------------------------------------------------
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

  // --- answers that were prepared ---------------------------------------------------------
  async function unpacked(name) {
    const response = await fetch(new URL(name, ANSWERS));
    if (!response.ok) throw new Error(`${name}: status ${response.status}`);
    const text = response.body.pipeThrough(new DecompressionStream("gzip"));
    return new Response(text).json();
  }

  class Prepared {
    constructor(form, controls) {
      this.folder = `${form.id}/`;
      this.kind = typeof DecompressionStream === "undefined" ? "" : form.dataset.livePrepared;
      this.controls = controls;
      this.files = new Map(); // a file's name -> the promise of its answers
    }

    /** The file that holds the setting; none where only Python can answer. */
    fileOf(settings) {
      const moved = this.controls.find(({ name, default: start }) => settings[name] !== start);
      return this.fileFor(moved ?? this.controls[0], settings);
    }

    /** The file that holds the setting and others near it, if that control alone is moved. */
    fileFor(control, settings) {
      if (this.kind !== "moves") return this.kind;
      const others = this.controls.filter((other) => other !== control);
      if (others.some(({ name, default: start }) => settings[name] !== start)) return "";
      const value = settings[control.name];
      const place = control.kind === "slider" ? (value - control.low) / control.step : 0;
      return `${control.name}-${Math.floor(place / STRETCH)}`;
    }

    fetch(name) {
      if (!this.files.has(name)) {
        const coming = unpacked(`${this.folder}${name}.bin`);
        coming.catch(() => this.files.delete(name)); // the next move tries again
        this.files.set(name, coming);
      }
      return this.files.get(name);
    }

    /** The answer to a setting; undefined where it was not prepared or does not come. */
    async answer(settings) {
      const name = this.fileOf(settings);
      if (!name) return undefined;
      const answers = await this.fetch(name).catch(() => ({}));
      return answers[JSON.stringify(this.controls.map((control) => settings[control.name]))];
    }
  }

  // --- one calculator ---------------------------------------------------------------------
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

  /** The nearer of two values; a single step goes on in its direction, or it would never pass. */
  function nearest(wanted, before, below, above, step) {
    if (below === null || above === null) return below ?? above;
    if (typeof wanted !== "number") return above;
    if (wanted - before === step) return above;
    if (before - wanted === step) return below;
    return wanted - below <= above - wanted ? below : above;
  }

  for (const form of document.querySelectorAll("form.live[data-live-function]")) {
    if (location.protocol === "file:") form.querySelector(".live-note").textContent = FROM_FILE;
    else new Calculator(form);
  }
})();
