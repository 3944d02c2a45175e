// Answers that were prepared while the site was built (see labcode/pages/live/prepared.py).

const ANSWERS = new URL("../live/answers/", document.currentScript.src);
const STRETCH = 512; // values of one control in a file, as labcode/pages/live/prepared.py has it

