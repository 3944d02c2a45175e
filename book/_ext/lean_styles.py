"""One style sheet for the site instead of thirteen, without the rules that no page can use.

A browser shows nothing before it has read every style sheet. The theme's fill 600 KB, most of it
for parts that this book does not have. Done once, on the written pages.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import tinycss2
from lean_icons import FACE, SMALL, with_small_icon_fonts
from patches import Pages, files, stop_at

LINK = re.compile(
    r'[ \t]*<link\b(?=[^>]*\brel="stylesheet")[^>]*\bhref="(?!\w+:)([^"?]+)[^"]*"[^>]*>\n?'
)
IMPORT = re.compile(r"""@import\s+(?:url\()?["']?([^"')]+)["']?\)?\s*;""")
ADDRESS = re.compile(r"""url\(\s*["']?(?!data:|#|\w+:)([^"')]+?)["']?\s*\)""")
# Kept whole: scripts make elements with their classes later.
OWN = {"bench.css", "book.css", "draw.css", "live.css", "touch.css"}
THEMES_FONTS = "vendor/"  # in the folder of the style sheets; taken out of the finished site
MADE_BY_SCRIPTS = ("bs-",)  # Bootstrap puts these class names together from parts


def bundle(site: Path, pages: Pages) -> Pages:
    """Return the pages with one link each, to a style sheet that is written beside the theme's."""
    words = words_of(site, pages.values())
    links = {page: sheets_of(site / page, text) for page, text in pages.items()}
    stop_at([f"{page} links to no style sheet" for page, paths in links.items() if not paths])
    linked = {path.name for paths in links.values() for path in paths}
    stop_at([f"no page links to {name}, to be kept whole" for name in sorted(OWN - linked)])
    sheets = {
        paths: write_sheet(site / "_static", paths, words)
        for paths in dict.fromkeys(links.values())
    }
    return {page: relink(site / page, text, sheets[links[page]]) for page, text in pages.items()}


def sheets_of(page: Path, text: str) -> tuple[Path, ...]:
    """The style sheets that a page links to."""
    return tuple((page.parent / href).resolve() for href in LINK.findall(text))


def relink(page: Path, text: str, sheet: Path) -> str:
    """Put the one sheet where the first link stood, and take out the others."""
    href = Path(os.path.relpath(sheet, page.parent)).as_posix()
    tag = f'<link rel="stylesheet" href="{href}" />\n'
    first = LINK.search(text).start()  # type: ignore[union-attr]
    return text[:first] + tag + LINK.sub("", text[first:])


def write_sheet(folder: Path, paths: Iterable[Path], words: set[str]) -> Path:
    """Write the sheets as one; its name carries its content's hash, so that it may be kept."""
    parts = []
    for path in paths:
        css = with_imports(path, folder)
        parts.append(css if path.name in OWN else pruned(css, words))
    css = '@charset "utf-8";\n' + with_small_icon_fonts("\n".join(parts), folder)
    stop_at([*left_over(css), *lost_files(css, folder)])
    target = folder / f"site-{hashlib.sha256(css.encode()).hexdigest()[:10]}.css"
    target.write_text(css, encoding="utf-8")
    return target


def left_over(css: str) -> Iterator[str]:
    """What the patterns above should have met in a sheet and did not."""
    if "@import" in css:
        yield f"a style sheet's @import is written in a new way: {css[css.index('@import') :][:60]}"
    for start in MADE_BY_SCRIPTS:
        if f".{start}" not in css:
            yield f"no style sheet has a class that starts with {start}"


def lost_files(css: str, folder: Path) -> Iterator[str]:
    """The addresses in a sheet that will lead nowhere once the theme's fonts are gone.

    A font is told in several formats, of which one is enough.
    """
    fonts = [ADDRESS.findall(face) for face in FACE.findall(css) if SMALL not in face]
    others = [[address] for address in ADDRESS.findall(FACE.sub("", css))]
    for addresses in (*fonts, *others):
        stay = [folder / address for address in addresses if not address.startswith(THEMES_FONTS)]
        if not any(file.is_file() for file in stay):
            yield f"a style sheet's address leads nowhere: {' or '.join(addresses)}"


def with_imports(path: Path, folder: Path) -> str:
    """The sheet with what it imports, its addresses told from `folder`."""
    css = path.read_text(encoding="utf-8").removeprefix('@charset "UTF-8";')
    pieces = IMPORT.split(css)  # text, import, text, import, text
    for i, piece in enumerate(pieces):
        if i % 2:
            pieces[i] = with_imports((path.parent / piece).resolve(), folder)
        else:
            pieces[i] = ADDRESS.sub(lambda found: _told_from(folder, path, found[1]), piece)
    return "".join(pieces)


def _told_from(folder: Path, path: Path, address: str) -> str:
    return f'url("{Path(os.path.relpath(path.parent / address, folder)).as_posix()}")'


def words_of(site: Path, pages: Iterable[str]) -> set[str]:
    """Every word in the pages and the site's scripts: any of them could be a class name."""
    words: set[str] = set()
    for text in pages:
        words.update(re.findall(r"[\w-]+", text))
    unused = files(site / "_static", f"{THEMES_FONTS}fontawesome/**/*.js", "the icons' script")
    scripts = set((site / "_static").rglob("*.js")) - set(unused)
    if not scripts:
        stop_at(["the class names in scripts: the site has no script"])
    for script in scripts:
        words.update(re.findall(r"[\w-]+", script.read_text(encoding="utf-8")))
    return words


def pruned(css: str, words: set[str]) -> str:
    """The sheet without the selectors that name a class which stands nowhere in the site."""
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return "\n".join(filter(None, (_kept(rule, words) for rule in rules)))


def _kept(rule: Any, words: set[str]) -> str:
    if rule.type == "qualified-rule":
        used = [s for s in _selectors(rule.prelude) if all(_known(c, words) for c in _classes(s))]
        selectors = ",".join(tinycss2.serialize(selector).strip() for selector in used)
        return f"{selectors}{{{tinycss2.serialize(rule.content)}}}" if used else ""
    if rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
        rules = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
        inner = "\n".join(filter(None, (_kept(each, words) for each in rules)))
        head = f"@{rule.lower_at_keyword}{tinycss2.serialize(rule.prelude)}"
        return f"{head}{{{inner}}}" if inner else ""
    if rule.type == "error":
        stop_at([f"a style sheet cannot be read: {rule.message}"])
    return rule.serialize()


def _known(name: str, words: set[str]) -> bool:
    return name in words or name.startswith(MADE_BY_SCRIPTS)


def _selectors(prelude: list[Any]) -> list[list[Any]]:
    """A list of selectors, split at its commas."""
    selectors: list[list[Any]] = [[]]
    for token in prelude:
        if token == ",":
            selectors.append([])
        else:
            selectors[-1].append(token)
    return selectors


def _classes(selector: list[Any]) -> Iterator[str]:
    """The class names of one selector; what stands in :not() and :is() is left out."""
    for dot, name in pairwise(selector):
        if dot == "." and name.type == "ident":
            yield name.value
