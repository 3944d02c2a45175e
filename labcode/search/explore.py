"""Search a design space: ask for a setting, measure it, tell what was found."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import time
from itertools import product
from pathlib import Path
from typing import Any

import optuna
from optuna import Study, Trial
from optuna.exceptions import UpdateFinishedTrialError
from optuna.samplers import BaseSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.storages import BaseStorage, fail_stale_trials
from optuna.storages._heartbeat import get_heartbeat_thread
from optuna.trial import TrialState
from tqdm.auto import tqdm

from labcode._checks import check_int
from labcode._progress import wants_progress
from labcode.search.problem import Problem, Setting
from labcode.search.storage import open_storage, quiet, retry

SAMPLERS = ("random", "tpe", "nsga2")
POLL = 0.1  # seconds between two looks at what the other workers do
COUNTED = (TrialState.COMPLETE, TrialState.RUNNING, TrialState.WAITING)


def make_sampler(name: str, *, seed: int, population: int = 10) -> BaseSampler:
    """Return what proposes the next setting.

    Args:
        name: "random"; "tpe", a tree of Parzen estimators, which is Bayesian optimisation; or
            "nsga2", a genetic algorithm for several aims.
        seed: Of its random numbers.
        population: Settings in a generation of the genetic algorithm; as many random ones
            start TPE.

    Raises:
        ValueError: The name is unknown.

    >>> make_sampler("annealing", seed=0)
    Traceback (most recent call last):
    ...
    ValueError: sampler must be one of random, tpe, nsga2, got 'annealing'
    """
    if name not in SAMPLERS:
        raise ValueError(f"sampler must be one of {', '.join(SAMPLERS)}, got {name!r}")
    check_int("seed", seed, minimum=0)
    if name == "random":
        return RandomSampler(seed=seed)
    if name == "nsga2":
        size = check_int("population", population, minimum=2)
        return NSGAIISampler(population_size=size, seed=seed)

    with quiet():  # constant_liar: keeps away from what other workers are at
        return TPESampler(n_startup_trials=population, seed=seed, constant_liar=True)


def open_study(problem: Problem, storage: BaseStorage | None, name: str, **options: Any) -> Study:
    """Open a study, or begin it; ``storage`` None keeps it in memory alone.

    Raises:
        ValueError: The study is there already, with other aims.
    """
    directions: list[Any] = list(problem.aims.values())
    with quiet():
        study = optuna.create_study(
            storage=storage, study_name=name, directions=directions, load_if_exists=True, **options
        )
        there = [direction.name.lower() for direction in study.directions]
        if there != directions or study.metric_names not in (None, list(problem.aims)):
            known = study.metric_names or there
            raise ValueError(f"name: the study {name!r} exists, with other aims: {known}")
        if study.metric_names is None:
            study.set_metric_names(list(problem.aims))
    return study


def explore(
    problem: Problem,
    *,
    n_trials: int,
    sampler: str | BaseSampler = "tpe",
    seed: int = 0,
    storage: str | Path | BaseStorage | None = None,
    name: str = "design space",
    progress: bool | None = None,
) -> Study:
    """Search until the study has so many measured settings, whoever measured them.

    Call it again with the same storage and name, and it goes on where it stopped. Call it in
    several processes, on several machines, and they share the work. If one of them dies, its
    trial is marked failed and measured again by another.

    Args:
        problem: What to search.
        n_trials: Number of finished trials that the study shall have in the end.
        sampler: "random", "tpe", "nsga2", or an Optuna sampler.
        seed: Of the sampler. Give each worker its own, or they propose the same.
        storage: A file, the URL of a database, an Optuna storage, or None: memory alone.
        name: The study's name in the storage.
        progress: Whether to show a bar; None shows it to people and not in stored outputs.

    Returns:
        Optuna's study. `table` makes a table of it.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is out of range, or the study is there with other aims.
        Exception: What ``problem.measure`` raises; the trial is marked failed, and the study can
            be gone on with.
    """
    check_int("n_trials", n_trials)
    place = open_storage(storage) if isinstance(storage, (str, Path)) else storage
    chosen = make_sampler(sampler, seed=seed) if isinstance(sampler, str) else sampler
    study = open_study(problem, place, name, sampler=chosen)
    with tqdm(
        total=n_trials, unit="trial", leave=False, disable=not wants_progress(progress)
    ) as bar:
        while (done := count(study, TrialState.COMPLETE)) < n_trials:
            bar.update(done - bar.n)
            with quiet():
                fail_stale_trials(study)
            if nothing_to_do(study, n_trials):
                time.sleep(POLL)
            else:
                one_trial(study, problem, n_trials)
        bar.update(done - bar.n)
    return study


def queue_grid(study: Study, problem: Problem, *, seed: int = 0) -> None:
    """Queue every design once, in random order; whoever works on the study takes the next.

    Args:
        study: What `open_study` returned. Queue once, before the workers start.
        problem: The space.
        seed: Of the order.
    """
    designs = [
        dict(zip(problem.space, chosen, strict=True)) for chosen in product(*problem.space.values())
    ]
    random.Random(check_int("seed", seed, minimum=0)).shuffle(designs)
    for design in designs:
        study.enqueue_trial(design)


def count(study: Study, *states: TrialState) -> int:
    """Return the number of trials in one of these states."""
    return len(study.get_trials(deepcopy=False, states=states))


def nothing_to_do(study: Study, n_trials: int) -> bool:
    """Tell whether other workers are at all that is missing."""
    return count(study, *COUNTED) >= n_trials and not count(study, TrialState.WAITING)


def one_trial(study: Study, problem: Problem, n_trials: int) -> None:
    """Ask, measure, tell; what others marked failed meanwhile, taking us for dead, is let go."""
    with quiet():
        trial = study.ask()
    with contextlib.suppress(UpdateFinishedTrialError):
        if _is_surplus(study, trial, n_trials):  # two workers asked for the last one at once
            trial.set_user_attr("surplus", True)
            study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
            return
        with get_heartbeat_thread(trial._trial_id, study._storage):
            values = _measure(study, problem, trial)
        study.tell(trial, values, skip_if_finished=True)


def _measure(study: Study, problem: Problem, trial: Trial) -> list[float]:
    """Measure what the sampler proposes, and keep what was found beside the aims."""
    try:
        trial.set_user_attr("worker", f"{socket.gethostname()}:{os.getpid()}")
        found = problem.measure(**suggest(trial, problem))
        values = problem.values(found)
        for key, value in found.items():
            if key not in problem.aims:
                trial.set_user_attr(key, value)
    except UpdateFinishedTrialError:
        raise
    except KeyboardInterrupt:
        study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
        retry(study, study.trials[trial.number])
        raise
    except Exception:
        study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
        raise
    return values


def suggest(trial: Trial, problem: Problem) -> Setting:
    """Return the setting that the sampler proposes."""
    return {
        name: trial.suggest_categorical(name, list(options))
        for name, options in problem.space.items()
    }


def _is_surplus(study: Study, trial: Trial, n_trials: int) -> bool:
    """Tell whether enough earlier trials are done or on their way: the later asker gives way."""
    earlier = [
        other
        for other in study.get_trials(deepcopy=False, states=COUNTED)
        if other.state != TrialState.WAITING or "failed_trial" in other.system_attrs  # a retry
    ]
    return sum(other.number < trial.number for other in earlier) >= n_trials
