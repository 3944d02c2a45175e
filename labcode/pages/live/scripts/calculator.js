// One calculator: its controls, what they ask, and what is shown.

const PATIENCE = 300; // ms without an answer before the page speaks of waiting
const READY = "Move a control, and the numbers follow.";
const COMING = "One moment …";
const STARTING = "One moment: Python starts in your browser (about 6 MB, once).";

