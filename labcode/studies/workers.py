"""Where runs are done: in this process, in others here, or on a Dask cluster."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from labcode.studies.definition import Row
from labcode.studies.runs import run

Function = Callable[..., Any]
Engine = Callable[[Function, list[Row]], Iterator[tuple[Row, Row]]]
"""Takes a row function and settings; yields each setting with its record when it is done."""


def here(function: Function, settings: list[Row]) -> Iterator[tuple[Row, Row]]:
    """Do runs one after the other in this process."""
    for setting in settings:
        yield setting, run(function, setting)


@contextmanager
def engine(jobs: int = 1, scheduler: str | None = None) -> Iterator[Engine]:
    """Open the workers, and close them afterwards.

    A worker that dies has its run done again by another; one that dies four times at the same run
    ends the sweep.

    Args:
        jobs: Processes on this machine; 1 is this process.
        scheduler: Address of a Dask scheduler whose workers are to do the runs instead, such as
            "tcp://host:8786". They need the same checkout and packages as this machine.

    Raises:
        ValueError: ``jobs`` is smaller than 1, or both are asked for.
        ModuleNotFoundError: `distributed` is not installed.
    """
    if jobs < 1:
        raise ValueError(f"jobs must be 1 or more, got {jobs}")
    if scheduler and jobs > 1:
        raise ValueError("jobs are processes here; a scheduler brings its own workers")
    if jobs == 1 and not scheduler:
        yield here
        return
    from distributed import Client, LocalCluster

    if scheduler:
        with Client(scheduler) as client:
            yield _Cluster(client)
        return
    quiet = {"silence_logs": logging.CRITICAL, "dashboard_address": ":0"}
    # No limit of memory: a worker would be ended at a share of it, and its run with it.
    with (
        LocalCluster(n_workers=jobs, threads_per_worker=1, memory_limit=0, **quiet) as cluster,
        Client(cluster) as client,
    ):
        yield _Cluster(client)


class _Cluster:
    """Sends runs to Dask's workers."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def __call__(self, function: Function, settings: list[Row]) -> Iterator[tuple[Row, Row]]:
        """Yield runs as they are done; what is not yet done when the caller stops is cancelled."""
        from distributed import as_completed

        futures = {
            # By a name of its own each time: a cluster must not hand out what it did last week.
            self.client.submit(run, function, setting, pure=False, priority=-place): setting
            for place, setting in enumerate(settings)
        }
        try:
            for future in as_completed(list(futures)):
                yield futures[future], future.result()
        finally:
            self.client.cancel(list(futures))
