"""The directives of the reference pages, put in while the site is built.

JupyterLab and GitHub show a Markdown file as it stands. So the files of these pages hold plain
Markdown alone, and what only Sphinx understands joins them here, between reading and parsing.
"""

import re
from typing import Any

from sphinx.application import Sphinx

GLOSSARY = "book/glossary"
# What stands at the end of a page on the site.
ENDS = {
    "book/claims": "```{claims}\n```",
    "book/labcode": "```{public-surface}\n```",
    "book/references": "```{bibliography}\n:all:\n:style: as_cited\n```",
}
ENTRY = re.compile(r"^- \*\*(.+?)\*\*: (.+)$", re.MULTILINE)


def complete(app: Sphinx, docname: str, source: list[str]) -> None:
    """Give a reference page what the site shows and its file does not say."""
    if docname in ENDS:
        source[0] = f"{source[0].rstrip()}\n\n{ENDS[docname]}\n"
    elif docname == GLOSSARY:
        source[0] = with_terms(source[0])


def with_terms(text: str) -> str:
    """Make Sphinx's glossary of a list whose items begin with a bold term and a colon.

    >>> print(with_terms("# Words\\n\\n- **bias**: A number.\\n- **mask**: A tensor."))
    # Words
    <BLANKLINE>
    ```{glossary}
    bias
      A number.
    <BLANKLINE>
    mask
      A tensor.
    ```
    <BLANKLINE>
    """
    entries = ENTRY.findall(text)
    head = text[: text.index("\n- **")].rstrip()
    listed = "\n\n".join(f"{term}\n  {meaning}" for term, meaning in entries)
    return f"{head}\n\n```{{glossary}}\n{listed}\n```\n"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook."""
    app.connect("source-read", complete)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
