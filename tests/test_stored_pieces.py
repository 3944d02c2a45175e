"""What a notebook stores of a piece is what the library draws today, and not what it drew before.

nbval says so too, after minutes. This runs the few cells that draw one, in seconds.
"""

import ast
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

BOOK = Path(__file__).resolve().parent.parent / "book"
# How the HTML of a piece, a calculator, the workbench, the board and a quiz says what it is.
MARKS = ('class="touch"', 'class="live', 'class="bench"', 'class="draw', 'class="quiz')


def _stored(cell: Any) -> str:
    """Return the HTML that a cell stores, or nothing."""
    pages = (out.get("data", {}).get("text/html", "") for out in cell.get("outputs", []))
    return "".join(pages)


def _imports(source: str) -> str:
    """Return the imports of a cell, without what else it does."""
    tree = ast.parse(TransformerManager().transform_cell(source))
    kept = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return ast.unparse(ast.Module(kept, []))


def _drawn(source: str, names: dict[str, Any]) -> str:
    """Return the HTML of a cell's last value."""
    *before, last = ast.parse(source).body
    assert isinstance(last, ast.Expr)
    exec(compile(ast.Module(before, []), "cell", "exec"), names)
    value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    if hasattr(value, "_repr_mimebundle_"):
        return value._repr_mimebundle_()["text/html"]
    return value._repr_html_()


def pieces(path: Path) -> list[tuple[str, str]]:
    """Return source and stored HTML of a notebook's pieces, each after the imports above it."""
    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    return [
        ("\n".join([*(_imports(above.source) for above in cells[:place]), cell.source]), page)
        for place, cell in enumerate(cells)
        if any(mark in (page := _stored(cell)) for mark in MARKS)
    ]


NOTEBOOKS = [path for path in sorted(BOOK.rglob("*.ipynb")) if pieces(path)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_stores_what_the_library_draws(path: Path) -> None:
    for source, page in pieces(path):
        assert page == _drawn(source, {}), source.splitlines()[-1]


def test_pieces_are_found_on_the_pages_that_hold_them() -> None:
    assert sum(len(pieces(path)) for path in NOTEBOOKS) >= 55
