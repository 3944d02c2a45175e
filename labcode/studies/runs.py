"""One run of a table: what a worker does, and the file that keeps what is finished."""

from __future__ import annotations

import json
import os
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from labcode import weights
from labcode._origin import machine
from labcode.studies import store
from labcode.studies.definition import Outcome, Row, Weights

FOLDER = store.ROOT / "_build" / "studies"
_ONE_AT_A_TIME = threading.Lock()


def run(function: Callable[..., Any], setting: Row) -> Row:
    """Run one setting, with one thread and no progress bar of its own.

    Args:
        function: The row function of a table.
        setting: Its arguments.

    Returns:
        Its rows, its files (base64), the seconds of processor time, and the machine.
    """
    import torch

    # Random numbers belong to the whole process, so that two runs in one would disturb each other.
    with _ONE_AT_A_TIME, _silent():
        torch.set_num_threads(1)  # the networks are so small that threads only wait for each other
        torch.manual_seed(0)  # what a run forgot to seed is the same in whichever process
        start = time.process_time()
        found = function(**setting)
        seconds = time.process_time() - start
    outcome = found if isinstance(found, Outcome) else Outcome(found, {})
    rows = outcome.rows if isinstance(outcome.rows, list) else [outcome.rows]
    return {
        "rows": rows,
        "files": {name: _written(file) for name, file in outcome.files.items()},
        "seconds": seconds,
        "machine": machine(),
    }


class Finished:
    """The finished runs of a table, one line each in a file, so that a stopped sweep goes on.

    Args:
        name: The table's name.
    """

    def __init__(self, name: str) -> None:
        """Read what was finished before."""
        self.path = FOLDER / f"{name}.jsonl"
        self.records: dict[str, Row] = {}
        if self.path.exists():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                self._read(line)

    def _read(self, line: str) -> None:
        try:
            record = json.loads(line)
        except json.JSONDecodeError:  # the line that was being written when the power went
            return
        self.records[record["key"]] = record

    def keep(self, setting: Row, record: Row) -> None:
        """Write down a finished run."""
        # As it will be read again: numbers of NumPy become plain ones, whether stopped or not.
        line = json.dumps({"key": key_of(setting), **record}, default=_plain)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        self._read(line)

    def get(self, setting: Row) -> Row | None:
        """Return the record of a run, or None if it is not finished."""
        return self.records.get(key_of(setting))

    def forget(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)


def key_of(setting: Row) -> str:
    """Return what names a run: its setting as JSON.

    >>> key_of({"seed": 0, "kept": 0.2})
    '{"kept": 0.2, "seed": 0}'
    """
    return json.dumps(setting, sort_keys=True)


def keep_files(record: Row, made_by: str) -> None:
    """Put the weights of a finished run into the store.

    Args:
        record: Of the run.
        made_by: The function that ran, with its module.
    """
    for name, file in record["files"].items():
        weights.keep(name, b64decode(file["data"]), made_by=made_by, **file["facts"])


def _written(file: Weights) -> Row:
    return {"data": b64encode(file.data).decode(), "facts": dict(file.facts)}


@contextmanager
def _silent() -> Iterator[None]:
    """Let no run show a bar: several workers share one terminal."""
    before = os.environ.get("LABCODE_PROGRESS")
    os.environ["LABCODE_PROGRESS"] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ["LABCODE_PROGRESS"]
        else:
            os.environ["LABCODE_PROGRESS"] = before


def _plain(value: Any) -> Any:
    """Return a number of NumPy or PyTorch as Python's own."""
    return value.item()
