"""Where a study lives: a file, or a database that many machines reach."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path

import optuna
from optuna import Study
from optuna.exceptions import ExperimentalWarning
from optuna.storages import BaseStorage, RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial

from labcode._checks import check_int
from labcode.search.journal import LivingJournal

HEARTBEAT = 10  # seconds
GRACE = 60  # seconds
MAX_RETRY = 3  # a setting that kills its worker each time is given up


def retry(study: Study, trial: FrozenTrial) -> None:
    """Queue the settings of a dead worker's trial again, three times at most.

    A trial that died before it had chosen all of its settings keeps those it has.
    """
    with quiet():
        RetryHeartbeatStaleTrialCallback(max_retry=MAX_RETRY)(study, trial)


def open_storage(
    where: str | Path, *, heartbeat: int = HEARTBEAT, grace: int = GRACE
) -> BaseStorage:
    """Open, or make, the place where studies are kept.

    Args:
        where: A file, which many processes may share, or the URL of a database as Optuna and
            SQLAlchemy write it, such as "postgresql+psycopg://user@host/studies".
        heartbeat: Seconds between two signs of life of a running trial.
        grace: Seconds without one after which its worker counts as dead. More than the heartbeat.

    Returns:
        A storage. Trials of dead workers are marked failed and queued again, by whichever
        worker begins a trial next.

    Raises:
        TypeError: A number is not an integer.
        ValueError: A number is out of range.
        FileNotFoundError: The file's folder does not exist.
    """
    if check_int("grace", grace) <= check_int("heartbeat", heartbeat):
        raise ValueError(f"grace must be more than the heartbeat, {heartbeat}, got {grace!r}")
    if isinstance(where, str) and "://" in where:
        with quiet():
            return RDBStorage(
                where,
                heartbeat_interval=heartbeat,
                grace_period=grace,
                heartbeat_stale_trial_callback=retry,
            )
    path = Path(where)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"where: there is no folder {str(path.parent)!r} for {path.name!r}")
    return LivingJournal(path, heartbeat=heartbeat, grace=grace, on_stale=retry)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna's remarks on new studies and on features that may change to itself."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(max(level, optuna.logging.WARNING))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            warnings.filterwarnings("ignore", "Heartbeat of storage")  # it beats in `one_trial`
            yield
    finally:
        optuna.logging.set_verbosity(level)
