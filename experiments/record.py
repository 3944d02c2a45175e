"""Run a table of experiments, keep each finished run, and store rows with their origin."""

import argparse
import datetime
import json
import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import torch

import labcode

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "labcode/studies/tables"
HALFWAY = ROOT / "_build" / "experiments"

Row = dict[str, Any]


def measure(
    name: str,
    function: Callable[..., Row | list[Row]],
    settings: Iterable[Row],
    *,
    script: str,
    **facts: Any,
) -> None:
    """Call ``function(**setting)`` for each setting and store its rows as a measured table.

    Finished runs wait in _build/experiments, so that a stopped sweep goes on where it stopped.

    Args:
        name: The table's name: labcode/studies/tables/{name}.csv, with a JSON file beside it.
        function: Returns one row or several; a row gets its setting's values as well.
        settings: The arguments of each run, seed included.
        script: The file that calls, such as "experiments/pruning.py".
        facts: What else a reader needs to know, such as data and epochs.
    """
    torch.set_num_threads(1)  # the networks are so small that threads only wait for each other
    halfway = HALFWAY / f"{name}.jsonl"
    done = _finished(halfway)
    rows: list[Row] = []
    seconds = 0.0
    for setting in settings:
        key = json.dumps(setting, sort_keys=True)
        if key not in done:
            done[key] = _run(function, setting)
            _keep(halfway, key, done[key])
            print(name, key, f"{done[key]['seconds']:.0f} s", flush=True)
        rows += [setting | row for row in done[key]["rows"]]
        seconds += done[key]["seconds"]
    made = {"script": script, "function": f"{function.__module__}.{function.__name__}"}
    store(name, rows, made | facts | {"processor_seconds": round(seconds)})
    halfway.unlink(missing_ok=True)


def run_tables(tables: Mapping[str, Callable[[], None]], description: str | None) -> None:
    """Make the tables that the command line names, or all.

    Args:
        tables: What makes each table, by its name.
        description: What the script is for, as its help says.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("tables", nargs="*", help=f"from {', '.join(tables)}; none means all")
    names = parser.parse_args().tables
    for name in names:
        if name not in tables:
            parser.error(f"there is no table {name!r}; choose from {', '.join(tables)}")
    for name in names or tables:
        tables[name]()


def _run(function: Callable[..., Row | list[Row]], setting: Row) -> Row:
    start = time.process_time()
    found = function(**setting)
    rows = found if isinstance(found, list) else [found]
    return {"rows": rows, "seconds": time.process_time() - start}


def _finished(halfway: Path) -> dict[str, Row]:
    if not halfway.exists():
        return {}
    lines = halfway.read_text(encoding="utf-8").splitlines()
    return {record["key"]: record for record in map(json.loads, lines)}


def _keep(halfway: Path, key: str, record: Row) -> None:
    halfway.parent.mkdir(parents=True, exist_ok=True)
    with halfway.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"key": key, **record}) + "\n")


def store(name: str, rows: list[Row], made: Row) -> None:
    """Write a measured table, and beside it how, when and where it was made."""
    target = FOLDER / f"{name}.csv"
    pd.DataFrame(rows).to_csv(target, index=False, float_format="%.6g", lineterminator="\n")
    record = made | {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": {"cpu": platform.machine(), "cores": os.cpu_count()},
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "labcode": labcode.__version__,
        },
    }
    target.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
