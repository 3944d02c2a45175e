"""Answer boxes out of the exercises' starting cells, which a notebook shows as an invitation."""

from pathlib import Path
from typing import Any

from docutils import nodes
from patches import overriding
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform

from labcode.pages.exercises.box import box, unpacked

ROOT = Path(__file__).resolve().parent.parent.parent
STATIC = ROOT / "labcode" / "pages" / "exercises" / "static"
CELL = "tag_exercise"


@overriding(SphinxTransform)
class AnswerBoxes(SphinxTransform):
    """Show an answer box in place of a starting cell; where code is asked, below the cell."""

    default_priority = 213

    def apply(self, **_: Any) -> None:
        """Change the cells of a page in place."""
        for cell in list(self.document.findall(is_start)):
            dress(cell)


def is_start(node: nodes.Node) -> bool:
    """Whether this is an exercise's starting cell."""
    return isinstance(node, nodes.container) and CELL in node.get("classes", [])


def dress(cell: nodes.container) -> None:
    """Put the box in the place of the invitation, and take out code that only calls the check."""
    found = [raw for raw in cell.findall(nodes.raw) if unpacked(raw.astext())]
    if len(found) != 1:
        raise ExtensionError(f"a cell with the tag 'exercise' holds {len(found)} exercises, not 1")
    record = unpacked(found[0].astext())
    found[0].replace_self(nodes.raw("", box(found[0].astext()), **found[0].attributes))
    if record and record["kind"] != "code":
        cell.children = [part for part in cell.children if "cell_input" not in part["classes"]]


def use_own_files(app: Sphinx, config: Config) -> None:
    """Serve the scripts and the style sheet of the boxes."""
    config.html_static_path.append(str(STATIC))


def load(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], tree: Any) -> None:
    """Load the script where there is a box."""
    if tree and any(tree.findall(is_start)):
        app.add_js_file("exercises.js", type="module")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform and the files."""
    app.add_transform(AnswerBoxes)
    app.connect("config-inited", use_own_files)
    app.connect("builder-inited", lambda app: app.add_css_file("exercises.css"))
    app.connect("html-page-context", load)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
