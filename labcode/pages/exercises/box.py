"""An exercise on the site: an answer box that the page checks itself, and hints in folds."""

from __future__ import annotations

import base64
import json
import re
from html import escape
from typing import Any

PACKED = re.compile(r'data-exercise="([A-Za-z0-9+/=]+)"')
NO_SCRIPTS = (
    "Find your answer, then compare it with the solution below. "
    "Where this page's scripts run, a box checks it here."
)
IN_A_NOTEBOOK = (
    "This one is code: the notebook checks it, and says what is wrong if something is. The rocket "
    "at the top of the page opens it."
)


def unpacked(html: str) -> dict[str, Any] | None:
    """Return what a notebook's output says of its exercise, or nothing if it holds none."""
    found = PACKED.search(html)
    if not found:
        return None
    record: dict[str, Any] = json.loads(base64.b64decode(found[1]))
    return record


def box(html: str) -> str:
    """Return what the site shows in the place of a starting cell's output.

    Args:
        html: The output, which holds the packed exercise.

    Raises:
        ValueError: It holds none.
    """
    record = unpacked(html)
    if record is None:
        raise ValueError(f"html should hold a packed exercise, got {html[:80]!r}")
    hints = "".join(_hint(record, place) for place in range(len(record["hints"])))
    if record["kind"] == "code":
        return f'<div class="answer"><p>{IN_A_NOTEBOOK}</p></div>{hints}'
    packed = PACKED.search(html)
    assert packed is not None
    make = {"number": _number, "choice": _choice}[record["kind"]]
    return (
        f'<div class="answer" {packed[0]}><p class="answer-plain">{NO_SCRIPTS}</p>'
        f"{_listed(record)}<form hidden>{make(record)}</form>"
        f'<p class="answer-says" role="status"></p></div>{hints}'
    )


def _hint(record: dict[str, Any], place: int) -> str:
    name = "Hint" if len(record["hints"]) == 1 else f"Hint {place + 1}"
    return (
        f'<details class="hint"><summary>{name}</summary><p>{record["hints"][place]}</p></details>'
    )


def _listed(record: dict[str, Any]) -> str:
    """The options as a list, for whoever has no scripts."""
    if record["kind"] != "choice":
        return ""
    items = "".join(f"<li>{option['text']}</li>" for option in record["options"])
    return f'<div class="answer-plain"><p>{record["asks"]}</p><ol type="a">{items}</ol></div>'


def _number(record: dict[str, Any]) -> str:
    """A labelled input for each number, and one button."""
    fields = "".join(_field(record["id"], place, f) for place, f in enumerate(record["fields"]))
    return f'{fields}<button type="submit">Check</button>'


def _field(id: str, place: int, field: dict[str, Any]) -> str:
    name = f"{id}-{place}"
    asks = field["asks"][0].upper() + field["asks"][1:]
    unit = f' <span class="unit">{escape(field["unit"])}</span>' if field["unit"] else ""
    return (
        f'<p><label for="{name}">{asks}:</label> <span class="entry"><input id="{name}" '
        f'type="text" inputmode="text" autocomplete="off" spellcheck="false" />{unit}</span></p>'
    )


def _choice(record: dict[str, Any]) -> str:
    """A button for each option, under the question."""
    buttons = "".join(
        f'<button type="button" value="{place}"><b>{chr(ord("a") + place)}</b> '
        f"<span>{option['text']}</span></button>"
        for place, option in enumerate(record["options"])
    )
    return f"<fieldset><legend>{record['asks']}</legend>{buttons}</fieldset>"
