"""Export again what the page *Draw a digit* loads: `make drawing`.

Writes the files of labcode/pages/drawing/stored that the site copies. The student's weights, which
experiments/drawing.py trains, stay.
"""

from pathlib import Path

from labcode.pages.drawing.export import stored_files

STORED = Path(__file__).resolve().parent.parent / "labcode" / "pages" / "drawing" / "stored"


def main() -> None:
    """Write all files."""
    for name, data in stored_files().items():
        (STORED / name).write_bytes(data)


if __name__ == "__main__":
    main()
