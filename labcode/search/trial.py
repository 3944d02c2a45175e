"""One trial: ask for a setting, measure it, tell what was found."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Any

from optuna import Study, Trial
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState

from labcode.search.lost import to_queue
from labcode.search.problem import Problem, Setting
from labcode.search.storage import ERROR, QUEUED, SURPLUS, quiet, retry, without_log

COUNTED = (TrialState.COMPLETE, TrialState.RUNNING, TrialState.WAITING)


class SurplusError(Exception):
    """Enough trials are done or on their way: this one gives way."""


class Work:
    """What Optuna's loop calls, once; it beats the heart meanwhile.

    Args:
        study: Where to tell what was found.
        problem: What measures.
        n_trials: Number of finished trials that the study shall have in the end.
    """

    def __init__(self, study: Study, problem: Problem, n_trials: int) -> None:
        """Keep what is needed; nothing runs yet."""
        self.study, self.problem, self.n_trials = study, problem, n_trials
        self.number: int | None = None  # of the trial, once it has begun
        self.error: BaseException | None = None  # what went wrong while measuring

    def __call__(self, trial: Trial) -> list[float]:
        """Measure what the sampler proposes."""
        self.number = trial.number
        try:
            if is_surplus(self.study, trial.number, self.n_trials):
                give_way(self.study, trial, self.problem)
            return measure(trial, self.problem)
        except SurplusError:
            raise
        except UpdateFinishedTrialError as error:
            self.error = None if self.failed() else error
            raise
        except (Exception, KeyboardInterrupt) as error:
            self.error = error
            if not isinstance(error, KeyboardInterrupt):
                note_error(trial, error)
            raise

    def failed(self) -> bool:
        """Tell whether the trial is marked failed."""
        return self.number is not None and look_up(self.study, self.number).state == TrialState.FAIL

    def give_back(self) -> None:
        """Mark an interrupted trial failed, and queue its setting again."""
        if self.number is None:
            return
        if look_up(self.study, self.number).state == TrialState.RUNNING:
            self.study.tell(self.number, state=TrialState.FAIL)
        if self.failed():
            retry(self.study, self.study.trials[self.number])


def one_trial(study: Study, problem: Problem, n_trials: int) -> None:
    """Run one trial; if others took us for dead and marked it failed, it is let go.

    Raises:
        Exception: What ``problem.measure`` raises; the trial is marked failed.
    """
    work = Work(study, problem, n_trials)
    try:
        with without_log():
            study.optimize(work, n_trials=1, catch=(SurplusError,))
    except KeyboardInterrupt:
        work.give_back()
        raise
    except Exception as error:
        if work.error is None and work.failed():
            return  # others queued its setting again; Optuna cannot tell it any more
        if work.error is None or work.error is error:
            raise
        raise work.error from error


def measure(trial: Trial, problem: Problem) -> list[float]:
    """Measure what the sampler proposes, and keep what was found beside the aims."""
    setting = suggest(trial, problem)
    sign_of_life(trial)
    trial.set_user_attr("worker", f"{socket.gethostname()}:{os.getpid()}")
    found = problem.measure(**setting)
    values = problem.values(found, setting)
    for key, value in found.items():
        if key not in problem.aims:
            trial.set_user_attr(key, value)
    return values


def sign_of_life(trial: Trial) -> None:
    """Give the first one, where the storage keeps them; Optuna's thread may come late to it.

    A trial that bears a worker's name has given one, or nobody would ever take it for dead:
    `Patience` counts on it.
    """
    storage: Any = trial.storage  # a database's has two methods more than others
    if getattr(storage, "get_heartbeat_interval", lambda: None)() is not None:
        study = storage.get_study_id_from_name(trial.study.study_name)
        storage.record_heartbeat(
            storage.get_trial_id_from_study_id_trial_number(study, trial.number)
        )


def suggest(trial: Trial, problem: Problem) -> Setting:
    """Return the setting that the sampler proposes."""
    return {
        name: trial.suggest_categorical(name, list(options))
        for name, options in problem.space.items()
    }


def note_error(trial: Trial, error: Exception) -> None:
    """Write down what went wrong: such a trial is not measured again, a lost one is."""
    with contextlib.suppress(UpdateFinishedTrialError):  # lost as well: the error is raised anyway
        trial.set_user_attr(ERROR, repr(error))


def give_way(study: Study, trial: Trial, problem: Problem) -> None:
    """End a trial that is not needed; a setting that was queued goes back to the queue.

    Raises:
        SurplusError: Always.
    """
    trial.set_user_attr(SURPLUS, True)
    if QUEUED in trial.user_attrs:
        study.enqueue_trial(suggest(trial, problem), user_attrs={QUEUED: True})
    raise SurplusError


def is_surplus(study: Study, number: int, n_trials: int) -> bool:
    """Tell whether enough earlier trials are done or on their way: the later asker gives way.

    A trial that repeats a lost one stands in its place, however late it was queued; and where
    another stands already, it gives way too.
    """
    mine = place(look_up(study, number))
    others = [other for other in on_their_way(study) if other.number != number]
    earlier = {place(other) for other in others if place(other) < mine}
    taken = any(place(other) == mine and other.number < number for other in others)
    return taken or len(earlier) >= n_trials


def place(trial: FrozenTrial) -> int:
    """Return the number of the trial that a trial stands for: its own, or the first lost one's."""
    first = first_lost(trial)
    return trial.number if first is None else first


def on_their_way(study: Study) -> list[FrozenTrial]:
    """Return the trials that are done, running, or lost and to be measured again."""
    known = study.get_trials(deepcopy=False, states=COUNTED)
    there = [trial for trial in known if trial.state != TrialState.WAITING or is_retry(trial)]
    return there + to_queue(study)


def is_retry(trial: FrozenTrial) -> bool:
    """Tell whether a trial takes the place of one that was lost."""
    return first_lost(trial) is not None


def first_lost(trial: FrozenTrial) -> int | None:
    """Return the number of the trial that was lost first, of which this is a repetition."""
    with quiet():
        return RetryHeartbeatStaleTrialCallback.retried_trial_number(trial)


def count(study: Study, *states: TrialState) -> int:
    """Return the number of trials in one of these states."""
    return len(study.get_trials(deepcopy=False, states=states))


def look_up(study: Study, number: int) -> FrozenTrial:
    """Return a trial as it is now; not a copy."""
    return study.get_trials(deepcopy=False)[number]
