"""Run notebooks and compare what they print with what they store.

python tools/nbval.py                  all of them
python tools/nbval.py --only pruning   those whose path holds that word
python tools/nbval.py --changed        those that differ from the last commit, or are new
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CELL_TIMEOUT = 300  # seconds
# Two at a time; a notebook's cells stay together, and nothing is written beside the notebooks.
OPTIONS = ("-n", "2", "--dist", "loadfile", "-q", "-p", "no:cacheprovider")


def notebooks(only: str = "", root: Path = ROOT) -> list[str]:
    """Return the notebooks whose path below ``book`` holds a word, sorted.

    Raises:
        SystemExit: There is none.
    """
    below = sorted(path.relative_to(root) for path in (root / "book").rglob("*.ipynb"))
    kept = [path for path in below if ".ipynb_checkpoints" not in path.parts]
    found = [path.as_posix() for path in kept if only in path.relative_to("book").as_posix()]
    if not found:
        raise SystemExit(f"ONLY={only}: no notebook's path holds that word")
    return found


def changed(root: Path = ROOT) -> list[str]:
    """Return the notebooks that differ from the last commit or are not in git, sorted."""
    differing = _git(root, "diff", "--name-only", "--diff-filter=d", "HEAD", "--", "book")
    new = _git(root, "ls-files", "--others", "--exclude-standard", "--", "book")
    return sorted(name for name in {*differing, *new} if name.endswith(".ipynb"))


def _git(root: Path, *words: str) -> list[str]:
    line = ["git", "-c", "core.quotePath=off", *words]
    run = subprocess.run(line, cwd=root, check=True, stdout=subprocess.PIPE, text=True)
    return run.stdout.splitlines()


def command(paths: Sequence[str], python: str = sys.executable) -> list[str]:
    """Return the command line that checks notebooks."""
    nbval = ["--nbval", "--nbval-current-env", f"--nbval-cell-timeout={CELL_TIMEOUT}"]
    return [python, "-m", "pytest", *nbval, *OPTIONS, *paths]


def main() -> int:
    """Check the notebooks that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="a word of their path")
    parser.add_argument("--changed", action="store_true", help="those not committed as they are")
    asked = parser.parse_args()
    paths = changed() if asked.changed else notebooks(asked.only)
    if not paths:
        print("No notebook differs from the last commit.")
        return 0
    return subprocess.run(command(paths), cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
