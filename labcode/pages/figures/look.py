"""What the styles of a drawing look like: colours that follow the page, in light and dark.

Each colour is a variable that the style sheet sets for the page's theme, with a fallback that can
be read on white and on black. A picture that stands alone, as on GitHub, has the fallbacks.
"""

from __future__ import annotations

from labcode._checks import check_choice
from labcode.pages.figures.letters import SIZE

# Variable -> fallback. The tones are near Okabe and Ito's blue, orange and green.
FALLBACKS = {
    "text": "#757575",
    "muted": "#757575",
    "line": "#8a8a8a",
    "ground": "#ffffff",
    "n": "#757575",
    "a": "#2f80bd",
    "b": "#c4621a",
    "c": "#16856a",
}
TONES = ("a", "b", "c", "n")
TONE = "tone"  # stands in a style for the tone that is named with it
FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif"

_STYLES: dict[str, dict[str, str]] = {
    "full": {"fill": TONE},
    "pale": {"fill": TONE, "fill-opacity": ".35"},
    "faint": {"fill": TONE, "fill-opacity": ".15"},
    "beam": {"fill": TONE, "fill-opacity": ".16"},
    "box": {"fill": TONE, "fill-opacity": ".14", "stroke": TONE, "stroke-width": "1.5"},
    "cell": {"fill": TONE, "fill-opacity": ".16", "stroke": "line", "stroke-width": ".8"},
    "map": {"fill": TONE, "fill-opacity": ".3", "stroke": TONE},
    "dot": {"fill": "ground", "stroke": "text", "stroke-width": "1.5"},
    "frame": {"fill": "none", "stroke": "line"},
    "mark": {"fill": "none", "stroke": TONE, "stroke-width": "2.5"},
    "ghost": {"fill": "none", "stroke": "line", "stroke-dasharray": "3 3"},
    "line": {"fill": "none", "stroke": "muted", "stroke-width": "1.4"},
    "thin": {"fill": "none", "stroke": "line"},
    "wire": {"fill": "none", "stroke": TONE, "stroke-width": "1.6"},
    "curve": {"fill": "none", "stroke": TONE, "stroke-width": "2.5"},
    "drop": {"fill": "none", "stroke": TONE, "stroke-dasharray": "3 3"},
    "head": {"fill": "muted"},
    "word": {},  # as the whole picture
    "name": {},
    "note": {"fill": "muted"},
    "strong": {"font-weight": "bold"},
    "tag": {},
    "on": {"fill": "ground"},
}
_COLOURED = ("fill", "stroke")


def look(style: str, tone: str | None = None) -> str:
    """Return SVG's attributes for a style.

    Args:
        style: Its words, one of which may be a tone.
        tone: The tone of a style that names none.

    Raises:
        ValueError: There is no such style.

    >>> look("full a")
    'fill="var(--fig-a,#2f80bd)"'
    >>> look("note")
    'fill="var(--fig-muted,#757575)"'
    """
    words = style.split()
    named = next((word for word in words if word in TONES), tone or "n")
    found: dict[str, str] = {}
    for word in words:
        if word not in TONES:
            found |= _STYLES[check_choice("style", word, _STYLES)]
    return " ".join(f'{name}="{_value(name, value, named)}"' for name, value in found.items())


def _value(name: str, value: str, tone: str) -> str:
    if name not in _COLOURED or value == "none":
        return value
    colour = tone if value == TONE else value
    return f"var(--fig-{colour},{FALLBACKS[colour]})"


# Where a page drops this sheet (GitHub, a notebook that is not trusted), the still image is seen.
# Classes are repeated to count for more than the themes' own rules.
STYLE_SHEET = """
.fig.fig[hidden]{display:flex!important;flex-wrap:wrap;align-items:flex-start;
gap:1rem .75rem;margin:0;
--fig-text:var(--pst-color-text-base,var(--jp-ui-font-color1,currentcolor));
--fig-muted:var(--pst-color-text-muted,var(--jp-ui-font-color1,currentcolor));
--fig-line:rgb(128 128 128/70%);
--fig-ground:var(--pst-color-background,var(--jp-layout-color0,#fff));
--fig-n:#6f7680;--fig-a:#0072b2;--fig-b:#c65102;--fig-c:#00805f}
html[data-theme=dark] .fig.fig[hidden],body[data-jp-theme-light=false] .fig.fig[hidden],
html[theme=dark] .fig.fig[hidden],body.vscode-dark .fig.fig[hidden]{
--fig-n:#a0a8b3;--fig-a:#56b4e9;--fig-b:#f0a04b;--fig-c:#2fc09a}
.fig svg{max-width:100%;height:auto;overflow:visible}
.fig-still{display:none}
html[data-theme] .bd-content div.cell_output .text_html:has(>.fig.fig.fig){
padding:0;background:none;color:inherit}
"""
WHOLE = f'font-family="{FONT}" font-size="{SIZE:g}" fill="{_value("fill", "text", "")}"'
