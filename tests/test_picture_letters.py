"""A phone makes a stored picture 390 pixels wide; its letters must still be read there."""

import base64
import re
import struct
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = sorted(p for p in (ROOT / "book").rglob("*.ipynb") if "checkpoint" not in str(p))
PHONE, LEAST = 390, 11  # pixels: a phone's width, and what the smallest letter needs there
HOUSE = 11  # points: font.size of the house style, unless a cell asks for something else
ASKED = re.compile(r"\b(?:fontsize|labelsize|size)=(\d+(?:\.\d+)?)\b")


def letter(png: bytes, points: float) -> float:
    """The size of such a letter on a phone, from the width and dots for an inch in the file."""
    width = struct.unpack(">I", png[16:20])[0]
    where = png.index(b"pHYs") + 4
    dots = struct.unpack(">I", png[where : where + 4])[0] * 0.0254
    return points / 72 * dots * PHONE / width


def small_letters(notebook) -> list[str]:
    """The cells whose pictures have letters that are too small on a phone."""
    found = []
    for cell in notebook.cells:
        shown = [output.get("data", {}) for output in cell.get("outputs", [])]
        pictures = [data["image/png"] for data in shown if "image/png" in data]
        points = min([HOUSE, *map(float, ASKED.findall(cell.source))])
        found += [cell.id for png in pictures if letter(base64.b64decode(png), points) < LEAST]
    return found


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_letters_of_pictures_are_read_on_a_phone(path: Path) -> None:
    assert small_letters(nbformat.read(path, as_version=4)) == []


@pytest.mark.parametrize(
    ("source", "width", "small"),
    [("plot()", 737, False), ("plot()", 847, True), ("title(fontsize=9)", 737, True)],
)
def test_a_small_letter_is_seen(source: str, width: int, small: bool) -> None:
    png = bytes(16) + struct.pack(">I", width) + b"pHYs" + struct.pack(">I", 5906)  # 150 an inch
    output = nbformat.v4.new_output("display_data", {"image/png": base64.b64encode(png).decode()})
    cell = nbformat.v4.new_code_cell(source, outputs=[output])
    assert bool(small_letters(nbformat.v4.new_notebook(cells=[cell]))) is small
