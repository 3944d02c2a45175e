"""Pictures as plain data, and the one function that writes them as SVG.

A picture says in words what it shows; its shapes name their style, which the pages' style
sheet holds ("full" is the class ``live-full``). Pure Python, standard library only.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, fields
from html import escape
from typing import Literal

Anchor = Literal["start", "middle", "end"]
Tone = Literal["a", "b", "c"]  # three colours that colour-blind readers tell apart
TONES: tuple[Tone, ...] = ("a", "b", "c")


@dataclass(frozen=True)
class Rect:
    """A rectangle; (x, y) is its upper left corner, in pixels."""

    style: str
    x: float
    y: float
    width: float
    height: float
    rx: float | None = None


@dataclass(frozen=True)
class Line:
    """A straight line between two points, in pixels."""

    style: str
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True)
class Circle:
    """A circle, in pixels."""

    style: str
    cx: float
    cy: float
    r: float


@dataclass(frozen=True)
class Polyline:
    """A line through points, written "x,y x,y"; see `points`."""

    style: str
    points: str


@dataclass(frozen=True)
class Polygon:
    """A filled shape between points, written "x,y x,y"; see `points`."""

    style: str
    points: str


@dataclass(frozen=True)
class Path:
    """A path in SVG's own letters."""

    style: str
    d: str
    fill_opacity: str | None = None


@dataclass(frozen=True)
class Words:
    """A few words; (x, y) is where they stand, in pixels."""

    style: str
    x: float
    y: float
    text: str
    text_anchor: Anchor | None = None


@dataclass(frozen=True)
class Named:
    """A shape that says its name while a pointer or a finger is on it.

    Args:
        name: Its name.
        shapes: What is drawn; a larger one without a colour gives a finger room.
        words: Where and how the name then stands, a line each.
    """

    name: str
    shapes: tuple[Circle | Rect, ...]
    words: tuple[Words, ...]


Shape = Rect | Line | Circle | Polyline | Polygon | Path | Words | Named
_TAGS: dict[type, str] = {Words: "text"}


@dataclass(frozen=True)
class Picture:
    """A picture, in pixels.

    Args:
        width: From left to right.
        height: From top to bottom.
        label: What it shows, in words.
        shapes: From the back to the front.
        tone: The colour of all shapes whose style names none.
    """

    width: float
    height: float
    label: str
    shapes: tuple[Shape, ...]
    tone: Tone | None = None


def points(*places: tuple[float, float]) -> str:
    """Return places as SVG writes them.

    >>> points((0, 1.5), (2, 3))
    '0,1.5 2,3'
    """
    return " ".join(f"{x:.4g},{y:.4g}" for x, y in places)


def svg(picture: Picture) -> str:
    """Return a picture as SVG, in the colour of its tone."""
    return tinted(_drawn(picture), picture.tone)


def svg_pair(first: Picture, second: Picture) -> str:
    """Return a picture and the one that it leads to, in the colour of the first one's tone."""
    pair = f'<span class="live-pair">{_drawn(first)}→{_drawn(second)}</span>'
    return tinted(pair, first.tone)


# Brings back what `with_still` hid, and takes the image away. The theme says loudly that what is
# hidden stays so.
STYLED = ".live-styled[hidden]{display:contents!important}.live-still{display:none!important}"
# An image has no theme: these colours can be read on white and on black.
_STILL = (
    "svg{color:#757575;font:12px Arial,Helvetica,'Liberation Sans',sans-serif}"
    ".live-a{--t:#2f80bd}.live-b{--t:#c4621a}.live-c{--t:#16856a}"
    ".live-full{fill:var(--t,#757575)}.live-pale{fill:var(--t,#757575);fill-opacity:.35}"
    ".live-faint{fill:var(--t,#757575);fill-opacity:.15}"
    ".live-beam{fill:#2f80bd;fill-opacity:.16}.live-frame,.live-line{fill:none}"
    ".live-frame,.live-thin,.live-edge{stroke:#8a8a8a}.live-line{stroke:#757575;stroke-width:2}"
    ".live-drop{stroke:var(--t,#757575);stroke-dasharray:3 3}"
    ".live-wire{stroke:var(--t,#757575);stroke-width:1.5}.live-name,.live-tag{fill:#757575}"
    ".live-tag.live-on{fill:#fff}.live-finger{fill:none}.live-tip{visibility:hidden}"
)
_PICTURE = re.compile(r"<svg\b[^>]*>.*?</svg>", re.DOTALL)
_LABEL = re.compile(r'aria-label="([^"]*)"')
_WIDTH = re.compile(r'\bwidth="([^"]*)"')


def with_still(html: str) -> str:
    """Return ``html`` with each picture also as an image, for where no style sheet is allowed.

    JupyterLab drops the SVG and the styles of what nobody has run, and keeps the words, as one
    long word. So the picture is hidden until a style sheet shows it, `STYLED`, which hides the
    image instead.

    >>> page = with_still('<svg aria-label="Three" width="9"><text>3</text></svg>')
    >>> page.partition("<img")[0]
    '<span class="live-styled" hidden="hidden"><svg aria-label="Three" width="9"><text>3</text></svg></span>'
    """  # noqa: E501
    return _PICTURE.sub(lambda found: _both(found[0]), html)


def _both(picture: str) -> str:
    label, width = (kind.search(picture) for kind in (_LABEL, _WIDTH))
    about = f' alt="{label[1]}"' if label else ' alt=""'
    about += f' width="{width[1]}"' if width else ""
    start, _, rest = picture.partition(">")
    alone = start.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    data = b64encode(f"{alone}><style>{_STILL}</style>{rest}".encode()).decode()
    return (
        f'<span class="live-styled" hidden="hidden">{picture}</span>'
        f'<img class="live-still"{about} src="data:image/svg+xml;base64,{data}">'
    )


def tinted(html: str, tone: Tone | None) -> str:
    """Return ``html`` with its pictures in a colour."""
    return f'<span class="live-{tone}">{html}</span>' if tone else html


def _drawn(picture: Picture) -> str:
    tone = f" live-{picture.tone}" if picture.tone else ""  # an image is alone, without `tinted`
    return (
        f'<svg class="live-picture{tone}" role="img" aria-label="{escape(picture.label)}" '
        f'viewBox="0 0 {picture.width:g} {picture.height:g}" width="{picture.width:g}" '
        f'height="{picture.height:g}">'
        f"{''.join(element(shape, _classes) for shape in picture.shapes)}</svg>"
    )


def _classes(style: str) -> str:
    return f'class="{" ".join(f"live-{word}" for word in style.split())}"'


def element(shape: Shape, look: Callable[[str], str]) -> str:
    """Return one shape as SVG; its fields have the names of SVG's attributes.

    Args:
        shape: What is drawn.
        look: Turns the style's name into SVG's attributes.

    >>> element(Circle("dot", 1, 2, 3), lambda style: f'class="{style}"')
    '<circle class="dot" cx="1" cy="2" r="3"/>'
    """
    if isinstance(shape, Named):
        inside = "".join(element(part, look) for part in (*shape.shapes, *shape.words))
        return f'<g class="live-named"><title>{escape(shape.name)}</title>{inside}</g>'
    values = {field.name: getattr(shape, field.name) for field in fields(shape)}
    text, style = values.pop("text", None), values.pop("style")
    said = "".join(
        f' {name.replace("_", "-")}="{value if isinstance(value, str) else format(value, ".4g")}"'
        for name, value in values.items()
        if value is not None
    )
    tag = _TAGS.get(type(shape), type(shape).__name__.lower())
    end = "/>" if text is None else f">{escape(text)}</{tag}>"
    return f"<{tag} {look(style)}{said}{end}"
