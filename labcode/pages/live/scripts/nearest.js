// Where a control goes that cannot stay where it was put.

/** The nearer of two values; a single step goes on in its direction, or it would never pass. */
function nearest(wanted, before, below, above, step) {
  if (below === null || above === null) return below ?? above;
  if (typeof wanted !== "number") return above;
  if (wanted - before === step) return above;
  if (before - wanted === step) return below;
  return wanted - below <= above - wanted ? below : above;
}
