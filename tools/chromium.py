"""Find the Chromium that the browser tests drive, or install it where that may be done."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Calls that a browser makes on its own account; the tests assert that pages make none.
FLAGS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
if hasattr(os, "geteuid") and os.geteuid() == 0:
    FLAGS.append("--no-sandbox")  # Chromium refuses to run as root with its sandbox


def find() -> str | None:
    """The path of a Chromium: $CHROMIUM, one on the PATH, or Playwright's own."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    for name in NAMES:
        if path := shutil.which(name):
            return path
    return _playwrights()


def _playwrights() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> None:
    """Install through apt-get on Debian as root, elsewhere through Playwright."""
    if shutil.which("apt-get"):
        command = "apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium"
        if os.geteuid() != 0:
            sys.exit(f"The browser tests need Chromium. Run: sudo sh -c '{command}'")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(command, shell=True, env=environment)
    else:
        command = f"{sys.executable} -m playwright install chromium"
        done = subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"])
    if done.returncode:
        sys.exit(f"The browser tests need Chromium, and installing it failed. Run: {command}")


def main() -> None:
    """Make sure that there is one, and say where."""
    if find() is None:
        install()
    path = find()
    if path is None:
        sys.exit("No Chromium was found after installing it. Set CHROMIUM to its path.")
    print(f"Chromium: {path}")


if __name__ == "__main__":
    main()
