"""One fold for a solution that JupyterLab shows in pieces.

In a notebook `<details>` cannot hold a cell. So a solution stands in pieces there: text in a fold,
cells with the tag `solution` (folded too), text in a fold. On the site they become one.
"""

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from patches import overriding
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform

OPEN, CLOSE = '<details class="solution">', "</details>"
CELL = "tag_solution"


@overriding(SphinxTransform)
class Folds(SphinxTransform):
    """Take out the ends and beginnings of folds that stand between pieces of one solution."""

    default_priority = 212

    def apply(self, **_: Any) -> None:
        """Change the folds of a page in place."""
        for parent in {
            id(raw.parent): raw.parent for raw in self.document.findall(is_open)
        }.values():
            parent.children = list(joined(parent.children))


def is_open(node: nodes.Node) -> bool:
    """Whether here begins a piece of a solution."""
    return isinstance(node, nodes.raw) and node.astext().startswith(OPEN)


def is_close(node: nodes.Node) -> bool:
    """Whether here ends a fold."""
    return isinstance(node, nodes.raw) and node.astext().strip() == CLOSE


def is_cell(node: nodes.Node) -> bool:
    """Whether this is a cell that belongs to a solution."""
    return isinstance(node, nodes.Element) and CELL in node.get("classes", [])


def is_first(node: nodes.Node) -> bool:
    """Whether here begins a solution, not a later piece of one."""
    return is_open(node) and "<summary>Solution</summary>" in node.astext()


def joined(children: list[nodes.Node]) -> Iterator[nodes.Node]:
    """The children of a section with one fold for each solution."""
    waiting: nodes.Node | None = None  # an end that counts only if no further piece follows
    inside = False  # between the beginning of a piece and its end
    for child in children:
        if inside and is_close(child):
            waiting, inside = child, False
        elif is_open(child) and not inside:
            if waiting is None and not is_first(child):
                raise ExtensionError("a solution goes on that has not begun: " + child.astext())
            if is_first(child):
                yield from filter(None, [waiting])
                yield child
            waiting, inside = None, True
        elif inside or (waiting is not None and is_cell(child)):
            yield child
        else:
            yield from filter(None, [waiting])
            waiting = None
            yield child
    if inside:
        raise ExtensionError("a fold of a solution is not closed in its section")
    yield from filter(None, [waiting])


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_transform(Folds)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
