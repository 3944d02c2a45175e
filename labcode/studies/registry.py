"""All studies, found by their packages: whoever adds one declares it in its `tables` module.

Asking imports every study's trials, so it takes some seconds; reading a stored table does not.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import labcode.studies
from labcode.studies.definition import Export, Study, Table, TimedTable

Item = Table | TimedTable | Export


@cache
def studies() -> dict[str, Study]:
    """Return every study by its name."""
    packages = [p.name for p in pkgutil.iter_modules(labcode.studies.__path__) if p.ispkg]
    modules = [importlib.import_module(f"labcode.studies.{name}.tables") for name in packages]
    return {module.STUDY.name: module.STUDY for module in modules}


def tables() -> dict[str, Table | TimedTable]:
    """Return every table of every study by its name."""
    return {table.name: table for study in studies().values() for table in study.tables}


def study_of(name: str) -> str:
    """Return the name of the study that a table belongs to.

    Raises:
        KeyError: No study declares such a table.
    """
    for study in studies().values():
        if name in [table.name for table in study.tables]:
            return study.name
    raise KeyError(f"no study declares a table {name!r}")


def in_order(items: tuple[Item, ...]) -> list[Item]:
    """Return tables and exports with what each needs before it, else as they are.

    Args:
        items: What to order. What they need and is not among them stays away.

    Raises:
        ValueError: They need each other in a circle.
    """
    ordered: list[Item] = []

    def visit(item: Item, path: tuple[str, ...]) -> None:
        if item.name in path:
            raise ValueError(f"tables need each other in a circle: {', '.join((*path, item.name))}")
        if item in ordered:
            return
        for needed in item.needs:
            visit(needed, (*path, item.name))
        ordered.append(item)

    for item in items:
        visit(item, ())
    return [item for item in ordered if item in items]


def named(names: list[str]) -> tuple[Item, ...]:
    """Return what the names of studies, tables and exports stand for; no name means all.

    Raises:
        ValueError: There is no such study, table or export.
    """
    known: dict[str, tuple[Item, ...]] = {}
    for study in studies().values():
        known |= {item.name: (item,) for item in (*study.tables, *study.exports)}
    for study in studies().values():
        known[study.name] = (*study.tables, *study.exports)
    for name in names:
        if name not in known:
            raise ValueError(f"there is no study or table {name!r}; there are: {', '.join(known)}")
    return tuple(dict.fromkeys(item for name in names or studies() for item in known[name]))
