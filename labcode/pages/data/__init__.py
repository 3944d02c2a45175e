"""What pages show and cannot compute: JSON files, each with the name of what reads it.

The studies' exports write them from stored tables and weights (`python -m labcode.studies`).
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def load(name: str) -> Any:
    """Return the data of a page's part.

    Args:
        name: A file beside this one, without its ending.

    >>> sorted(load("few_bits"))
    ['params', 'rows', 'seeds']
    """
    return json.loads(files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8"))
