// What jupyterquiz leaves out: the plain list goes, feedback is read aloud, inputs have a name.
(function finish() {
  const box = document.getElementById("$id");
  if (!box || !box.querySelector(".Quiz")) return setTimeout(finish, 100);
  box.querySelector(".quiz-plain").remove();
  for (const quiz of box.querySelectorAll(".Quiz")) {
    const question = quiz.firstElementChild.textContent;
    const answers = quiz.querySelector(".Answer");
    answers.setAttribute("role", "group");
    answers.setAttribute("aria-label", question);
    quiz.querySelector(".Feedback").setAttribute("role", "status");
    const input = quiz.querySelector(".Input-text");
    if (!input) continue;
    input.setAttribute("aria-label", question);
    input.setAttribute("inputmode", "decimal");
    quiz.querySelector(".InpLabel").textContent = "Your number, then Enter:";
  }
})();
