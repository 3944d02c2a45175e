"""A preflight as a table: the whole network first, the layers folded below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labcode.show.tables import Table, html_box, html_details, html_table, text_table

if TYPE_CHECKING:
    from labcode.preflight.check import LayerCheck, Preflight

MANY = 4  # layers that are left out for one reason: more of them share a row


def as_text(found: Preflight) -> str:
    """Return what the methods say of the whole network, and of each layer with a no."""
    return "\n\n".join(
        text_table(table) for table in (_whole(found), _refused(found)) if table.rows
    )


def as_html(found: Preflight) -> str:
    """Return the same as HTML, with a table of all layers to unfold."""
    parts = [html_box(html_table(_whole(found)), f"Preflight of {found.model}")]
    if _refused(found).rows:
        refused = html_box(html_table(_refused(found)), "Layers that a method leaves out")
        parts.append(html_details("Layers that a method leaves out, and why", refused))
    layers = html_box(html_table(_layers(found)), "All layers", max_height="28em")
    parts.append(html_details(f"All {len(found.layers)} layers", layers))
    return f'<div class="labcode-cost">{"".join(parts)}</div>'


def _whole(found: Preflight) -> Table:
    rows = tuple(
        (method, verdict.answer, verdict.reason) for method, verdict in found.verdicts.items()
    )
    caption = f"{found.model}: {len(found.layers)} layers, {found.weights:,} parameters"
    return Table(caption, ("Method", "Answer", "Reason"), rows, wrapped=frozenset({2}))


def _refused(found: Preflight) -> Table:
    """Return the layers that methods left out, with the reason; many with one reason in one row."""
    rows: dict[tuple[str, str], list[str]] = {}
    for layer in found.layers:
        reasons: dict[str, list[str]] = {}
        for method, verdict in layer.verdicts.items():
            whole = found.verdicts[method]
            if verdict.answer == "no" and whole.answer == "in part":
                reasons.setdefault(verdict.reason, []).append(method)
        for why, methods in reasons.items():
            rows.setdefault((", ".join(methods), why), []).append(layer.name)
    shown = tuple((name, *why) for why, names in rows.items() for name in _few(names))
    return Table("", ("Layer", "Left out by", "Because"), shown, wrapped=frozenset({1, 2}))


def _few(names: list[str]) -> list[str]:
    """Return each name, or where they are many a line of the first and the last.

    >>> _few(["a", "b"]), _few([f"norm{i}" for i in range(61)])
    (['a', 'b'], ['norm0, norm1, … norm60 (61 layers)'])
    """
    if len(names) <= MANY:
        return names
    return [f"{names[0]}, {names[1]}, … {names[-1]} ({len(names)} layers)"]


def _layers(found: Preflight) -> Table:
    """Return a row for each layer; a column for each method would be wider than a phone."""
    columns = ("Layer", "Taken by", "Left out by", "What is particular", "Type", "Parameters")
    rows = tuple(_row(layer) for layer in found.layers)
    return Table("", columns, rows, numeric=frozenset({5}), wrapped=frozenset({2, 3}))


def _row(layer: LayerCheck) -> tuple[str, ...]:
    """Return how many methods take the layer, of those that are for it, and which do not."""
    answers = {method: verdict.answer for method, verdict in layer.verdicts.items()}
    taken = sum(answer != "no" for answer in answers.values())
    left_out = ", ".join(method for method, answer in answers.items() if answer == "no")
    notes = ", ".join(layer.notes)
    return (
        layer.name,
        f"{taken} of {len(answers)}",
        left_out,
        notes,
        layer.kind,
        f"{layer.weights:,}",
    )
