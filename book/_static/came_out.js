// Who wants to read and not to guess opens all answers of a page with one button.
(() => {
  "use strict";
  const folds = [...document.querySelectorAll("details.came-out")];

  function openAll() {
    const buttons = document.querySelectorAll(".came-out > .open-all");
    this.parentElement.querySelector("summary").focus({ preventScroll: true });
    for (const fold of folds) fold.open = true;
    for (const button of buttons) button.remove();
  }

  if (folds.length < 2) return;
  for (const fold of folds) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "open-all";
    const all = folds.length === 2 ? "both" : `all ${folds.length}`;
    button.textContent = `Open ${all} answers of this page`;
    button.addEventListener("click", openAll);
    fold.append(button);
  }
})();
