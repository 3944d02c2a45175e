"""Write what the workbench loads, but for the runtime, which stands beside *Draw a digit*.

Usage: python tools/workbench.py _build/vendor/root/workbench
"""

import sys
from pathlib import Path

from labcode.pages.workbench.site import site_files


def main() -> None:
    """Fill the folder that the command line names."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    for name, data in site_files().items():
        target = Path(sys.argv[1]) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


if __name__ == "__main__":
    main()
