"""Search a design space with Optuna: several aims at once, many workers on one study.

`explore` runs in this process, `start_workers` in others; ``python -m labcode.search`` is one
worker, for any machine that reaches the study's file or database.
"""

from labcode.search.explore import SAMPLERS, explore, make_sampler, open_study, queue_grid
from labcode.search.pareto import growth, hypervolume, losses, not_dominated
from labcode.search.problem import Problem, find_problem
from labcode.search.results import pareto_plot, table
from labcode.search.storage import open_storage
from labcode.search.workers import start_workers, wait_for

__all__ = [
    "SAMPLERS",
    "Problem",
    "explore",
    "find_problem",
    "growth",
    "hypervolume",
    "losses",
    "make_sampler",
    "not_dominated",
    "open_storage",
    "open_study",
    "pareto_plot",
    "queue_grid",
    "start_workers",
    "table",
    "wait_for",
]
