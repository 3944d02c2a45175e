"""The calculator as real widgets, where a notebook's kernel runs."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from labcode.pages.live.browser import in_words
from labcode.pages.live.controls import Choice, Control, Slider
from labcode.pages.live.sheet import style_sheet

if TYPE_CHECKING:
    from labcode.pages.live.explorer import Explorer

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def widget_bundle(explorer: Explorer) -> dict[str, Any]:
    """Return a notebook's own way to show the widgets; nothing outside of a notebook."""
    if not _in_notebook():
        return {}
    try:
        model_id = build(explorer).model_id
    except ImportError:  # no ipywidgets here: the still form is shown
        return {}
    # As ipywidgets 8 writes it. Colab has version 7, which can only display itself.
    return {WIDGET_VIEW: {"version_major": 2, "version_minor": 0, "model_id": model_id}}


def _in_notebook() -> bool:
    """Tell whether a kernel runs this code; a terminal's IPython has none."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None


def build(explorer: Explorer) -> Any:
    """Return the widgets: controls, a button that resets them, and the answer below."""
    import ipywidgets

    inputs = {control.name: _input(control) for control in explorer.controls}
    output = ipywidgets.HTML()
    reset = ipywidgets.Button(description="Reset", tooltip="Back to the first settings")

    def update(_: object = None) -> None:
        output.value = answer_html(explorer, {name: box.value for name, box in inputs.items()})

    def restore(_: object) -> None:
        for control in explorer.controls:
            inputs[control.name].value = control.default

    for box in inputs.values():
        box.observe(update, names="value")
    reset.on_click(restore)
    update()
    grid = ipywidgets.GridBox(
        [*inputs.values(), reset],
        layout={"grid_template_columns": "repeat(auto-fill, minmax(18rem, 1fr))"},
    )
    style = ipywidgets.HTML(f"<style>{style_sheet()}</style>", layout={"display": "none"})
    title = ipywidgets.HTML(f'<p class="live-title">{escape(explorer.title)}</p>')
    return ipywidgets.VBox([style, title, grid, output])


def _input(control: Control) -> Any:
    """Return the widget of one control."""
    import ipywidgets

    common: dict[str, Any] = {
        "description": control.label,
        "value": control.default,
        "style": {"description_width": "9rem"},
        "layout": {"width": "auto"},
    }
    if isinstance(control, Slider):
        ends = {"min": control.low, "max": control.high, "step": control.step}
        return ipywidgets.IntSlider(**common, **ends)
    if isinstance(control, Choice):
        return ipywidgets.Dropdown(**common, options=control.options)
    return ipywidgets.Checkbox(**common, indent=False)


def answer_html(explorer: Explorer, settings: dict[str, Any]) -> str:
    """Return the answer at ``settings``, or why there is none."""
    try:
        inner = explorer.result(**settings).html
    except (TypeError, ValueError) as error:
        why = in_words(str(error), explorer.controls)
        inner = f'<p class="live-error" role="alert">{escape(why)}</p>'
    return f'<div class="live live-result">{inner}</div>'
