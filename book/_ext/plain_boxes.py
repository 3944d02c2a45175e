"""Boxes out of plain Markdown, which JupyterLab, Colab and GitHub show as it stands.

A quotation that begins with a bold title of its own, such as **Exercise 1**, becomes a box of the
theme. A list in which every item begins with a link, under the heading "The map", becomes cards.
"""

import re
from typing import Any

from docutils import nodes
from patches import overriding
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

# The first words of a title, and the look that the theme has for it.
LOOKS = {
    "exercise": "exercise",
    "note": "note",
    "tip": "tip",
    "hint": "hint",
    "when to use": "tip",
    "warning": "warning",
    "caution": "caution",
    "common mistake": "warning",
    "important": "important",
}
MAP, MAP_CLASS = "the map", "map"


@overriding(SphinxTransform)
class Boxes(SphinxTransform):
    """Turn titled quotations into the theme's boxes."""

    default_priority = 210

    def apply(self, **_: Any) -> None:
        """Change the quotations of a page in place."""
        for quote in list(self.document.findall(nodes.block_quote)):
            if title := title_of(quote):
                quote.replace_self(box(title, quote.children[1:]))


def title_of(quote: nodes.block_quote) -> str:
    """The bold text that is the whole first paragraph of a quotation, or nothing."""
    first = quote.children[0] if quote.children else None
    if not isinstance(first, nodes.paragraph):
        return ""
    said = [child for child in first.children if child.astext()]  # MyST leaves empty texts
    return first.astext() if len(said) == 1 and isinstance(said[0], nodes.strong) else ""


def look_of(title: str) -> str:
    """The class of the theme for a title."""
    found = (look for start, look in LOOKS.items() if title.lower().startswith(start))
    return next(found, "note")


def box(title: str, content: list[nodes.Node]) -> nodes.admonition:
    """A box of the theme; an exercise can be linked to."""
    look = look_of(title)
    made = nodes.admonition("", nodes.title("", title), *content, classes=[look])
    if look == "exercise":
        made["ids"].append(re.sub(r"\W+", "-", title.lower()))
    return made


@overriding(SphinxTransform)
class Cards(SphinxTransform):
    """Mark the list of pages below the heading "The map", which the style sheet shows as cards."""

    default_priority = 211

    def apply(self, **_: Any) -> None:
        """Change the list in place."""
        for section in self.document.findall(nodes.section):
            if section.next_node(nodes.title).astext().lower() == MAP:
                for pages in section.findall(nodes.bullet_list):
                    pages["classes"].append(MAP_CLASS)
                    for item in pages.children:
                        drop_colon(item.children[0])


def drop_colon(paragraph: nodes.Element) -> None:
    """Take out the colon between a page's name and what it is about: a card has two lines."""
    after = paragraph.children[1]
    paragraph.replace(after, nodes.Text(after.astext().removeprefix(": ")))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transforms."""
    app.add_transform(Boxes)
    app.add_transform(Cards)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
