// The answer boxes of a page, what the reader has solved, and the button that forgets it.
import { answerTo } from "./judge.js";

const KEY = "diet.solved"; // in localStorage: the ids of what is solved, as JSON

function solved() {
  try {
    const ids = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(ids) ? ids : [];
  } catch {
    return []; // no storage here, or something else in it: nothing is solved
  }
}

function store(ids) {
  try {
    localStorage.setItem(KEY, JSON.stringify(ids));
  } catch {
    // No storage here: what is solved lasts as long as the page.
  }
}

class Exercise {
  constructor(box) {
    this.box = box;
    this.record = JSON.parse(new TextDecoder().decode(bytes(box.dataset.exercise)));
    this.form = box.querySelector("form");
    this.says = box.querySelector(".answer-says");
    for (const plain of box.querySelectorAll(".answer-plain")) plain.remove();
    this.form.hidden = false;
    this.form.addEventListener("submit", (event) => this.check(event));
    for (const button of this.form.querySelectorAll("fieldset button")) {
      button.addEventListener("click", () => this.choose(button));
    }
  }

  check(event) {
    event.preventDefault();
    const texts = [...this.form.querySelectorAll("input")].map((input) => input.value);
    if (this.record.kind === "number") this.tell(answerTo(texts, this.record.fields));
  }

  choose(button) {
    for (const each of this.form.querySelectorAll("fieldset button")) {
      each.setAttribute("aria-pressed", each === button);
    }
    const { right, reason } = this.record.options[button.value];
    this.tell({ right, says: right ? `Right. ${reason}` : reason });
  }

  tell({ right, says }) {
    this.box.dataset.state = right ? "right" : "wrong";
    this.says.innerHTML = `<b aria-hidden="true">${right ? "✓" : "✗"}</b> ${says}`;
    if (right) this.box.dispatchEvent(new CustomEvent("solved", { bubbles: true }));
  }

  mark(isSolved) {
    this.box.toggleAttribute("data-solved", isSolved);
    const title = heading(this.box);
    title?.querySelector(".solved")?.remove();
    if (isSolved) title?.append(element("span", "solved", " ✓ solved"));
  }

  forget() {
    delete this.box.dataset.state;
    this.says.textContent = "";
    this.form.reset();
    for (const each of this.form.querySelectorAll("[aria-pressed]")) {
      each.removeAttribute("aria-pressed");
    }
  }
}

function bytes(packed) {
  return Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
}

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

// The title of the box in which the task stands: the last one before the answer box.
function heading(box) {
  const titles = [...document.querySelectorAll(".admonition.exercise > .admonition-title")];
  const before = (title) => title.compareDocumentPosition(box) & Node.DOCUMENT_POSITION_FOLLOWING;
  return titles.filter(before).at(-1);
}

class Count {
  constructor(exercises) {
    this.exercises = exercises;
    this.line = element("p", "solved-count", "");
    this.words = element("span", "", "");
    this.words.setAttribute("role", "status");
    this.button = element("button", "", "Forget them");
    this.button.type = "button";
    this.button.addEventListener("click", () => this.forget());
    this.line.append(this.words, " ", this.button);
    document.querySelector(".admonition.exercise")?.before(this.line);
    document.addEventListener("solved", ({ target }) => this.add(target));
    this.show();
  }

  add(box) {
    const { id } = this.exercises.find((each) => each.box === box).record;
    store([...new Set([...solved(), id])]);
    this.show([id]);
  }

  show(atLeast = []) {
    const ids = [...solved(), ...atLeast];
    for (const each of this.exercises) each.mark(ids.includes(each.record.id));
    const n = this.exercises.filter(({ box }) => box.hasAttribute("data-solved")).length;
    const all = this.exercises.length;
    this.words.textContent = `Solved here: ${n} of ${all} that this page can check. Kept in this browser only.`;
    this.button.hidden = n === 0;
  }

  forget() {
    const here = this.exercises.map(({ record }) => record.id);
    store(solved().filter((id) => !here.includes(id)));
    for (const each of this.exercises) each.forget();
    this.show();
  }
}

const boxes = [...document.querySelectorAll(".answer[data-exercise]")];
if (boxes.length) new Count(boxes.map((box) => new Exercise(box)));
