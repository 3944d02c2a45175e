"""Trials that lost their worker, and whose setting nobody has queued again yet."""

from __future__ import annotations

import time

from optuna import Study
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage, RDBStorage
from optuna.trial import FrozenTrial, TrialState

from labcode.search.storage import ERROR, MAX_RETRY, SURPLUS, retry

HISTORY = "retry_history"  # where Optuna keeps the numbers of the trials that this one repeats


class Patience:
    """How long this process waits for others to take care of a lost trial.

    Optuna takes a worker for dead when its signs of life stop, marks its trial failed, and then
    queues its setting again. Two kinds of trial it waits for in vain: one whose worker was killed
    before its first sign, and one whose setting was not queued, since who marked it was killed.
    Here both are given up after the same time as any other.

    Args:
        storage: Where the study is; without heartbeats no worker is taken for dead, and what
            failed is queued again at once.
    """

    def __init__(self, storage: BaseStorage | None) -> None:
        """Begin with no trial seen."""
        self._grace: int | None = None  # seconds; None: without heartbeats
        if isinstance(storage, RDBStorage) and storage.heartbeat_interval is not None:
            self._grace = storage.grace_period or 2 * storage.heartbeat_interval
        self._since: dict[tuple[int, TrialState], float] = {}  # by this process's clock

    def queue_again(self, study: Study) -> None:
        """Queue the settings of those that have been seen for too long."""
        now = time.monotonic()
        seen = [(t.number, t.state) for t in (*to_queue(study), *self._unmarked(study))]
        self._since = {trial: self._since.get(trial, now) for trial in seen}
        for (number, state), since in self._since.items():
            late = now - since >= (self._grace or 0)
            if late and (state == TrialState.FAIL or _fail(study, number)):
                retry(study, study.trials[number])

    def _unmarked(self, study: Study) -> list[FrozenTrial]:
        """Return the running trials that no worker has put its name on."""
        if self._grace is None:
            return []
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        return [trial for trial in running if "worker" not in trial.user_attrs]


def to_queue(study: Study) -> list[FrozenTrial]:
    """Return the trials that failed with their worker and whose setting is not queued again."""
    trials = study.get_trials(deepcopy=False)
    queued = {number for trial in trials for number in trial.system_attrs.get(HISTORY, [])}
    return [
        trial
        for trial in trials
        if is_lost(trial) and trial.number not in queued and may_try(trial)
    ]


def is_lost(trial: FrozenTrial) -> bool:
    """Tell whether a trial failed with its worker: it did not give way, nor raise an error."""
    own = {SURPLUS, ERROR} & set(trial.user_attrs)
    return trial.state == TrialState.FAIL and not own


def may_try(trial: FrozenTrial) -> bool:
    """Tell whether a setting has not killed its workers too often."""
    return len(trial.system_attrs.get(HISTORY, [])) < MAX_RETRY


def _fail(study: Study, number: int) -> bool:
    """Mark a trial failed; False if another worker was faster."""
    try:
        study.tell(number, state=TrialState.FAIL)
    except (UpdateFinishedTrialError, ValueError):  # the second: it was failed before we asked
        return False
    return True
