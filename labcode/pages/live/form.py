"""The calculator as a page: a plain form with its answer already in it.

The site's script (live.js) brings the form to life. Without it the form is still correct and
says why it does not move. Two runs write the same characters.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING

from labcode.pages.live.controls import Choice, Control, Slider
from labcode.pages.live.prepared import plan
from labcode.pages.live.result import Result
from labcode.show.pictures import with_still

if TYPE_CHECKING:
    from labcode.pages.live.explorer import Explorer

ON_THE_SITE = (
    "These are the numbers for the settings shown. To move them: in a notebook, run this cell; "
    "on the site, turn JavaScript on."
)
IN_A_NOTEBOOK = (
    "These are the numbers for the settings shown. This calculator moves only in a notebook, "
    "since its function is defined in one: run the cell there."
)


def page_html(explorer: Explorer, answer: Result) -> str:
    """Return the form of ``explorer`` with ``answer`` in it."""
    controls = "\n".join(control_html(explorer.id, control) for control in explorer.controls)
    why_still = ON_THE_SITE if explorer.runs_in_browser else IN_A_NOTEBOOK
    return (
        f'<form class="live" id="{escape(explorer.id)}"{_script_data(explorer)}>\n'
        f'<fieldset class="live-set" disabled>\n'  # live.js enables it
        f'<legend class="live-title">{escape(explorer.title)}</legend>\n'
        f'<div class="live-controls">\n{controls}\n</div>\n'
        f"</fieldset>\n"
        f'<p class="live-note">{why_still}</p>\n'
        f'<div class="live-result">\n{with_still(answer.html)}\n</div>\n'
        f"</form>"
    )


def _script_data(explorer: Explorer) -> str:
    """Return what live.js needs to know, as attributes; nothing where it cannot help."""
    if not explorer.runs_in_browser:
        return ""
    function = explorer.function
    controls = json.dumps([asdict(control) for control in explorer.controls])
    return (
        f' data-live-module="{escape(function.__module__)}"'
        f' data-live-function="{escape(function.__name__)}"'
        f' data-live-controls="{escape(controls)}"'
        f' data-live-prepared="{plan(explorer.controls)}"'
    )


def control_html(form_id: str, control: Control) -> str:
    """Return one control with its label."""
    id = escape(f"{form_id}-{control.name}")
    name = escape(control.name)
    label = f'<label for="{id}">{escape(control.label)}</label>'
    if isinstance(control, Slider):
        return _slider_html(id, name, label, control)
    if isinstance(control, Choice):
        options = "".join(_option_html(option, control.default) for option in control.options)
        select = f'<select id="{id}" name="{name}" autocomplete="off">{options}</select>'
        return f'<div class="live-control live-choice">{label} {select}</div>'
    checked = " checked" if control.default else ""
    box = f'<input type="checkbox" id="{id}" name="{name}" autocomplete="off"{checked}>'
    return f'<div class="live-control live-switch">{box} {label}</div>'


def _slider_html(id: str, name: str, label: str, control: Slider) -> str:
    """Return a slider and the same number in a box to type in."""
    numbers = (
        f'min="{control.low}" max="{control.high}" step="{control.step}" '
        f'value="{control.default}" autocomplete="off"'
    )
    spoken = escape(f"{control.label}, as a number")
    digits = max(len(str(control.low)), len(str(control.high)))
    return (
        f'<div class="live-control live-slider">{label} '
        f'<input type="number" id="{id}-number" aria-label="{spoken}" {numbers} '
        f'style="--live-digits:{digits}"> '
        f'<input type="range" id="{id}" name="{name}" {numbers}></div>'
    )


def _option_html(option: str, default: str) -> str:
    selected = " selected" if option == default else ""
    return f'<option value="{escape(option)}"{selected}>{escape(option)}</option>'
