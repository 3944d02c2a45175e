"""Search a design space until enough settings are measured, alone or with other workers."""

from __future__ import annotations

import random
import time
from itertools import product
from pathlib import Path
from typing import Any

import optuna
from optuna import Study
from optuna.samplers import BaseSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.storages import BaseStorage, fail_stale_trials
from optuna.trial import TrialState
from tqdm.auto import tqdm

from labcode._checks import check_choice, check_int
from labcode._progress import wants_progress
from labcode.search.lost import Patience, to_queue
from labcode.search.problem import Problem
from labcode.search.storage import POLL, QUEUED, open_storage, quiet
from labcode.search.trial import count, one_trial

SAMPLERS = ("random", "tpe", "nsga2")


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
    ValueError: sampler must be one of 'random', 'tpe', 'nsga2', got 'annealing'
    """
    check_choice("sampler", name, SAMPLERS)
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
    study, patience = open_study(problem, place, name, sampler=chosen), Patience(place)
    with tqdm(
        total=n_trials, unit="trial", leave=False, disable=not wants_progress(progress)
    ) as bar:
        while (done := count(study, TrialState.COMPLETE)) < n_trials:
            bar.update(done - bar.n)
            if nothing_to_do(study, n_trials):
                with quiet():
                    fail_stale_trials(study)
                patience.queue_again(study)
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
        study.enqueue_trial(design, user_attrs={QUEUED: True})


def nothing_to_do(study: Study, n_trials: int) -> bool:
    """Tell whether the other workers are at all that is missing, or about to queue it again."""
    busy = count(study, TrialState.COMPLETE, TrialState.RUNNING)
    return busy + len(to_queue(study)) >= n_trials
