"""A study in one file that many processes write, and that survives the death of any of them.

Optuna's journal is made for many processes on one file. Two things are added here. A record
that a killed process left half written is cut off before the next one is appended (Optuna's
file would be unreadable from then on). And each running trial has a file whose time is
renewed every few seconds, so that others see when its worker is gone; with a database Optuna
has this built in.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from optuna import Study
from optuna.storages import JournalStorage
from optuna.storages._heartbeat import BaseHeartbeat  # public only by way of RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock
from optuna.trial import FrozenTrial, TrialState

OnStale = Callable[[Study, FrozenTrial], None]


class MendingBackend(JournalFileBackend):
    """Optuna's journal file, which cuts a half-written last record off before it writes."""

    def __init__(self, path: Path, lock_grace: int) -> None:
        """Open or make the file; a lock older than ``lock_grace`` seconds is a dead worker's."""
        self._file = path.resolve()  # a relative name in the lock's link would never go stale
        lock = _MendingLock(self._file, lock_grace)
        super().__init__(str(self._file), lock_obj=lock)


class _MendingLock(JournalFileSymlinkLock):
    """The journal's lock: who gets it first mends the file, while nobody else can write."""

    def __init__(self, path: Path, grace: int) -> None:
        super().__init__(str(path), grace_period=grace)
        self._path = path

    def acquire(self) -> bool:
        """Wait for the lock, then cut off what is not a whole line."""
        got = super().acquire()
        try:
            cut_torn_end(self._path)
        except BaseException:
            self.release()
            raise
        return got


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
