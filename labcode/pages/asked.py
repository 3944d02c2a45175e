"""What a cell shows is hidden where the page asks for a guess first.

A paragraph with **Before you run it** or **Before you look** asks. JupyterLab then shows the
first line of the stored output and three dots, until the cell is run; the site has a closed fold
there (`book/_ext/asked_first.py`). What answers only when it is moved stays in view.
"""

import re
from collections.abc import Iterator
from typing import Any

ASKS = "Before you"  # how a question begins, in bold
# A calculator, a piece to touch, the workbench, an exercise, a quiz.
PIECE = re.compile(r'<form class="live"|touch\.css|bench\.css|labcode-exercise|data-shuffle')
FOLDED = {"hide-output", "hide-cell", "remove-output", "solution"}  # tags that fold outputs anyway
Cell = dict[str, Any]


def tags(cell: Cell) -> set[str]:
    """The tags of a cell."""
    return set(cell["metadata"].get("tags", []))


def text(cell: Cell) -> str:
    """What stands in a cell."""
    return "".join(cell["source"])


def is_piece(cell: Cell) -> bool:
    """Whether a cell shows something that answers when it is moved."""
    pages = (one.get("data", {}).get("text/html", "") for one in cell["outputs"])
    return any(PIECE.search("".join(page)) for page in pages)


def is_asked(before: bool, prose: str) -> bool:
    """Whether a guess is asked for behind some prose."""
    for line in prose.splitlines():
        before = (before and not line.startswith("#")) or f"**{ASKS}" in line
    return before


def answers(cells: list[Cell]) -> Iterator[Cell]:
    """The cells that show what the reader was asked to guess."""
    asked, telling = False, False
    for cell in cells:
        if cell["cell_type"] != "code":
            asked, telling = is_asked(asked, text(cell)), False
        elif cell["outputs"] and (asked or telling):
            asked, telling = False, not is_piece(cell)
            if telling:
                yield cell


def hide(cells: list[Cell]) -> None:
    """Fold the outputs of these cells, and open the others, where no tag says otherwise."""
    wanted = {id(cell) for cell in answers(cells)}
    for cell in cells:
        if cell["cell_type"] != "code" or tags(cell) & FOLDED:
            continue
        lab = dict(cell["metadata"].pop("jupyter", {}))
        lab.pop("outputs_hidden", None)
        if id(cell) in wanted:
            lab["outputs_hidden"] = True
        if lab:
            lab = dict(sorted(lab.items()))
            cell["metadata"] = dict(sorted({"jupyter": lab, **cell["metadata"]}.items()))
