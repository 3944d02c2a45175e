"""Where the definitions of the exercises are found: one file a chapter."""

from __future__ import annotations

import importlib
import pkgutil

from labcode.pages.exercises import chapters as folder
from labcode.pages.exercises.kinds import Exercise


def chapters() -> list[str]:
    """Return the names of the chapters that have exercises.

    >>> "pruning" in chapters()
    True
    """
    return sorted(found.name for found in pkgutil.iter_modules(folder.__path__))


def definitions(chapter: str) -> tuple[Exercise, ...]:
    """Return the exercises of a chapter.

    Args:
        chapter: One of `chapters()`.

    Raises:
        KeyError: There is no such chapter.
    """
    if chapter not in chapters():
        raise KeyError(f"no exercises of {chapter!r}; there are: {', '.join(chapters())}")
    found: tuple[Exercise, ...] = importlib.import_module(f"{folder.__name__}.{chapter}").EXERCISES
    return found


def definition(id: str) -> Exercise:
    """Return an exercise by its id.

    Args:
        id: The chapter's name and a number, such as ``"pruning-2"``.

    Raises:
        KeyError: There is no such exercise.
    """
    every = {entry.id: entry for entry in definitions(id.rpartition("-")[0])}
    if id not in every:
        raise KeyError(f"no exercise {id!r}; there are: {', '.join(every)}")
    return every[id]
