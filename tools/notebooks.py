"""Run every notebook of the book from top to bottom and store its outputs.

Run as `make notebooks`, or `python tools/notebooks.py book/part/chapter.ipynb` for some.
A notebook is written only after all of its cells ran without an error.
"""

import os
import sys
import time
from pathlib import Path

import nbformat
import yaml
from nbclient import NotebookClient
from nbformat import NotebookNode

from labcode.pages.asked import hide

ROOT = Path(__file__).resolve().parent.parent
CELL_TIMEOUT = 600  # seconds
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def chapters() -> list[Path]:
    """The notebooks of the table of contents, in its order."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    files = [toc["root"]]
    for part in toc["parts"]:
        files += [chapter["file"] for chapter in part["chapters"]]
    paths = [(ROOT / name).with_suffix(".ipynb") for name in files]
    return [path for path in paths if path.exists()]


def run(notebook: NotebookNode, folder: Path) -> None:
    """Execute all cells in one fresh kernel, in the notebook's own folder."""
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,
        record_timing=False,
        coalesce_streams=True,  # a busy machine sends what is printed in pieces
    )
    client.execute()


def tidy(notebook: NotebookNode) -> None:
    """Drop what differs between runs, and live widgets, which no stored notebook can revive.

    What the reader is to guess first is folded.
    """
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET_VIEW, None)
    hide(notebook.cells)


def main(names: list[str], root: Path = ROOT) -> None:
    """Run the notebooks named, or all, and print the seconds that each took."""
    os.environ["LABCODE_PROGRESS"] = "0"
    for path in [Path(name).resolve() for name in names] or chapters():
        notebook = nbformat.read(path, as_version=4)
        start = time.perf_counter()
        run(notebook, path.parent)
        tidy(notebook)
        nbformat.write(notebook, path)
        print(f"{path.relative_to(root)}: {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
