"""A drawing as a notebook shows it: pictures in the page's colours, and one that stands alone.

Where styles are allowed (the site, JupyterLab after a run, Colab), the pictures stand in the page
and follow its theme. Where they are not (GitHub, a notebook that nobody has run yet), the same
pictures are seen as images, in colours that read on white and on black.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

from labcode.pages.figures.look import STYLE_SHEET, WHOLE, look
from labcode.show.pictures import Picture, element

ALONE = 1.2  # how much larger a picture is that stands alone, where there is room


@dataclass(frozen=True, repr=False)
class Figure:
    """Pictures side by side, or one below the other where the page is narrow.

    A picture's label begins with its short title and a colon.

    >>> Figure((Picture(10, 10, "A dot: nothing else.", ()),))
    A dot: nothing else.
    """

    panels: tuple[Picture, ...]

    def __repr__(self) -> str:
        """Return what the pictures show, in words."""
        return "\n".join(panel.label for panel in self.panels)

    def svgs(self) -> list[str]:
        """Return each picture as a text that is also an SVG file."""
        grown = ALONE if len(self.panels) == 1 else 1.0
        return [_svg(panel, grown) for panel in self.panels]

    def html(self) -> str:
        """Return the pictures for a page, and the images that are seen where it allows no style."""
        svgs = self.svgs()
        images = "".join(map(_image, svgs, self.panels))
        return (  # JupyterLab shows the first line of what is folded: a short tag
            f"<style>\n{STYLE_SHEET}</style>"
            # JupyterLab drops a bare "hidden" from what nobody has run, and shows the words inside.
            f'<div class="fig" hidden="hidden">{"".join(svgs)}</div>'
            f'<div class="fig-still">{images}</div>'
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Return what a notebook stores."""
        return {"text/html": self.html(), "text/plain": repr(self)}


def _svg(picture: Picture, grown: float) -> str:
    title = picture.label.partition(":")[0]
    tinted = partial(look, tone=picture.tone)
    shapes = "".join(element(shape, tinted) for shape in picture.shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(picture.label)}" '
        f'viewBox="0 0 {picture.width:g} {picture.height:g}" width="{picture.width * grown:g}" '
        f'height="{picture.height * grown:g}" {WHOLE}>'
        f"<title>{escape(title)}</title>{shapes}</svg>"
    )


def _image(svg: str, picture: Picture) -> str:
    data = b64encode(svg.encode()).decode()
    return (
        f'<img alt="{escape(picture.label)}" width="{picture.width:g}" '
        f'src="data:image/svg+xml;base64,{data}">'
    )
