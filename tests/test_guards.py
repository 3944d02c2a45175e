"""What guards a number stands out of sight, and what the site folds is folded in JupyterLab too."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.test_repository import NOTEBOOKS

GUARD = "remove-cell"
FOLDS_SOURCE = {"hide-input", "hide-cell", "remove-input", "remove-cell", "solution"}
FOLDS_OUTPUTS = {"hide-output", "hide-cell", "remove-output", "solution"}
# A value without a word: a tuple, a list or set, a number, a truth, a tensor.
BARE = re.compile(r"\(|\[|set\(|-?[\d.]+(e[-+]?\d+)?$|True$|False$|tensor\(|np\.\w+\(")


def code_cells(path: Path) -> list[dict[str, Any]]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def tags(cell: dict[str, Any]) -> set[str]:
    return set(cell["metadata"].get("tags", []))


def asserts(cell: dict[str, Any]) -> bool:
    """Whether a cell holds an assertion; the set-up cell is no Python, and holds none."""
    if "colab-setup" in tags(cell):
        return False
    return any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(source(cell))))


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def unfolded(cell: dict[str, Any]) -> list[str]:
    """What a cell's tags fold on the site and JupyterLab does not."""
    lab = cell["metadata"].get("jupyter", {})
    wanted = {"source_hidden": FOLDS_SOURCE, "outputs_hidden": FOLDS_OUTPUTS}
    return [key for key, by in wanted.items() if tags(cell) & by and not lab.get(key)]


def longest_run(cells: list[dict[str, Any]]) -> int:
    """The most code cells in a row that the site shows."""
    shown = [cell for cell in cells if GUARD not in tags(cell)]
    kinds = "".join("c" if cell["cell_type"] == "code" else " " for cell in shown)
    return max(map(len, kinds.split()), default=0)


def bare(cell: dict[str, Any]) -> list[str]:
    """The values that a cell shows as text alone, without a word on what they are."""
    bundles = [o["data"] for o in cell["outputs"] if o["output_type"] == "execute_result"]
    texts = ["".join(data["text/plain"]) for data in bundles if set(data) == {"text/plain"}]
    return [text for text in texts if BARE.match(text)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_cell_that_the_site_shows_holds_an_assertion(path: Path) -> None:
    shown = [cell for cell in code_cells(path) if GUARD not in tags(cell)]
    assert [source(cell) for cell in shown if asserts(cell)] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_guard_shows_nothing(path: Path) -> None:
    guards = [cell for cell in code_cells(path) if asserts(cell)]
    assert [source(cell) for cell in guards if cell["outputs"]] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_the_site_folds_is_folded_in_jupyterlab(path: Path) -> None:
    assert [(unfolded(cell), source(cell)) for cell in code_cells(path) if unfolded(cell)] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_site_shows_at_most_two_code_cells_in_a_row(path: Path) -> None:
    assert longest_run(json.loads(path.read_text(encoding="utf-8"))["cells"]) <= 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_cell_shows_says_what_it_is(path: Path) -> None:
    assert [(bare(cell), source(cell)) for cell in code_cells(path) if bare(cell)] == []


def code(text: str = "1", *given: str, **lab: bool) -> dict[str, Any]:
    metadata = {"tags": list(given), "jupyter": lab}
    return {"cell_type": "code", "source": [text], "metadata": metadata, "outputs": []}


def test_assertions_are_seen_in_loops_and_not_in_strings() -> None:
    assert asserts(code("for x in (1, 2):\n    assert x"))
    assert not asserts(code("print('assert x')"))


def test_an_open_cell_is_seen() -> None:
    assert unfolded(code("1", "hide-input")) == ["source_hidden"]
    assert unfolded(code("1", "solution", source_hidden=True)) == ["outputs_hidden"]
    assert unfolded(code("1", "remove-cell", source_hidden=True)) == []
    assert unfolded(code("1", "nbval-ignore-output")) == []


def test_guards_do_not_count_in_a_row() -> None:
    prose = {"cell_type": "markdown", "metadata": {}, "source": []}
    assert longest_run([code(), code("1", GUARD), code(), prose, code()]) == 2
    assert longest_run([code(), code(), code("1", GUARD), code()]) == 3


@pytest.mark.parametrize("text", ["(1, 2)", "0.53", "-3", "1e-05", "[0, 3]", "True", "tensor([1])"])
def test_a_bare_value_is_seen(text: str) -> None:
    output = {"output_type": "execute_result", "data": {"text/plain": [text]}}
    assert bare({**code(), "outputs": [output]}) == [text]


def test_a_labelled_value_is_left_in_peace() -> None:
    for data in ({"text/plain": ["Masks(47 kept)"]}, {"text/plain": ["(1)"], "text/html": ["1"]}):
        output = {"output_type": "execute_result", "data": data}
        assert bare({**code(), "outputs": [output]}) == []
