"""What a cell shows waits in a closed fold where the page has asked for a guess.

A paragraph with **Before you run it** or **Before you look** asks the reader. Were the answer in
view below it, nobody would guess. So the next output goes into a fold, with the cells that follow
at once and the paragraph that says what came out. What answers only when it is moved (a
calculator, a piece to touch) stays open. A fold is opened with a click or a key, without scripts
too, and paper shows it open.
"""

from typing import Any

from docutils import nodes
from patches import overriding
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform

from labcode.pages.asked import ASKS, PIECE

OPEN = '<details class="came-out"><summary>Show what came out</summary>'
CLOSE = "</details>"


@overriding(SphinxTransform)
class AskedFirst(SphinxTransform):
    """Fold the answers of a page."""

    default_priority = 214  # behind the answer boxes

    def apply(self, **_: Any) -> None:
        """Change the sections of a page in place."""
        for parent in {id(one.parent): one.parent for one in self.document.findall(asks)}.values():
            parent.children = folded(parent.children)
            for child in parent.children:
                child.parent = parent


def asks(node: nodes.Node) -> bool:
    """Whether this paragraph asks for a guess."""
    return isinstance(node, nodes.paragraph) and any(
        strong.astext().startswith(ASKS) for strong in node.findall(nodes.strong)
    )


def is_cell(node: nodes.Node) -> bool:
    """Whether this is a code cell."""
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def outputs(node: nodes.Node) -> list[nodes.Node]:
    """What a cell shows, as a list of one or none."""
    parts = node.children if is_cell(node) else []
    return [part for part in parts if part.get("nb_element") == "cell_code_output"]


def is_piece(node: nodes.Node) -> bool:
    """Whether a cell shows something that answers when it is moved."""
    return any(PIECE.search(raw.astext()) for raw in node.findall(nodes.raw))


def is_picture(node: nodes.Node) -> bool:
    """Whether a cell shows what it made, and its code only to who asks."""
    return is_cell(node) and node.get("hide_mode") == "input" and not is_piece(node)


def folded(children: list[nodes.Node]) -> list[nodes.Node]:
    """The children of a section, each answer in its fold."""
    done: list[nodes.Node] = []
    rest = list(children)
    while rest:
        done.append(rest.pop(0))
        if asks(done[-1]):
            while rest and not outputs(rest[0]):
                done.append(rest.pop(0))
                if asks(done[-1]) or isinstance(done[-1], nodes.section):
                    raise ExtensionError(f"nothing answers before: {done[-1].astext()[:80]}")
            if not rest:
                raise ExtensionError(f"nothing answers at the end of: {done[0].astext()[:80]}")
            if not is_piece(rest[0]):
                done += fold(rest)
    return done


def fold(rest: list[nodes.Node]) -> list[nodes.Node]:
    """Take an answer off the rest of a section: all but the code in view goes into a fold."""
    before, first = split(rest.pop(0))
    inside = [first, *told(rest)]
    while rest and is_picture(rest[0]):  # the same answer once more, drawn
        inside += told(rest)
    ends = (nodes.raw("", text, format="html") for text in (OPEN, CLOSE))
    return [*before, next(ends), *inside, next(ends)]


def told(rest: list[nodes.Node]) -> list[nodes.Node]:
    """Take the next cells off a section, and the paragraph behind them."""
    taken = []
    while rest and is_cell(rest[0]) and not is_piece(rest[0]):
        taken.append(rest.pop(0))
    if rest and isinstance(rest[0], nodes.paragraph) and not asks(rest[0]):
        taken.append(rest.pop(0))
        if taken[-1].astext().endswith(":") and rest and not is_cell(rest[0]):
            taken.append(rest.pop(0))  # the list, table or formula that it announces
    return taken


def split(cell: nodes.container) -> tuple[list[nodes.Node], nodes.container]:
    """A cell whose code is in view becomes two: its code, and what it shows."""
    shown = outputs(cell)
    if cell.get("hide_mode") or len(cell.children) == len(shown):
        return [], cell
    answer = cell.copy()
    answer["ids"] = []
    answer += shown
    cell.children = [part for part in cell.children if part not in shown]
    return [cell], answer


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_transform(AskedFirst)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
