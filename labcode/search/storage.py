"""Where a study lives: a file of SQLite, or a database that many machines reach."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from optuna import Study
from optuna.exceptions import ExperimentalWarning
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial

from labcode._checks import check_int

if TYPE_CHECKING:
    from sqlalchemy import Connection

HEARTBEAT = 10  # seconds
GRACE = 60  # seconds
MAX_RETRY = 3  # a setting that kills its worker each time is given up
BUSY = 60  # seconds that a worker waits while others write to a file
POLL = 0.1  # seconds between two looks at what the other workers do
OPENINGS = 50  # tries, while another worker makes the tables
QUEUED = "queued"  # marks a trial whose setting was asked for, not proposed by a sampler
SURPLUS = "surplus"  # marks one that gave way, since enough others were on their way
ERROR = "error"  # marks one that failed while measuring, and says how


def retry(study: Study, trial: FrozenTrial) -> None:
    """Queue the settings of a dead worker's trial again, three times at most.

    A trial that died before it had chosen all of its settings keeps those it has. One that was
    giving way is not missed, unless its setting was asked for.
    """
    if SURPLUS in trial.user_attrs and QUEUED not in trial.user_attrs:
        return
    kept = {name: value for name, value in trial.user_attrs.items() if name == QUEUED}
    trial.user_attrs = kept  # what else was noted is of the worker that died
    with quiet():
        RetryHeartbeatStaleTrialCallback(max_retry=MAX_RETRY)(study, trial)


def open_storage(
    where: str | Path, *, heartbeat: int = HEARTBEAT, grace: int = GRACE
) -> RDBStorage:
    """Open, or make, the place where studies are kept.

    Args:
        where: A file, which the processes of one machine may share, or the URL of a database as
            Optuna and SQLAlchemy write it, such as "postgresql+psycopg://user@host/studies".
        heartbeat: Seconds between two signs of life of a running trial.
        grace: Seconds without one after which its worker counts as dead. More than the heartbeat.

    Returns:
        A storage. Trials of dead workers are marked failed and queued again, by whichever
        worker begins a trial next.

    Raises:
        TypeError: A number is not an integer.
        ValueError: A number is out of range, or the file's name cannot stand in a URL.
        FileNotFoundError: The file's folder does not exist.
    """
    from sqlalchemy import event, make_url  # here, since it is slow to import

    if check_int("grace", grace) <= check_int("heartbeat", heartbeat):
        raise ValueError(f"grace must be more than the heartbeat, {heartbeat}, got {grace!r}")
    url = where if isinstance(where, str) and "://" in where else file_url(Path(where))
    is_file = make_url(url).get_backend_name() == "sqlite"
    # No transactions of the driver's own: they would begin after the first look.
    own = {"connect_args": {"timeout": BUSY, "isolation_level": None}} if is_file else {}
    storage = _open(
        url,
        engine_kwargs=own,
        heartbeat_interval=heartbeat,
        grace_period=grace,
        heartbeat_stale_trial_callback=retry,
    )
    if is_file:
        event.listen(storage.engine, "begin", _lock)
    return storage


def file_url(path: Path) -> str:
    """Return the URL of a file of SQLite.

    Raises:
        ValueError: Its name holds characters that mean something in a URL.
        FileNotFoundError: Its folder does not exist.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f"where: there is no folder {str(path.parent)!r} for {path.name!r}")
    whole = path.resolve().as_posix()
    if set("?{}") & set(whole):
        raise ValueError(f"where: the path must not hold ?, {{ or }}, got {whole!r}")
    return f"sqlite:///{whole}"


def _open(url: str, **options: Any) -> RDBStorage:
    """Open a database; workers that start at once may all want to make its tables."""
    from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

    for _ in range(OPENINGS):
        try:
            with quiet():
                return RDBStorage(url, **options)
        except (IntegrityError, OperationalError, ProgrammingError) as error:
            if not isinstance(error, IntegrityError) and "already exists" not in str(error):
                raise
            time.sleep(POLL)
    with quiet():
        return RDBStorage(url, **options)


def _lock(connection: Connection) -> None:
    """Lock a file of SQLite before the first look, or two workers may take the same trial.

    Source: SQLAlchemy's documentation of SQLite, "Serializable isolation".
    """
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextlib.contextmanager
def without_log() -> Iterator[None]:
    """Keep Optuna's log to itself: what matters reaches the caller as an error."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(max(level, optuna.logging.ERROR))
    try:
        yield
    finally:
        optuna.logging.set_verbosity(level)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna's log, and its warnings of features that may change, to itself."""
    with without_log(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield
