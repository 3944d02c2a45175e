// Brings the calculators of a page to life (see labcode/pages/live/form.py for their HTML).
// Nothing is fetched before a control is moved. Then one worker runs Python for the whole page.
(() => {
  "use strict";
  const WORKER = new URL("../live/worker.mjs", document.currentScript.src);
  const READY = "Move a control: Python then starts in your browser (about 6 MB, once).";
  const STARTING = "Starting Python in your browser … once, about 6 MB";
  const RUNNING = "Computed by Python in your browser.";
  const FROM_FILE =
    "These are the numbers for the settings shown. They cannot move in a page that was opened " +
    "as a file, because a browser starts Python only over http. Run “make serve” in the " +
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

  function ask(calculator) {
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
      form.addEventListener("input", ({ target }) => this.moved(target));
      form.addEventListener("change", ({ target }) => this.settle(target));
      form.addEventListener("submit", (event) => event.preventDefault());
      this.say(READY);
    }

    resetButton() {
      const button = element("button", { type: "button", className: "live-reset" }, "Reset");
      button.addEventListener("click", () => {
        this.form.reset();
        if (worker) this.ask();
      });
      return button;
    }

    field(name) {
      return this.form.elements.namedItem(name);
    }

    /** A slider and its number box move together; half-typed numbers wait. */
    moved(target) {
      const slider = target.type === "number" ? target.parentElement.querySelector("[type=range]") : null;
      if (slider) {
        if (!target.checkValidity() || target.value === "") return;
        slider.value = target.value;
      }
      this.ask();
    }

    /** A number that was typed outside the range becomes the nearest one inside. */
    settle(target) {
      if (target.type !== "number" || target.checkValidity() && target.value !== "") return;
      const slider = target.parentElement.querySelector("[type=range]");
      if (target.value !== "") slider.value = target.value; // a range clamps and rounds by itself
      this.ask();
    }

    ask() {
      this.copyToNumbers();
      this.result.setAttribute("aria-busy", "true");
      if (!ready) this.say(STARTING, "live-starting");
      ask(this);
    }

    copyToNumbers() {
      for (const slider of this.form.querySelectorAll("[type=range]")) {
        slider.parentElement.querySelector("[type=number]").value = slider.value;
      }
    }

    question() {
      const settings = {};
      for (const { name, kind } of this.controls) {
        const field = this.field(name);
        if (kind === "slider") settings[name] = Number(field.value);
        else settings[name] = kind === "switch" ? field.checked : field.value;
      }
      const { liveModule, liveFunction } = this.form.dataset;
      return { module: liveModule, function: liveFunction, settings };
    }

    show({ html, summary, impossible }) {
      this.say(RUNNING);
      this.result.removeAttribute("aria-busy");
      if (impossible === undefined) {
        this.result.style.minHeight = "";
        this.result.innerHTML = html;
        this.spoken.textContent = summary;
        return;
      }
      // The page below must not jump while a slider passes an impossible setting.
      this.result.style.minHeight = `${this.result.offsetHeight}px`;
      const why = `This setting is impossible: ${impossible}.`;
      this.result.replaceChildren(element("p", { className: "live-error" }, why));
      this.spoken.textContent = why;
    }

    /** Python cannot run here: go back to the numbers that the page came with. */
    giveUp(why) {
      this.form.reset();
      this.result.removeAttribute("aria-busy");
      this.result.style.minHeight = "";
      this.result.innerHTML = this.first;
      this.say(
        `Python could not start in this browser (${why}). The numbers for the first settings ` +
          "are shown. Moving a control tries again.",
        "live-error",
      );
    }

    say(text, style = "") {
      this.note.className = `live-note ${style}`.trim();
      if (this.note.textContent !== text) this.note.textContent = text;
    }
  }

  for (const form of document.querySelectorAll("form.live[data-live-function]")) {
    if (location.protocol === "file:") form.querySelector(".live-note").textContent = FROM_FILE;
    else new Calculator(form);
  }
})();
