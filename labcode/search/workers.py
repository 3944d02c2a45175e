"""Several processes that work on one study."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from optuna import Study
from optuna.trial import TrialState
from tqdm.auto import tqdm

from labcode._checks import check_int
from labcode._progress import wants_progress
from labcode.search.explore import open_study
from labcode.search.problem import find_problem
from labcode.search.storage import GRACE, HEARTBEAT, POLL, open_storage
from labcode.search.trial import count

Worker = subprocess.Popen[bytes]


def start_workers(
    problem: str,
    *,
    storage: str | Path,
    n_trials: int,
    workers: int = 4,
    sampler: str = "tpe",
    seed: int = 0,
    name: str = "design space",
    heartbeat: int = HEARTBEAT,
    grace: int = GRACE,
) -> list[Worker]:
    """Start processes that share one study, and return at once.

    Args:
        problem: Where it is defined, "module:name".
        storage: A file, or the URL of a database.
        n_trials: Finished trials that the study shall have in the end, from all workers.
        workers: Number of processes.
        sampler: "random", "tpe" or "nsga2".
        seed: Of the first worker; the others count on from it.
        name: The study's name.
        heartbeat: Seconds between two signs of life of a trial.
        grace: Seconds without one after which its worker counts as dead.

    Returns:
        The processes. Each runs ``python -m labcode.search``, as one would on another machine.
    """
    study = open_study(
        find_problem(problem), open_storage(storage, heartbeat=heartbeat, grace=grace), name
    )  # before the workers: not all of them shall make it at once
    del study
    command = [sys.executable, "-m", "labcode.search", problem]
    command += ["--storage", str(storage), "--trials", str(check_int("n_trials", n_trials))]
    command += ["--name", name, "--sampler", sampler]
    command += ["--heartbeat", str(heartbeat), "--grace", str(grace)]
    environment = os.environ | {"LABCODE_PROGRESS": "0", "OMP_NUM_THREADS": "1"}
    return [
        subprocess.Popen([*command, "--seed", str(seed + number)], env=environment)
        for number in range(check_int("workers", workers))
    ]


def wait_for(
    processes: Sequence[Worker], study: Study, n_trials: int, *, progress: bool | None = None
) -> None:
    """Show a bar until the workers end; on an interrupt, or an error of one, stop them.

    Args:
        processes: What `start_workers` returned.
        study: Their study, opened here too.
        n_trials: Finished trials that the study shall have in the end.
        progress: Whether to show a bar; None shows it to people and not in stored outputs.

    Raises:
        RuntimeError: All workers ended, and the study has fewer trials.
    """
    bar = tqdm(total=n_trials, unit="trial", leave=False, disable=not wants_progress(progress))
    try:
        with bar:
            while any(process.poll() is None for process in processes):
                bar.update(count(study, TrialState.COMPLETE) - bar.n)
                time.sleep(POLL)
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            process.wait()
    done = count(study, TrialState.COMPLETE)
    if done < n_trials:
        codes = [process.returncode for process in processes]
        raise RuntimeError(
            f"the workers ended with exit codes {codes} after {done} of {n_trials} trials"
        )
