"""The page *The workbench*: what the site shows before the start, and what a notebook says."""

from __future__ import annotations

from math import log10
from typing import Any, Literal

from labcode._checks import check_choice
from labcode.pages.calculators.compare_techniques import ENTRIES
from labcode.show.numbers import number
from labcode.show.pictures import STYLED, with_still
from labcode.weights.store import packed

START = 4 * 431_080  # bytes of the trained network in 32 bits a number
BEST = ("lenet5", 0.018)  # the file of it that comes with the course
NAMED = ("LeNet-5, uncompressed", "LeNet-5, Deep Compression, our own format, 1.8 % kept")
_PLAIN = (
    "The workbench works on the built site: run `make serve` and open this page there. "
    "In Python, labcode does the same."
)


Part = Literal["all", "prune", "share", "code"]
WHOLE = "../shipping/workbench.html"
PRUNED = {"conv1": 0.03, "conv2": 0.05, "fc1": 0.07, "fc2": 0.05}  # thresholds "code" begins with
NAMES: dict[Part, str] = {
    "all": "The workbench",
    "prune": "The workbench: prune and retrain",
    "share": "The workbench: share and retrain",
    "code": "The workbench: share, retrain and code",
}


class Bench:
    """The workbench, or a part of it; the site shows it, a notebook says where it is."""

    def __init__(self, part: Part) -> None:
        """Keep which part it is; `bench` documents it."""
        self.part = part

    def __repr__(self) -> str:
        """Say where the workbench works."""
        return _PLAIN

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": _html(self.part), "text/plain": _PLAIN}


def bench(part: Part = "all") -> Bench:
    """Return the workbench, to be the last value of a notebook's cell.

    Args:
        part: "all" four steps, or those of one chapter: "prune" and retrain; "share" and retrain;
            or "code", which begins with a pruned network, shares, retrains and writes the file.

    Raises:
        ValueError: There is no such part.

    >>> "make serve" in repr(bench())
    True
    """
    check_choice("part", part, tuple(NAMES))
    return Bench(part)


def _html(part: Part) -> str:
    """Return the page before its start; its script makes the rest."""
    return f"""<link rel="stylesheet" href="../../workbench/bench.css">
<section class="bench" {_marks(part)}>
<figure class="bench-picture"><style>{STYLED}</style>{with_still(_picture())}</figure>
<p class="bench-note" role="status">The workbench works on the built site, in a browser that runs
scripts. In Python, <code>labcode</code> does the same.</p>
<p class="bench-buttons"><button type="button" class="bench-main" data-start
hidden="hidden">Start (loads about 5 MB, once)</button></p>
<div class="bench-room" hidden></div>
</section>
<script type="module" src="../../workbench/page.mjs"></script>"""


def _marks(part: Part) -> str:
    """Return what the script reads: which part it is, where the whole is, with what it begins."""
    marks: dict[str, str] = {"data-bench": "" if part == "all" else part}
    if part != "all":
        marks["data-whole"] = WHOLE
    if part == "code":
        thresholds = ",".join(f"{layer}:{value}" for layer, value in PRUNED.items())
        marks["data-begin"] = f"bench=p/size/{thresholds}/0"
    marks["aria-label"] = NAMES[part]
    return " ".join(f'{name}="{value}"' if value else name for name, value in marks.items())


WIDTH, HEIGHT = 400, 150  # pixels; a phone shows nearly all of them, and so letters of 12
LEFT, RIGHT, AXIS = 40, 40, 84  # pixels: ends of the axis, and its height
SMALLEST, LARGEST = 3.5, 6.5  # of the axis, as powers of ten: bytes


def _picture() -> str:
    """Return the way from the trained network to the file that comes with the course, as SVG.

    Its colours are written in it, so that it is the same in a notebook, which has no style sheet.
    """
    rows = {entry.name: entry.bytes_on_disk for entry in ENTRIES}
    dense, best = START, len(packed(*BEST))
    others = "".join(
        f'<circle cx="{_across(size):.1f}" cy="{AXIS}" r="4" fill="#808080" fill-opacity="0.55"/>'
        for name, size in rows.items()
        if name not in NAMED
    )
    start, end = _across(dense), _across(best)
    label = (
        f"An axis of bytes. The trained LeNet-5 takes {number(dense)} bytes, the course's own "
        f"file {number(best)}. Between them lie the scoreboard's other networks, all but "
        f"{sum(size < best for name, size in rows.items() if name not in NAMED)} that is smaller."
    )
    return f"""<svg role="img" aria-label="{label}" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}"
 font-size="14" fill="currentColor">
<path d="M{LEFT},{AXIS} H{WIDTH - RIGHT}" stroke="currentColor" stroke-opacity="0.5"/>
{others}
<path d="M{start:.1f},{AXIS - 12} Q{(start + end) / 2:.1f},{AXIS - 78} {end + 8:.1f},{AXIS - 16}
 m0,-9 l-4,11 l11,-2" fill="none" stroke="#0086d1" stroke-width="2.5"/>
<circle cx="{start:.1f}" cy="{AXIS}" r="8" fill="#0086d1"/>
<circle cx="{end:.1f}" cy="{AXIS}" r="8" fill="none" stroke="#d9680f" stroke-width="3"/>
<text x="{start:.1f}" y="{AXIS + 28}" text-anchor="middle">trained</text>
<text x="{start:.1f}" y="{AXIS + 46}" text-anchor="middle">{number(dense)} bytes</text>
<text x="{end:.1f}" y="{AXIS + 28}" text-anchor="middle">our file</text>
<text x="{end:.1f}" y="{AXIS + 46}" text-anchor="middle">{number(best)} bytes</text>
<text x="{(start + end) / 2:.1f}" y="22" text-anchor="middle">prune, retrain, share, code</text>
</svg>"""


def _across(size: float) -> float:
    part = (log10(size) - SMALLEST) / (LARGEST - SMALLEST)
    return LEFT + part * (WIDTH - LEFT - RIGHT)
