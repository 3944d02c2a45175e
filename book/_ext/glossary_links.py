"""Link the first mention of each glossary term on a page, while the site is built."""

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from glossary_words import SOURCE, pattern, term_of
from patches import overriding
from plain_boxes import MAP_CLASS
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

PAGES = "book/"
WITHOUT = {"book/glossary", "book/references", "book/labcode"}
# Not in headings, links, code, formulas and what cells show; nor on cards, which are links.
CLOSED = (
    *(nodes.title, nodes.reference, addnodes.pending_xref),
    *(nodes.literal, nodes.math, nodes.FixedTextElement, nodes.raw),
)
CLOSED_CLASSES = {"cell_output", MAP_CLASS}


@overriding(SphinxTransform)
class GlossaryLinks(SphinxTransform):
    """Put links to the glossary into the text of a page."""

    default_priority = 840

    def apply(self, **_: Any) -> None:
        """Change the texts of a page in place."""
        page = self.env.docname
        if not page.startswith(PAGES) or page in WITHOUT:
            return
        self.env.note_dependency(str(SOURCE))
        linked: set[str] = set()
        for text in list(self.document.findall(nodes.Text)):
            if is_open(text):
                parts = list(pieces(text, page, linked))
                if any(not isinstance(part, nodes.Text) for part in parts):
                    text.parent.replace(text, parts)


def is_open(text: nodes.Text) -> bool:
    """Whether a text may get links: nothing around it forbids them."""
    around = text.parent
    while around is not None:
        if isinstance(around, CLOSED) or CLOSED_CLASSES & set(around.get("classes", [])):
            return False
        around = around.parent
    return True


def pieces(text: nodes.Text, page: str, linked: set[str]) -> Iterator[nodes.Node]:
    """A text with each term that was not yet linked as a link."""
    words, at = text.astext(), 0
    for found in pattern(page).finditer(words):
        term = term_of(found[0])
        if term not in linked:
            linked.add(term)
            if found.start() > at:
                yield nodes.Text(words[at : found.start()])
            yield link(term, found[0], page)
            at = found.end()
    if at < len(words):
        yield nodes.Text(words[at:])


def link(term: str, shown: str, page: str) -> addnodes.pending_xref:
    """A link to a term; Sphinx complains if the glossary has none."""
    inner = nodes.inline("", shown, classes=["xref", "std", "std-term"])
    return addnodes.pending_xref(
        "", inner, refdomain="std", reftype="term", reftarget=term, refexplicit=True, refwarn=True,
        refdoc=page,
    )  # fmt: skip


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_transform(GlossaryLinks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
