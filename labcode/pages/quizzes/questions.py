"""The questions of a chapter, from its JSON file."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

_FOLDER = files("labcode.pages.quizzes")


def names() -> list[str]:
    """Return the names of the quizzes.

    >>> "counting_cost" in names()
    True
    """
    found = (entry.name for entry in _FOLDER.iterdir())
    return sorted(name.removesuffix(".json") for name in found if name.endswith(".json"))


def questions(name: str) -> list[dict[str, Any]]:
    """Return the questions of a quiz in jupyterquiz' format.

    Args:
        name: One of `names()`.

    Raises:
        KeyError: There is no such quiz.
    """
    if name not in names():
        raise KeyError(f"no quiz {name!r}; there are: {', '.join(names())}")
    text = _FOLDER.joinpath(name + ".json").read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = json.loads(text)
    return entries
