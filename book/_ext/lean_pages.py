"""Small changes to the text of a written page, where the theme leaves no setting for them."""

import html
import re
import struct
from pathlib import Path

from patches import EVERY, Pages, Patch, Promise, patched

EARLY_THEME = """\
document.documentElement.dataset.theme = ({ light: "light", dark: "dark" })[
      document.documentElement.dataset.mode
    ] || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");"""
SIZED = re.compile(r'<img(?![^>]*\bwidth=)([^>]*\bsrc="([^"?]+\.png)"[^>]*?)\s*/?>')
VIEWPORT = re.compile(r'\s*<meta name="viewport"[^>]*>')

UNUSED = (
    Patch(
        "no icon script: its 1.5 MB do again what its style sheet does",
        re.compile(r"""<script src="[^"]*fontawesome[^"]*"></script>"""),
        on=EVERY,
    ),
    Patch(
        "no settings of thebe, which is off",
        re.compile(r"""<script type="text/x-thebe-config">.*?</script>""", re.DOTALL),
        on="book/*",
    ),
    Patch(
        "no kernel's name, which only thebe reads",
        re.compile(r"<script>kernelName = [^<]*</script>"),
        on="book/*",
    ),
    Patch(
        "no still images of drawings, which are for places that allow no styles",
        re.compile(r"""<div class="fig-still">.*?</div>"""),
    ),
    Patch(
        "no page's name, which no script reads",
        re.compile(r"<script>DOCUMENTATION_OPTIONS\.pagename = [^<]*</script>"),
        on=EVERY,
    ),
    Patch(
        "no preloads: they would hold up what the reader sees first",
        re.compile(r"""<link rel="preload"[^>]*>"""),
        on=EVERY,
    ),
)
# What a reader without a screen or without scripts would stumble over.
READABLE = (
    Patch(
        "what a script would write stands in the page",
        re.compile(r"<script>\s*document\.write\(`(.*?)`\);\s*</script>", re.DOTALL),
        r"\1",
        on=EVERY,
    ),
    Patch(
        'colours before any script has run: "auto" has none',
        'data-theme="auto"',
        'data-theme="light"',
        on=EVERY,
    ),
    Patch(
        "a fold is called by its words, which say more than its label",
        '<summary aria-label="Toggle hidden content"',
        "<summary",
    ),
    Patch(
        "the search field is called by its words, which say more than its label",
        'search-button-field search-button__button" title="Search" aria-label="Search"',
        'search-button-field search-button__button" title="Search"',
        on=EVERY,
    ),
    Patch("an empty corner of a table heads nothing", "<th></th>", "<td></td>"),
    Patch(
        "an empty corner of a list's table heads nothing",
        '<th class="head"><p></p></th>',
        '<td class="head"></td>',
    ),
    Patch(
        "a search marks no name of a picture, which is not drawn and stops the script",
        re.compile(r"(<(?:svg|g)\b[^>]*>)<title>"),
        r'\1<title class="nohighlight">',
    ),
    Patch(
        "a search marks no words of a style sheet, which would then say something else",
        "<style>",
        '<style class="nohighlight">',
    ),
    Patch("a number may be pasted into a quiz", "inp.onpaste = event => false;"),
    Patch(
        "a number of a quiz may have a comma: 1,944 as the book writes it, or 4,6 for 4.6",
        "var submission = ths.value;",
        r"var submission = ths.value.replace(/,(?=\d{3}(?!\d))/g, '').replace(',', '.');",
    ),
    Patch(
        "a comma may be typed into a quiz",
        "if (charC > 31 && (charC < 48 || charC > 57))",
        "if (charC > 31 && charC != 44 && (charC < 48 || charC > 57))",
    ),
    Patch(
        "a reference's role is not deprecated; it stands in a list",
        'role="doc-biblioentry"',
        'role="listitem"',
    ),
    Patch(
        "the logo is in a landmark",
        '<div class="bd-sidebar-primary bd-sidebar"',
        '<div role="region" aria-label="Side bar" class="bd-sidebar-primary bd-sidebar"',
        on=EVERY,
    ),
    Patch(
        "the search page's own field has an id of its own",
        re.compile(r'(id="search-input".*)id="search-input"', re.DOTALL),
        r'\1id="search-words"',
        on="search.html",
    ),
)
FAST = (
    Patch(
        "no script holds up the page",
        re.compile(r"<script(?![^>]*\b(?:defer|async|module)\b)([^>]*\bsrc=)"),
        r"<script defer\1",
        on=EVERY,
    ),
    Patch(
        "no flash of light: the theme's script finds this out only at the end of the page",
        re.compile(
            r"document\.documentElement\.dataset\.theme = "
            r'localStorage\.getItem\("theme"\)[^;]*;'
        ),
        EARLY_THEME,
        on=EVERY,
    ),
    Patch(
        "one viewport, not three",
        re.compile(rf"\A(.*?{VIEWPORT.pattern})(.*{VIEWPORT.pattern}.*)\Z", re.DOTALL),
        lambda found, _: found[1] + VIEWPORT.sub("", found[2]),
        on=EVERY,
    ),
)
# Else half of all elements of a chapter were code, and a phone lays out each of them.
PLAIN_CODE = Patch(
    "names, signs and spaces of code have the colour of plain text and need no element",
    re.compile(r'<span class="(?:n|nn|nx|o|p|pm|w)">([^<]*)</span>'),
    r"\1",
)
PATCHES = (*UNUSED, *READABLE, *FAST, PLAIN_CODE)

PROMISES = (
    Promise("one style sheet", re.compile(r'<link[^>]*\brel="?stylesheet'), 1),
    Promise("one viewport", re.compile(r"<meta[^>]*\bname=.?viewport"), 1),
    Promise("one description", re.compile(r"<meta[^>]*\bname=.?description"), 1),
    Promise("no icon script", re.compile(r"<script[^>]*fontawesome"), 0),
    Promise("no thebe", re.compile(r"<script[^>]*thebe", re.IGNORECASE), 0),
    Promise("no script of KaTeX", re.compile(r"<script[^>]*katex", re.IGNORECASE), 0),
    Promise("formulas are rendered while building", re.compile(r'<span class="katex-html"')),
    Promise("a number and its unit stay in one line", re.compile("\\d\N{NO-BREAK SPACE}[%×]")),
    Promise(
        "references are labelled by author and year",
        re.compile(r'</span>[^<]+, (?:19|20)\d\d<span class="fn-bracket">\]'),
    ),
)

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


def lean(site: Path, pages: Pages) -> Pages:
    """The pages with one viewport, no script that holds them up, and pictures of known size."""
    sized = Patch("pictures have their size", SIZED, lambda found, page: _sized(site / page, found))
    return patched((*PATCHES, sized), pages)


def _sized(page: Path, image: re.Match[str]) -> str:
    """A picture that keeps its place free while it loads, and loads when it is near."""
    width, height = png_size(page.parent / image[2])
    return f'<img{image[1]} width="{width}" height="{height}" loading="lazy" />'


def png_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels, from a PNG's header."""
    with path.open("rb") as file:
        width, height = struct.unpack(">II", file.read(24)[16:])
    return width, height
