// Answers that were prepared while the site was built (see labcode/pages/live/prepared.py).

const ANSWERS = new URL("../live/answers/", document.currentScript.src);
const STRETCH = 512; // values of one control in a file, as labcode/pages/live/prepared.py has it

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
