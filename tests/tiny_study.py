"""A study whose runs take no time, and a command line for it: run by the tests as a process.

`python -m tests.tiny_study FOLDER ARGUMENT ...` keeps everything in the folder.
"""

import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from labcode import studies, weights
from labcode.studies import __main__ as command_line
from labcode.studies import page_data, registry, runs, store
from labcode.studies.definition import Export, Outcome, Row, Study, Table, TimedTable, Weights, grid


def area_rows(width: int, seed: int) -> list[Row]:
    """Return rows that tell a run's seed from another's, and whether it shares random numbers."""
    time.sleep(random.random() / 20)  # so that workers finish out of turn
    number = torch.rand(1, generator=torch.Generator().manual_seed(seed)).item()
    forgotten = torch.rand(1).item()
    return [{"area": width * side, "number": number, "forgotten": forgotten} for side in (1, 2)]


def packed_row(seed: int) -> Outcome:
    """Return a row and a file."""
    about = {"network": "tiny", "seed": seed, "dataset": "none"}
    return Outcome({"size": 2}, {f"{seed}.bin": Weights(bytes([seed, 255]), about)})


def mortal_row(folder: str, seed: int) -> Row:
    """Be killed at the first try of seed 2, as by an operating system short of memory."""
    mark = Path(folder) / f"{seed}-{os.getpid()}"
    mark.touch()
    if seed == 2 and len(list(Path(folder).glob("2-*"))) == 1:
        os.kill(os.getpid(), 9)
    return {"square": seed**2}


def slow_row(folder: str, seed: int) -> Row:
    """Leave a mark, and wait for ever at seed 2 until a file says to go on."""
    with (Path(folder) / "started").open("a") as file:
        file.write(f"{seed}\n")
    while seed == 2 and not (Path(folder) / "go").exists():
        time.sleep(0.02)
    return {"square": seed**2}


def totals(areas: object) -> list[Row]:
    """Return a row of the sum of a stored table."""
    return [{"total": int(areas["area"].sum())}]


AREAS = Table("tiny_areas", area_rows, grid(width=(3, 1), seed=(1, 0, 2)), facts={"data": "none"})
TOTALS = Table("tiny_totals", needs=(AREAS,), gather=totals)
LATER = Table(
    "tiny_later",
    packed_row,
    lambda totals: [{"seed": int(totals["total"].iloc[0])}],
    (TOTALS,),
    gather=lambda totals: [{"seed": 7, "size": 0}],
)
TIMES = TimedTable("tiny_times", "benchmarks/tiny.py", (TOTALS,))
PAGE = Export("tiny_page", lambda later: {"rows": len(later)}, (LATER,))
STUDY = Study("tiny", (LATER, TIMES, TOTALS, AREAS), (PAGE,))


def use(folder: Path, *more: Table, put: Callable[..., None] = setattr) -> None:
    """Let the runner know this study alone, and keep everything in a folder."""
    study = Study("tiny", (*STUDY.tables, *more), STUDY.exports)
    put(registry, "studies", lambda: {"tiny": study})
    put(store, "ROOT", folder)
    put(store, "FOLDER", folder / "tables")
    put(runs, "FOLDER", folder / "_build")
    put(studies, "_FOLDER", folder / "tables")
    put(weights.store, "_root", lambda: folder / "weights")
    (folder / page_data.FOLDER).mkdir(parents=True, exist_ok=True)
    (folder / "tables").mkdir(parents=True, exist_ok=True)


if __name__ == "__main__":
    from tests import tiny_study  # workers find functions by the name of their module

    place = Path(sys.argv[1])
    slow = Table("tiny_slow", tiny_study.slow_row, grid(folder=[str(place)], seed=range(4)))
    tiny_study.use(place, slow)
    sys.exit(command_line.main(sys.argv[2:]))
