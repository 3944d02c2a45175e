"""Progress bars: shown to a person who waits, kept out of stored outputs.

The environment variable LABCODE_PROGRESS decides where it is set (0 is never, 1 is always).
Else a bar is shown in a notebook whose frontend could ask its user a question (JupyterLab,
Colab and editors can; nbclient, nbval and nbconvert, which only store outputs, cannot), and
in a terminal; not in a file, in a pipe or in continuous integration.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any


def wants_progress(choice: bool | None = None) -> bool:
    """Tell whether to show a progress bar; ``choice`` decides unless it is None."""
    if choice is not None:
        return choice
    setting = os.environ.get("LABCODE_PROGRESS", "").strip()
    if setting:
        return setting.lower() not in ("0", "false", "no", "off")
    if os.environ.get("CI"):
        return False
    request = _kernel_request()
    if request is not None:
        return bool(request.get("content", {}).get("allow_stdin", True))
    return sys.stderr is not None and sys.stderr.isatty()


def _kernel_request() -> Mapping[str, Any] | None:
    """Return the message that asked for the running cell, or None outside a notebook."""
    ipython = sys.modules.get("IPython")  # not imported for this: a notebook has it already
    shell = ipython.get_ipython() if ipython is not None else None
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return None
    get_parent = getattr(kernel, "get_parent", None)
    request = get_parent("shell") if get_parent is not None else {}
    return request if isinstance(request, Mapping) else {}
