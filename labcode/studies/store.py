"""The one writer of stored tables, and of how each was made.

A study's tables stand in a folder of their own, with one provenance.json. It says of each table:

- ``command`` and ``function``: what made it;
- ``commit``: the commit whose code ran, and ``changed``: whether files had been changed since.
  A table from before this writer names the commit that stored it, and says nothing of changes;
- ``processor``, ``cores``, ``system``: where it ran (``architecture`` where the processor's name
  was not written down); ``versions``: with what;
- ``seconds``: of processor time, all runs together, and ``date``;
- and the facts of its definition, such as data and epochs.

What is not known is left out.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import labcode
from labcode._origin import here
from labcode.studies.definition import Row

ROOT = Path(labcode.__file__).resolve().parent.parent
FOLDER = Path(__file__).resolve().parent / "tables"
PROVENANCE = "provenance.json"


def save(study: str, name: str, rows: Iterable[Row], made: Mapping[str, Any]) -> Path:
    """Write a table, and into its study's provenance how it was made.

    Args:
        study: Name of the study.
        name: Name of the table.
        rows: What it holds.
        made: How it was made; see `made_here`.

    Returns:
        The table's file.
    """
    import pandas as pd

    target = FOLDER / study / f"{name}.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame(list(rows))
    frame.to_csv(target, index=False, float_format="%.6g", lineterminator="\n")
    record = target.with_name(PROVENANCE)
    known = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    known[name] = dict(made)
    text = json.dumps(dict(sorted(known.items())), indent=1, ensure_ascii=False)
    record.write_text(text + "\n", encoding="utf-8")
    return target


def made_here(
    command: str, function: str, *, packages: Iterable[str] = ("torch",), **facts: Any
) -> Row:
    """Return how a table is made that is made here and now.

    Args:
        command: What was typed, from the root of the repository.
        function: What made the rows, with its module.
        packages: Whose versions matter.
        facts: What else a reader needs to know, such as ``seconds``; None is left out.
    """
    made: Row = {"command": command, "function": function} | code() | here(packages)
    return made | {name: fact for name, fact in facts.items() if fact is not None}


def code() -> Row:
    """Return the commit that is checked out, and whether files were changed; else nothing."""
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return {}
    # Not by the tables themselves: a sweep stores one after the other.
    others = ("--", ".", f":(exclude){FOLDER.relative_to(ROOT)}")
    status = _git("status", "--porcelain", "--untracked-files=no", *others)
    return {"commit": commit, "changed": bool(status)}


def machine_name(made: Mapping[str, Any]) -> str:
    """Return where a table was made, as far as it is known.

    >>> machine_name({"processor": "AMD EPYC", "cores": 2})
    'AMD EPYC, 2 cores'
    """
    cores = f"{made['cores']} cores" if "cores" in made else ""
    parts = (made.get("processor", ""), cores, made.get("system", ""))
    return ", ".join(part for part in parts if part)


def _git(*arguments: str) -> str | None:
    """Return what git says of this checkout; None without git or outside a repository."""
    try:
        done = subprocess.run(
            ("git", *arguments), cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
