"""Font Awesome with only the icons that the style sheet shows: a few KB instead of 400."""

import base64
import io
import logging
import re
from collections.abc import Iterator
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from patches import stop_at

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells each step

FACE = re.compile(r"@font-face\s*\{[^}]*\}")
SOURCE = re.compile(r'src:[^;}]*url\("?([^")]*fontawesome[^")]*)\.woff2"?\)[^;}]*')
FAMILY = re.compile(r"font-family:([^;}]+)")
SMALL = "data:font/woff;base64,"
ESCAPE = re.compile(r"\\([0-9a-fA-F]{2,6})")


def with_small_icon_fonts(css: str, folder: Path) -> str:
    """Return the sheet with small icon fonts in it; other fonts stay as they are.

    Args:
        css: A style sheet whose unused icons are already gone.
        folder: Where the addresses in it start.

    Raises:
        ExtensionError: If no icon font was found, or one that has none of the icons.
    """
    rest = FACE.sub("", css)
    characters = set(characters_shown(rest))
    small = FACE.sub(lambda found: _small_face(found[0], rest, characters, folder), css)
    if SMALL not in small:
        stop_at(["small icon fonts: no @font-face names one of Font Awesome's"])
    return small


def characters_shown(css: str) -> Iterator[int]:
    """Code points that the sheet could put on a page: written out, or as an escape."""
    yield from (ord(character) for character in css if not character.isascii())
    yield from (int(digits, 16) for digits in ESCAPE.findall(css))


def _small_face(face: str, rest: str, characters: set[int], folder: Path) -> str:
    source = SOURCE.search(face)
    if source is None:
        return face
    family = FAMILY.search(face)
    if family is None:
        stop_at([f"small icon fonts: an @font-face has no family: {face}"])
    if _plain(family[1]) not in _plain(rest):
        return ""  # a name that only pages for older versions use
    data = base64.b64encode(small_font(folder / f"{source[1]}.ttf", characters)).decode()
    return SOURCE.sub(f'src:url("{SMALL}{data}") format("woff")', face)


def _plain(css: str) -> str:
    """A name in quotes and one with escaped spaces look the same."""
    return css.replace("\\", "").replace('"', "")


def small_font(path: Path, characters: set[int]) -> bytes:
    """The font with only these characters, as WOFF."""
    options = subset.Options(layout_features=[], hinting=False, glyph_names=False)
    font = TTFont(path, recalcTimestamp=False)
    if characters.isdisjoint(font.getBestCmap()):
        stop_at([f"small icon fonts: {path.name} has none of the characters of the style sheet"])
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    font.flavor = "woff"
    written = io.BytesIO()
    font.save(written)
    return written.getvalue()
