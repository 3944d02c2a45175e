"""Small changes to the text of a written page, where the theme leaves no setting for them."""

import html
import re
import struct
from pathlib import Path

# Font Awesome's 1.5 MB script does again what its style sheet does; thebe is off. The preloads
# would hold up what the reader sees first.
UNUSED = re.compile(
    r"""<script src="[^"]*fontawesome[^"]*"></script>"""
    r"""|<script type="text/x-thebe-config">.*?</script>"""
    r"""|<script>kernelName = [^<]*</script>"""
    r"""|<script>DOCUMENTATION_OPTIONS\.pagename = [^<]*</script>"""
    r"""|<link [^>]*fontawesome[^>]*fa-(?:brands|regular)[^>]*>"""
    r"""|<link rel="preload"[^>]*>""",
    re.DOTALL,
)
WRITTEN_BY_SCRIPT = re.compile(r"<script>\s*document\.write\(`(.*?)`\);\s*</script>", re.DOTALL)
# What a reader without a screen or without scripts would stumble over, and what is put there.
READABLE = {
    # "auto" has no colours until a script has run.
    'data-theme="auto"': 'data-theme="light"',
    # The words that these show say more than their labels.
    '<summary aria-label="Toggle hidden content"': "<summary",
    'search-button-field search-button__button" title="Search" aria-label="Search"': (
        'search-button-field search-button__button" title="Search"'
    ),
    # An empty corner of a table heads nothing.
    "<th></th>": "<td></td>",
    '<th class="head"><p></p></th>': '<td class="head"></td>',
    # The same id for each exercise of a page.
    ' id="exercise-content"': "",
    ' id="solution-content"': "",
    # jupyterquiz forbids to paste a number.
    "inp.onpaste = event => false;": "",
    # The role is deprecated; these stand in a list.
    'role="doc-biblioentry"': 'role="listitem"',
    # The logo is in no landmark else.
    '<div class="bd-sidebar-primary bd-sidebar"': (
        '<div role="region" aria-label="Side bar" class="bd-sidebar-primary bd-sidebar"'
    ),
}
SEARCH_ID = 'id="search-input"'
BLOCKING = re.compile(r"<script(?![^>]*\b(?:defer|async|module)\b)([^>]*\bsrc=)")
VIEWPORT = re.compile(r'\s*<meta name="viewport"[^>]*>')
THEME = re.compile(
    r'document\.documentElement\.dataset\.theme = localStorage\.getItem\("theme"\)[^;]*;'
)
# What the theme's own script finds out at the end of the page, at its beginning: no flash of light.
EARLY_THEME = """\
document.documentElement.dataset.theme = ({ light: "light", dark: "dark" })[
      document.documentElement.dataset.mode
    ] || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");"""
# Names, punctuation and spaces of code have the colour of plain text: no element is needed. In a
# chapter that is half of all elements, and a phone lays out each of them.
PLAIN_CODE = re.compile(r'<span class="(?:n|nn|nx|p|pm|w)">([^<]*)</span>')
SAME_TWICE = re.compile(r'(<span class="(\w{1,3})">[^<]*)</span><span class="\2">')
IMAGE = re.compile(r'<img(?![^>]*\bwidth=)([^>]*\bsrc="([^"?]+\.png)"[^>]*?)\s*/?>')

REDIRECT = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta http-equiv="refresh" content="0; url={target}" />
<meta name="description" content="The way to the first page of {title}." />
<link rel="canonical" href="{target}" />
<link rel="icon" href="_static/favicon.svg" />
<title>{title}</title>
</head>
<body>
<main>
<h1>{title}</h1>
<p><a href="{target}">Go to the book</a></p>
</main>
</body>
</html>
"""


def redirect(title: str, target: str) -> str:
    """A page that sends the reader on, and says so where a browser does not."""
    return REDIRECT.format(title=html.escape(title), target=html.escape(target))


def lean(page: Path, text: str) -> str:
    """The page with one viewport, no script that holds it up, and pictures of known size."""
    text = UNUSED.sub("", text)
    text = WRITTEN_BY_SCRIPT.sub(r"\1", text)
    for stumbling, readable in READABLE.items():
        text = text.replace(stumbling, readable)
    if text.count(SEARCH_ID) == 2:  # the search page's own field, beside the one on every page
        text = 'id="search-words"'.join(text.rsplit(SEARCH_ID, 1))
    text = BLOCKING.sub(r"<script defer\1", text)
    text = THEME.sub(EARLY_THEME, text)
    first = VIEWPORT.search(text)
    if first:
        text = text[: first.end()] + VIEWPORT.sub("", text[first.end() :])
    text = lean_code(text)
    return IMAGE.sub(lambda found: _sized(page, found[1], found[2]), text)


def lean_code(text: str) -> str:
    """Highlighted code with an element only where the colour changes."""
    text = PLAIN_CODE.sub(r"\1", text)
    merged = SAME_TWICE.sub(r"\1", text)
    while merged != text:
        text, merged = merged, SAME_TWICE.sub(r"\1", merged)
    return text


def _sized(page: Path, attributes: str, source: str) -> str:
    """A picture that keeps its place free while it loads, and loads when it is near."""
    width, height = png_size(page.parent / source)
    return f'<img{attributes} width="{width}" height="{height}" loading="lazy" />'


def png_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels, from a PNG's header."""
    with path.open("rb") as file:
        width, height = struct.unpack(">II", file.read(24)[16:])
    return width, height
