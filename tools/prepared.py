"""Compute the answers that the site's calculators give at once.

Usage: python tools/prepared.py _build/prepared

Reads the forms that the notebooks store, and writes what labcode.pages.live.prepared plans for
each: a folder with the form's id, and in it files of answers.
"""

import json
import shutil
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from labcode.pages.live.browser import find
from labcode.pages.live.controls import from_json
from labcode.pages.live.prepared import packed, prepare

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 100_000  # bytes that the first answer may take
Attributes = dict[str, str | None]


class Forms(HTMLParser):
    """The attributes of the calculators' forms in a piece of HTML."""

    def __init__(self, source: str) -> None:
        """Read the piece."""
        super().__init__()
        self.found: list[Attributes] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a form that the site can move."""
        named = dict(attrs)
        if tag == "form" and "data-live-function" in named:
            self.found.append(named)


def outputs(notebook: Path) -> Iterator[str]:
    """Yield the HTML that a notebook stores."""
    content: dict[str, Any] = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        for output in cell.get("outputs", []):
            yield "".join(output.get("data", {}).get("text/html", ""))


def forms(book: Path = ROOT / "book") -> dict[str, Attributes]:
    """Return every calculator of the book by its id."""
    notebooks = sorted(book.rglob("*.ipynb"))
    stored = [piece for notebook in notebooks for piece in outputs(notebook)]
    found = [
        form for piece in stored if "data-live-function" in piece for form in Forms(piece).found
    ]
    return {str(form["id"]): form for form in found}


def write(form: Attributes, folder: Path) -> None:
    """Write the files of one calculator.

    Raises:
        SystemExit: A file is too large to be fetched for a first move.
    """
    calculator = find(str(form["data-live-module"]), str(form["data-live-function"]))
    controls = from_json(json.loads(str(form["data-live-controls"])))
    folder.mkdir(parents=True)
    for name, answers in prepare(calculator, controls):
        content = packed(answers)
        if len(content) > LARGEST:
            raise SystemExit(f"{folder.name}/{name} takes {len(content):,} of {LARGEST:,} bytes")
        (folder / f"{name}.bin").write_bytes(content)


def main() -> None:
    """Fill the folder that the command line names, from nothing."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    target = Path(sys.argv[1])
    shutil.rmtree(target, ignore_errors=True)
    for id, form in forms().items():
        write(form, target / id)


if __name__ == "__main__":
    main()
