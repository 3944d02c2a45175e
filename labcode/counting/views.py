"""Other ways to look at a cost: by depth, by operation, in running order, and its totals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labcode.show.numbers import percent, scaled, share
from labcode.show.tables import (
    AnyCell,
    Cell,
    Table,
    html_box,
    html_table,
    markdown_table,
    text_table,
)

if TYPE_CHECKING:
    import pandas as pd

    from labcode.counting.result import LayerCost, ModelCost

Key = tuple[str, ...]
_WHOLE = "(model)"


@dataclass(frozen=True)
class View:
    """One table of a cost, which shows itself as text, HTML or Markdown."""

    table: Table
    fields: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]

    def __str__(self) -> str:
        """Return the table as plain text."""
        return text_table(self.table)

    def __repr__(self) -> str:
        """Return the table as plain text, which is what a Python prompt shows."""
        return str(self)

    def _repr_html_(self) -> str:
        """Return the table with bars, which is what a notebook shows."""
        return html_box(html_table(self.table), self.table.caption)

    def to_markdown(self) -> str:
        """Return the table as Markdown."""
        return markdown_table(self.table)

    def to_frame(self) -> pd.DataFrame:
        """Return the table's numbers as a pandas DataFrame, one row a row."""
        import pandas as pd  # only here: counting itself needs no pandas

        return pd.DataFrame(list(self.values), columns=list(self.fields))


def running_order(rows: tuple[LayerCost, ...]) -> list[LayerCost]:
    """Return rows by their first call; those never called keep their place after the one before."""
    places: list[tuple[int, int]] = []
    last = -1
    for index, row in enumerate(rows):
        last = last if row.order is None else row.order
        places.append((last, index))
    return [rows[index] for _, index in sorted(places)]


def blocks_of(rows: tuple[LayerCost, ...], depth: int = 1) -> dict[str, list[LayerCost]]:
    """Return rows by block: by the first parts of their names, below what all names share.

    Args:
        rows: the layers.
        depth: how many parts of the names tell blocks apart.

    Returns:
        Block -> its layers, in the order of the rows.
    """
    start = len(_shared([row.name.split(".") for row in rows if row.name != _WHOLE]))
    blocks: dict[str, list[LayerCost]] = {}
    for row in rows:
        name = ".".join(row.name.split(".")[: start + depth])
        blocks.setdefault(name, []).append(row)
    return blocks


def _shared(names: list[list[str]]) -> list[str]:
    """Return the parts that all names start with, such as that of a wrapper."""
    shared: list[str] = []
    while names and all(len(name) > len(shared) + 1 for name in names):
        parts = {name[len(shared)] for name in names}
        if len(parts) > 1:
            break
        shared += parts
    return shared


def by_depth(cost: ModelCost, depth: int) -> View:
    """Return the blocks of a model, in running order.

    Raises:
        ValueError: if `depth` is less than 1.
    """
    if isinstance(depth, bool) or not isinstance(depth, int) or depth < 1:
        raise ValueError(f"depth must be a whole number from 1, got {depth!r}")
    blocks = blocks_of(tuple(running_order(cost.layers)), depth)
    values = tuple((name, *_sums(rows)) for name, rows in blocks.items())
    rows = tuple(
        (
            name,
            f"{n}",
            Cell(f"{params:,}", share(params, cost.params), "b"),
            f"{trainable:,}",
            Cell(f"{macs:,}", share(macs, cost.macs)),
        )
        for name, n, params, trainable, macs in values
    )
    total = ("Total", f"{len(cost.layers)}", f"{cost.params:,}", f"{cost.trainable:,}")
    columns = ("Block", "Layers", "Params", "Trainable", "MACs")
    fields = ("block", "layers", "params", "trainable", "macs")
    table = Table(
        f"{cost.model} by block, {depth} deep, in running order",
        columns,
        rows,
        (*total, f"{cost.macs:,}"),
        frozenset(range(1, 5)),
    )
    return View(table, fields, values)


def _sums(rows: list[LayerCost]) -> tuple[int, int, int, int]:
    params, trainable = sum(r.params for r in rows), sum(r.trainable for r in rows)
    return len(rows), params, trainable, sum(r.macs for r in rows)


def by_operation(cost: ModelCost) -> View:
    """Return the operations that multiply, in running order, then those without a formula."""
    values: list[tuple[str, int, int | None]] = [(o.name, o.calls, o.macs) for o in cost.operations]
    values += [(name, calls, None) for name, calls in cost.uncounted.items()]
    rows: list[tuple[AnyCell, ...]] = []
    for name, calls, macs in values:
        cell = Cell("?") if macs is None else Cell(f"{macs:,}", share(macs, cost.macs))
        rows.append((name, f"{calls:,}", cell))
    total = ("Total", "", f"{cost.macs:,}")
    columns = ("Operation", "Calls", "MACs")
    caption = f"{cost.model} by operation, in running order"
    table = Table(caption, columns, tuple(rows), total, frozenset({1, 2}))
    return View(table, ("operation", "calls", "macs"), tuple(values))


def totals(cost: ModelCost) -> View:
    """Return the totals: parameters, how many of them are trained, memory and multiply-adds."""
    trained = percent(cost.trainable, cost.params) if cost.params else "–"
    values = (
        ("Parameters", cost.params, f"{cost.params:,}"),
        ("Trainable parameters", cost.trainable, f"{cost.trainable:,} ({trained})"),
        ("Memory of the parameters", cost.param_bytes, scaled(cost.param_bytes, "B")),
        ("Outputs of all layers, an estimate", cost.output_bytes, scaled(cost.output_bytes, "B")),
        ("MACs", cost.macs, f"{cost.macs:,}"),
    )
    rows = tuple((name, text) for name, _, text in values)
    table = Table(f"{cost.model} in total", ("What", "How much"), rows, None, frozenset({1}))
    return View(table, ("what", "value"), tuple(value[:2] for value in values))
