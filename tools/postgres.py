"""Find the PostgreSQL that workers share in the tests, or install it where that may be done."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = ("initdb", "postgres")
# Where it is when it is not on the PATH: Debian, Fedora, Homebrew, the installer for Windows.
FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "C:/Program Files/PostgreSQL/*/bin",
)
INSTALL = "apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql"
POLICY = Path("/usr/sbin/policy-rc.d")  # asked by Debian before it starts a service


def find() -> Path | None:
    """The folder of its programs: $POSTGRES_BIN, the one on the PATH, or the newest installed."""
    if named := os.environ.get("POSTGRES_BIN"):
        return Path(named)
    if path := shutil.which("initdb"):
        folder = Path(path).resolve().parent  # a link may stand for one program alone
        if _complete(folder):
            return folder
    found = [folder for pattern in FOLDERS for folder in _matches(pattern) if _complete(folder)]
    return max(found, key=_version, default=None)


def _matches(pattern: str) -> list[Path]:
    anchor = Path(pattern).anchor
    return list(Path(anchor).glob(pattern[len(anchor) :])) if anchor else []


def _complete(folder: Path) -> bool:
    return all(shutil.which(name, path=str(folder)) for name in NAMES)


def _version(folder: Path) -> int:
    numbers = re.findall(r"\d+", folder.parent.name)
    return int(numbers[0]) if numbers else 0


@contextlib.contextmanager
def no_services() -> Iterator[None]:
    """Let Debian install a server without starting it."""
    if POLICY.exists():  # this machine has rules of its own
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    try:
        POLICY.chmod(0o755)
        yield
    finally:
        POLICY.unlink()


def install() -> None:
    """Install through apt-get on Debian as root; elsewhere say what is missing."""
    if not shutil.which("apt-get"):
        sys.exit("The tests need PostgreSQL. Install it, or set POSTGRES_BIN to where initdb is.")
    if os.geteuid() != 0:
        sys.exit(f"The tests need PostgreSQL. Run: sudo sh -c '{INSTALL}'")
    with no_services():
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(INSTALL, shell=True, env=environment)
    if done.returncode:
        sys.exit(f"The tests need PostgreSQL, and installing it failed. Run: {INSTALL}")


def main() -> None:
    """Make sure that there is one, and say where."""
    if find() is None:
        install()
    folder = find()
    if folder is None:
        sys.exit("No PostgreSQL was found after installing it. Set POSTGRES_BIN to its folder.")
    print(f"PostgreSQL: {folder}")


if __name__ == "__main__":
    main()
