"""In the dark, figures change light and dark; those that show images must say that they stay."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = sorted(p for p in (ROOT / "book").rglob("*.ipynb") if "checkpoint" not in str(p))
SHOWS_IMAGES = re.compile(r"\b(imshow|show_tiles|draw_tile|gallery)\(")
TAG = "true-colors"


def wrongly_tagged(notebook) -> list[str]:
    """The cells with a figure whose tag does not say what the figure shows."""
    return [
        cell.id
        for cell in notebook.cells
        if any("image/png" in output.get("data", {}) for output in cell.get("outputs", []))
        and bool(SHOWS_IMAGES.search(cell.source)) != (TAG in cell.metadata.get("tags", []))
    ]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_figures_of_images_are_tagged_and_no_others(path: Path) -> None:
    assert wrongly_tagged(nbformat.read(path, as_version=4)) == []


@pytest.mark.parametrize(
    ("source", "tags", "wrong"),
    [
        ("axes.imshow(digit)", [], True),
        ("axes.imshow(digit)", [TAG], False),
        ("axes.plot(x)", [TAG], True),
        ("axes.plot(x)", [], False),
    ],
)
def test_a_wrong_tag_is_seen(source: str, tags: list[str], wrong: bool) -> None:
    output = nbformat.v4.new_output("display_data", {"image/png": "..."})
    cell = nbformat.v4.new_code_cell(source, outputs=[output], metadata={"tags": tags})
    assert bool(wrongly_tagged(nbformat.v4.new_notebook(cells=[cell]))) is wrong
