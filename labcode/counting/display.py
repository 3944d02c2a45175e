"""Show the cost of a model as text or HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from labcode.counting.views import blocks_of
from labcode.show.numbers import exact, humanise, share
from labcode.show.tables import (
    Cell,
    Table,
    html_box,
    html_details,
    html_table,
    markdown_table,
    text_table,
)

if TYPE_CHECKING:
    from labcode.counting.result import LayerCost, ModelCost

_SHORT = 20  # up to this many rows the layers stand open
_COLUMNS = ("Layer", "Type", "Output shape", "Params", "MACs", "Calls")


def as_text(cost: ModelCost) -> str:
    """Return the cost as a plain-text table with its totals."""
    return "\n".join([text_table(_layers(cost)), *_notes(cost)])


def as_markdown(cost: ModelCost) -> str:
    """Return the cost as a Markdown table with its totals."""
    return "\n\n".join([markdown_table(_layers(cost)), *_notes(cost)])


def as_html(cost: ModelCost) -> str:
    """Return the cost as HTML: the table with bars; by block, with the layers folded, if long."""
    name = f"Cost of {cost.model} by layer"
    layers = html_table(_layers(cost))
    if len(cost.layers) <= _SHORT:
        content = html_box(layers, name)
    else:
        blocks = html_box(html_table(_blocks(cost)), f"Cost of {cost.model} by block")
        folded = html_box(layers, name, max_height="28em")
        content = blocks + html_details(f"All {len(cost.layers)} layers", folded)
    notes = "".join(f"<p>{escape(note)}</p>" for note in _notes(cost))
    return f'<div class="labcode-cost">{content}{notes}</div>'


def shape_text(shape: tuple[int, ...] | None) -> str:
    """Return a shape as it is read aloud, such as 64 x 112 x 112; a dash for none."""
    if shape is None:
        return "–"
    return " × ".join(map(str, shape)) if shape else "scalar"


def _caption(cost: ModelCost) -> str:
    given = f"one input of {shape_text(cost.input_shape)}"
    if not cost.input_shape:
        given = f"inputs as given ({cost.inputs})"
    return (
        f"{cost.model}, {given}: "
        f"{exact(cost.params)} params, {exact(cost.macs)} MACs, "
        f"{humanise(cost.flops)}{'' if cost.flops >= 1000 else ' '}FLOPs (2 × MACs)"
    )


def _layers(cost: ModelCost) -> Table:
    rows = tuple(
        (row.name, row.type, shape_text(row.output_shape), *_bars(row, cost), _calls(row))
        for row in cost.layers
    )
    total = ("Total", "", "", f"{cost.params:,}", f"{cost.macs:,}", "")
    return Table(_caption(cost), _COLUMNS, rows, total, frozenset({3, 4, 5}))


def _calls(row: LayerCost) -> str:
    return f"in {row.inside}" if row.inside else f"{row.calls}"


def _bars(row: LayerCost, cost: ModelCost) -> tuple[Cell, Cell]:
    unknown = " + ?" if row.uncounted else ""
    params = Cell(f"{row.params:,}", share(row.params, cost.params), "b")
    return params, Cell(f"{row.macs:,}{unknown}", share(row.macs, cost.macs))


def _blocks(cost: ModelCost) -> Table:
    sums = {
        name: (len(rows), sum(r.params for r in rows), sum(r.macs for r in rows))
        for name, rows in blocks_of(cost.layers).items()
    }
    rows = tuple(
        (
            name,
            f"{rows}",
            Cell(f"{params:,}", share(params, cost.params), "b"),
            Cell(f"{macs:,}", share(macs, cost.macs)),
        )
        for name, (rows, params, macs) in sums.items()
    )
    total = ("Total", f"{len(cost.layers)}", f"{cost.params:,}", f"{cost.macs:,}")
    columns = ("Block", "Layers", "Params", "MACs")
    return Table(_caption(cost), columns, rows, total, frozenset({1, 2, 3}))


def _notes(cost: ModelCost) -> list[str]:
    if not cost.uncounted:
        return list(cost.notes)
    names = ", ".join(f"{name} (ran {n}×)" for name, n in cost.uncounted.items())
    where = ", ".join(row.name for row in cost.layers if row.uncounted)
    return [
        f"Not counted, no formula: {names}; in: {where}. The true MACs may be higher.",
        *cost.notes,
    ]
