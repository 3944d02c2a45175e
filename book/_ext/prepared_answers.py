"""Answers of the calculators, computed beside the build, become part of the site."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

ROOT = Path(__file__).resolve().parent.parent.parent
ANSWERS = ROOT / "_build" / "prepared"


class Beside:
    """tools/prepared.py, which computes while Sphinx reads and writes the pages."""

    def start(self, app: Sphinx) -> None:
        """Begin, if a site is built."""
        if app.builder.format != "html":
            return
        command = [sys.executable, str(ROOT / "tools" / "prepared.py"), str(ANSWERS)]
        self.process = subprocess.Popen(command, cwd=ROOT)

    def finish(self, app: Sphinx, error: Exception | None) -> None:
        """Wait for it, and copy what it wrote; a failure fails the build."""
        if app.builder.format != "html":
            return
        code = self.process.wait()
        if error is not None:
            return
        if code:
            raise ExtensionError(f"tools/prepared.py ended with exit code {code}")
        target = Path(app.outdir) / "live" / "answers"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(ANSWERS, target)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hooks."""
    beside = Beside()
    app.connect("builder-inited", beside.start)
    app.connect("build-finished", beside.finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
