// The way from a part on a chapter's page to the whole workbench, which goes on from the same path.

import { make } from "./dom.mjs";
import { toLink } from "./link.mjs";

/** @param {string} whole The address of the whole workbench. */
export function onwards(path, whole) {
  const link = make("a", { href: whole }, "Go on in the workbench");
  const show = () => (link.href = `${whole}#${toLink(path.steps)}`);
  path.addEventListener("change", show);
  return make("p", { class: "bench-lead" }, link,
    ": it has all four steps, and takes yours along.");
}
