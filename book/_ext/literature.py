"""Ordinary links into the list of references: `[Han et al. (2015)](../references.md#han2015)`."""

from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

PAGE = "book/references"


def name_entries(app: Sphinx, env: BuildEnvironment) -> None:
    """Let each key of the bibliography be an anchor of its page.

    MyST looks an anchor up among those of the page's headings, and warns where there is none, which
    fails the build. The entries join them here.
    """
    anchors = env.metadata[PAGE].setdefault("myst_slugs", {})
    for citation in env.get_domain("cite").citations:  # type: ignore[attr-defined]
        anchors[citation.key] = (1, citation.citation_id, citation.key)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook, to be called once the bibliography has numbered its entries."""
    app.connect("env-updated", name_entries, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
