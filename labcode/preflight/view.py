"""A preflight as a table: the whole network first, the layers folded below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labcode.show.tables import Table, html_box, html_details, html_table, text_table

if TYPE_CHECKING:
    from labcode.preflight.check import LayerCheck, Preflight


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
    """Return a row for each layer and the methods that left it out for one reason."""
    rows = []
    for layer in found.layers:
        reasons: dict[str, list[str]] = {}
        for method, verdict in layer.verdicts.items():
            whole = found.verdicts[method]
            if verdict.answer == "no" and whole.answer == "in part":
                reasons.setdefault(verdict.reason, []).append(method)
        rows += [(layer.name, ", ".join(methods), why) for why, methods in reasons.items()]
    columns = ("Layer", "Left out by", "Because")
    return Table("", columns, tuple(rows), wrapped=frozenset({1, 2}))


def _layers(found: Preflight) -> Table:
    methods = tuple(found.verdicts)
    rows = tuple(_row(layer, methods) for layer in found.layers)
    columns = ("Layer", *methods, "Type", "Parameters", "What is particular")
    end = len(columns)  # what the methods say stands first: a phone shows the left of a table
    return Table("", columns, rows, numeric=frozenset({end - 2}), wrapped=frozenset({end - 1}))


def _row(layer: LayerCheck, methods: tuple[str, ...]) -> tuple[str, ...]:
    answers = (layer.verdicts[m].answer if m in layer.verdicts else "" for m in methods)
    return (layer.name, *answers, layer.kind, f"{layer.weights:,}", ", ".join(layer.notes))
