"""A study in one file that many processes write, and that survives the death of any of them.

Optuna's journal is made for many processes on one file. Three things are added here. The lock
is the system's, so that it ends with its process. A record that a killed process left half
written is cut off before the next one is appended (Optuna's file would be unreadable from then
on). And each running trial has a file whose time is renewed every few seconds, so that others
see when its worker is gone; with a database Optuna has this built in.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from optuna import Study
from optuna.storages import JournalStorage
from optuna.storages._heartbeat import BaseHeartbeat  # public only by way of RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.storages.journal._file import BaseJournalFileLock, get_lock_file
from optuna.trial import FrozenTrial, TrialState

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

OnStale = Callable[[Study, FrozenTrial], None]


class MendingBackend(JournalFileBackend):
    """Optuna's journal file, which cuts a half-written last record off before it writes."""

    def __init__(self, path: Path, lock_grace: int) -> None:
        """Open or make the file.

        Args:
            path: The journal.
            lock_grace: Where the system has no lock that ends with its process (Windows): after
                so many seconds, whoever holds Optuna's own lock counts as dead.
        """
        whole = path.resolve()  # a relative name in the link of Optuna's lock never goes stale
        lock = FileLock(whole) if fcntl else JournalFileOpenLock(str(whole), lock_grace)
        super().__init__(str(whole), lock_obj=lock)
        self._file = whole

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write records at the end of the file, behind the last whole one."""
        with get_lock_file(self._lock):
            cut_torn_end(self._file)
            text = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
            with self._file.open("ab") as file:
                file.write(text.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())


class FileLock(BaseJournalFileLock):
    """A lock that the system takes back when its process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        """Name the file to lock; the lock itself lies beside it."""
        self._path = path.with_name(path.name + ".lock")
        self._held: int | None = None

    def acquire(self) -> bool:
        """Wait until no other process, and no other lock of this one, holds it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except BaseException:
            os.close(descriptor)
            raise
        self._held = descriptor
        return True

    def release(self) -> None:
        """Let the next one have it."""
        held, self._held = self._held, None
        if held is not None:
            os.close(held)


def cut_torn_end(path: Path) -> int:
    """Cut a journal back to its last whole line.

    Args:
        path: A file of lines. Nobody may write to it meanwhile.

    Returns:
        How many bytes were cut off; 0 for a file that ends as it should.
    """
    with path.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        end = size
        while end:
            start = max(0, end - 65536)
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            end = start + newline + 1
            if newline >= 0 or not start:
                break
        if end < size:
            file.truncate(end)
            os.fsync(file.fileno())
    return size - end


class LivingJournal(JournalStorage, BaseHeartbeat):
    """A journal in a file, with heartbeats in a folder beside it."""

    def __init__(self, path: Path, *, heartbeat: int, grace: int, on_stale: OnStale) -> None:
        """Open or make the study's file.

        Args:
            path: The journal; its folder must exist.
            heartbeat: Seconds between two signs of life of a trial.
            grace: Seconds without one after which its worker counts as dead.
            on_stale: Called with the study and the trial that was marked failed.
        """
        self._signs = path.resolve().with_name(path.name + ".alive")
        self._signs.mkdir(exist_ok=True)
        self._heartbeat, self._grace, self._on_stale = heartbeat, grace, on_stale
        super().__init__(MendingBackend(path, lock_grace=max(3, grace)))

    def record_heartbeat(self, trial_id: int) -> None:
        """Renew the time of the trial's file."""
        (self._signs / str(trial_id)).touch()

    def _get_stale_trial_ids(self, study_id: int) -> list[int]:
        """Return the running trials whose file was not renewed in time."""
        running = self.get_all_trials(study_id, deepcopy=False, states=(TrialState.RUNNING,))
        now = self._clock()
        return [trial._trial_id for trial in running if now - self._last_sign(trial) > self._grace]

    def _last_sign(self, trial: FrozenTrial) -> float:
        """Return the time of the trial's last sign of life, by the clock of the file system."""
        sign = self._signs / str(trial._trial_id)
        if not sign.exists():  # its worker died, or will begin at once: count from now
            with contextlib.suppress(FileExistsError):
                sign.touch(exist_ok=False)
        return sign.stat().st_mtime

    def _clock(self) -> float:
        """Return the time by the clock that stamps the files, which is not always ours."""
        mine = self._signs / f"clock-{os.getpid()}-{time.monotonic_ns()}"
        mine.touch()
        now = mine.stat().st_mtime
        mine.unlink()
        return now

    def get_heartbeat_interval(self) -> int:
        """Return the seconds between two signs of life."""
        return self._heartbeat

    def get_heartbeat_stale_trial_callback(self) -> OnStale:
        """Return what is called with a trial that was marked failed."""
        return self._on_stale
