// A worker's side: questions are answered one after the other, and those of an urgent kind first.

/**
 * Answer what the page asks.
 *
 * @param {Object<string, (question: object, progress: (value: object) => void) => object>} answers
 *   By kind of question.
 * @param {string} [urgent] A kind that goes before all others that wait.
 * @returns {() => Promise<void>} Answers what is urgent and has come meanwhile; for the midst of
 *   another answer.
 */
export function answering(answers, urgent) {
  const first = [];
  const others = [];
  let busy = false;

  self.addEventListener("message", ({ data }) => {
    if (data.turn === undefined) return; // it was only told
    (data.kind === urgent ? first : others).push(data);
    if (!busy) all();
  });

  async function all() {
    busy = true;
    while (first.length || others.length) await answer(first.shift() ?? others.shift());
    busy = false;
  }

  async function answer({ turn, kind, ...question }) {
    try {
      const progress = (value) => self.postMessage({ turn, progress: value });
      self.postMessage({ turn, value: await answers[kind](question, progress) });
    } catch (error) {
      self.postMessage({ turn, failed: error.message });
    }
  }

  return async () => {
    while (first.length) await answer(first.shift());
  };
}
