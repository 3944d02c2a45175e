// Carries a packed network from the workbench to *Draw a digit*, within this tab of the browser.

const KEY = "labcode-own-network";
const PIECE = 0x8000; // bytes that become letters at once

/** Keep a file; an Error if the browser has no room for it. */
export function keep(file) {
  let letters = "";
  for (let start = 0; start < file.length; start += PIECE) {
    letters += String.fromCharCode(...file.subarray(start, start + PIECE));
  }
  sessionStorage.setItem(KEY, btoa(letters));
}
