"""Train again what the book shows over seeds: `python -m labcode.studies [STUDY or TABLE ...]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from labcode.studies import page_data, registry, runner, runs, store
from labcode.studies.definition import Export, TimedTable
from labcode.studies.workers import engine


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the tables that the command line names, or all."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        items = registry.named(options.names)
    except ValueError as error:
        parser.error(str(error))
    if options.list:
        print("\n".join(map(_line, registry.in_order(items))))
        return 0
    command = " ".join(["python -m labcode.studies", *options.names])
    try:
        with engine(options.jobs, options.scheduler) as workers:
            runner.make(items, engine=workers, command=command)
    except KeyboardInterrupt:
        folder = runs.FOLDER.relative_to(store.ROOT)
        print(f"Stopped. Finished runs are kept in {folder}; the same command does the rest.")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m labcode.studies", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="STUDY or TABLE", help="what to make; none means all"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes on this machine")
    parser.add_argument("--scheduler", help="address of a Dask scheduler, such as tcp://host:8786")
    parser.add_argument("--list", action="store_true", help="only list what would be made")
    return parser


def _line(item: registry.Item) -> str:
    """Return what is made, and from what."""
    if isinstance(item, TimedTable):
        return f"{item.name}: measured by {item.script}"
    if isinstance(item, Export):
        return f"{item.name}: written to {page_data.FOLDER}/{item.name}.json"
    needs = f", needs {', '.join(table.name for table in item.needs)}" if item.needs else ""
    kept = f"; kept for {item.kept_for}" if item.kept_for else ""
    count = "" if callable(item.settings) else f"{len(item.settings)} "
    return f"{item.name}: {f'{count}runs' if item.function else 'gathered'}{needs}{kept}"


if __name__ == "__main__":
    sys.exit(main())
