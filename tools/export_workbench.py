"""Make again what the workbench loads: `make workbench`.

Writes the files of labcode/pages/workbench/stored, which the site copies: graphs and digits.
"""

from pathlib import Path

from labcode.pages.workbench.export import stored_files

STORED = Path(__file__).resolve().parent.parent / "labcode" / "pages" / "workbench" / "stored"


def main() -> None:
    """Write all files."""
    STORED.mkdir(exist_ok=True)
    for name, data in stored_files().items():
        (STORED / name).write_bytes(data)


if __name__ == "__main__":
    main()
