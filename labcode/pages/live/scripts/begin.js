// Brings the calculators of the page to life.

const FROM_FILE =
  "These are the numbers for the settings shown. They cannot move in a page that was opened " +
  "as a file, because a browser fetches what they need only over http. Run “make serve” in the " +
  "book's folder and open the address that it prints.";

for (const form of document.querySelectorAll("form.live[data-live-function]")) {
  if (location.protocol === "file:") form.querySelector(".live-note").textContent = FROM_FILE;
  else new Calculator(form);
}
