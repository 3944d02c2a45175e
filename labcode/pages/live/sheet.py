"""The style and the script of calculators, each of several parts: one file for the site."""

from __future__ import annotations

from importlib.resources import files

from labcode.show.pictures import STYLED

# In their order: a later one may refine an earlier one.
SHEETS = ("form", "answer", "planes", "narrow")
SCRIPTS = ("python", "prepared", "nearest", "calculator", "begin")
# No module, since a page that was opened as a file loads none and could not say what it lacks.
SCRIPT = """\
// Brings the calculators of a page to life (see labcode/pages/live/form.py for their HTML).
// Nothing is fetched before a reader reaches for a control. Then come the answers that were
// prepared while the site was built; where they do not hold every setting, the first move also
// starts one worker that runs Python for the whole page.
(() => {
"use strict";
%s
})();
"""


def style_sheet() -> str:
    """Return the style of calculators, which the site loads for all its pages.

    >>> ".live-bar" in style_sheet()
    True
    """
    return _joined("sheets", [f"{name}.css" for name in SHEETS]) + STYLED


def page_script() -> str:
    """Return the script of calculators, which the site loads for all its pages.

    >>> "class Calculator" in page_script()
    True
    """
    return SCRIPT % _joined("scripts", [f"{name}.js" for name in SCRIPTS])


def _joined(folder: str, names: list[str]) -> str:
    where = files("labcode.pages.live").joinpath(folder)
    return "\n".join(where.joinpath(name).read_text("utf-8") for name in names)
