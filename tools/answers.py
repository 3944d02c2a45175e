"""Hide in the notebooks what the reader is to guess first, as JupyterLab shows them.

Run as `python tools/answers.py` after a question came or went. `make notebooks` does it too.
"""

import json
import sys
from pathlib import Path

from labcode.pages.asked import hide

BOOK = Path(__file__).resolve().parent.parent / "book"


def main(paths: list[Path]) -> None:
    """Change the notebooks in place; nothing but the folds changes."""
    for path in paths:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        hide(notebook["cells"])
        written = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
        path.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]] or sorted(BOOK.glob("*/*.ipynb")))
