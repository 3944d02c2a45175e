"""The one runner: makes tables and exports in the order of what they need."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from labcode import studies
from labcode._origin import machine
from labcode._progress import wants_progress
from labcode.data import DownloadError
from labcode.studies import page_data, registry, runs, store
from labcode.studies.definition import Export, Row, Table, TimedTable
from labcode.studies.workers import Engine, here

Tell = Callable[[str], None]


def make(
    items: Iterable[registry.Item], *, engine: Engine = here, command: str, tell: Tell = print
) -> None:
    """Make tables and exports, and the exports of the tables that were made.

    The rows are the same whatever does the runs, and stand in the order of the settings. Finished
    runs wait in _build/studies until all tables that were asked for are stored, so that a sweep
    that was stopped does only the rest.

    Args:
        items: What to make, in any order. What only a script of benchmarks/ can measure is told.
        engine: What does the runs; see `labcode.studies.workers`.
        command: What was typed, for the provenance.
        tell: Gets a line for each thing that is made.

    Raises:
        KeyError: A table is needed that is neither stored nor asked for.
    """
    made: list[Table] = []
    for item in registry.in_order(_with_exports(items)):
        if isinstance(item, TimedTable):
            tell(f"{item.name}: measured on a quiet machine, by python {item.script}")
        elif isinstance(item, Export):
            tell(f"{item.name} -> {export(item).relative_to(store.ROOT)}")
        else:
            try:
                tell(_told(item, train(item, engine=engine, command=command)))
                made.append(item)
            except DownloadError as error:
                tell(f"{item.name}: not made, the stored table stays as it is: {error}")
    for table in made:
        runs.Finished(table.name).forget()


def train(table: Table, *, engine: Engine = here, command: str) -> Row:
    """Do the runs of a table that are not finished yet, and store it.

    Returns:
        How it was made.
    """
    needed = [studies.table(other.name) for other in table.needs]
    settings = table.runs(*needed)
    finished = runs.Finished(table.name)
    left = [setting for setting in settings if finished.get(setting) is None]
    if left:
        assert table.function is not None
        with tqdm(
            total=len(settings),
            initial=len(settings) - len(left),
            desc=table.name,
            unit="run",
            disable=not wants_progress(),
        ) as bar:
            for setting, record in engine(table.function, left):
                finished.keep(setting, record)
                bar.update()
    records = [finished.records[runs.key_of(setting)] for setting in settings]
    for record in records:
        runs.keep_files(record, _function(table))
    pairs = zip(settings, records, strict=True)
    rows = [setting | row for setting, record in pairs for row in record["rows"]]
    rows += table.gather(*needed) if table.gather else []
    made = _made(table, records, command)
    store.save(registry.study_of(table.name), table.name, rows, made)
    return made


def export(item: Export) -> Path:
    """Write what a page browses, and return the file."""
    target = store.ROOT / page_data.FOLDER / f"{item.name}.json"
    target.write_text(page_data.as_json(page_data.made(item)), encoding="utf-8")
    return target


def _with_exports(items: Iterable[registry.Item]) -> tuple[registry.Item, ...]:
    """Add the exports of the tables among the items."""
    chosen = list(items)
    every = [export for study in registry.studies().values() for export in study.exports]
    chosen += [e for e in every if e not in chosen and any(table in chosen for table in e.needs)]
    return tuple(chosen)


def _made(table: Table, records: list[Row], command: str) -> Row:
    """Return how a table was made, by all machines together."""
    seconds = round(sum(record["seconds"] for record in records)) if records else None
    made = store.made_here(command, _function(table), seconds=seconds, **table.facts)
    machines = [record["machine"] for record in records] or [machine()]
    for key in made.keys() & {key for place in machines for key in place}:
        found = sorted({str(place[key]) for place in machines if key in place})
        made[key] = machines[0][key] if len(found) == 1 else " and ".join(found)
    return made


def _function(table: Table) -> str:
    """Return what makes a table's rows, with its module."""
    function: Any = table.function or table.gather
    return f"{function.__module__}.{function.__qualname__}"


def _told(table: Table, made: Row) -> str:
    seconds = f", {made['seconds']} s of processor time" if "seconds" in made else ""
    return f"{table.name}: stored{seconds}"
