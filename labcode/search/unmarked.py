"""Trials whose worker died before its first sign of life."""

from __future__ import annotations

import time

from optuna import Study
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage, RDBStorage
from optuna.trial import TrialState

from labcode.search.storage import retry


class Unmarked:
    """Running trials that no worker has put its name on.

    Optuna takes a worker for dead when its signs of life stop. Of one that was killed before the
    first sign, it waits for the second for ever; here its trial is given up after the same time.

    Args:
        storage: Where the study is; without heartbeats nothing is given up.
    """

    def __init__(self, storage: BaseStorage | None) -> None:
        """Begin with no trial seen."""
        self._grace: int | None = None
        if isinstance(storage, RDBStorage) and storage.heartbeat_interval is not None:
            self._grace = storage.grace_period or 2 * storage.heartbeat_interval
        self._since: dict[int, float] = {}  # by the trial's number, by this process's clock

    def give_up(self, study: Study) -> None:
        """Mark those failed that have been seen for too long, and queue their settings again."""
        if self._grace is None:
            return
        now = time.monotonic()
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        seen = [trial.number for trial in running if "worker" not in trial.user_attrs]
        self._since = {number: self._since.get(number, now) for number in seen}
        for number, since in self._since.items():
            if now - since > self._grace and _fail(study, number):
                retry(study, study.trials[number])


def _fail(study: Study, number: int) -> bool:
    """Mark a trial failed; False if another worker was faster."""
    try:
        study.tell(number, state=TrialState.FAIL)
    except (UpdateFinishedTrialError, ValueError):  # the second: it was failed before we asked
        return False
    return True
