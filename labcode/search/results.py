"""A study as a table and as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from optuna import Study
from optuna.trial import TrialState

from labcode.search.pareto import losses, not_dominated
from labcode.search.problem import Problem
from labcode.search.storage import QUEUED
from labcode.show.plotting import COLORS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def table(study: Study, problem: Problem) -> pd.DataFrame:
    """Return the finished trials, in the order in which they were begun.

    Returns:
        A row for each, by its number: the settings, the aims, what else was measured, the worker,
        and in ``best`` whether no other trial is better in everything.
    """
    import pandas as pd

    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    rows = [
        trial.params
        | dict(zip(problem.aims, trial.values or (), strict=True))
        | {name: value for name, value in trial.user_attrs.items() if name != QUEUED}
        for trial in trials
    ]
    found = pd.DataFrame(rows, index=pd.Index([trial.number for trial in trials], name="trial"))
    return found.assign(best=not_dominated(losses(found, problem.aims))) if rows else found


def pareto_plot(
    axes: Axes,
    designs: pd.DataFrame,
    *,
    x: str,
    y: str,
    aims: Mapping[str, str],
    color: str = COLORS["blue"],
) -> pd.DataFrame:
    """Draw designs as dots, and as a stair those that no other beats in both quantities.

    Args:
        axes: Where to draw; x gets a logarithmic axis.
        designs: A row for each design.
        x: The quantity to the right; less is better or more, as ``aims`` says.
        y: The quantity upwards.
        aims: The direction of both.
        color: Of the stair and its dots; the others are grey.

    Returns:
        The designs on the stair, sorted by ``x``.
    """
    best = not_dominated(losses(designs, {name: aims[name] for name in (x, y)}))
    front = designs[best].drop_duplicates([x, y]).sort_values(x)
    axes.plot(designs.loc[~best, x], designs.loc[~best, y], ".", color="#888888", ms=5)
    axes.step(front[x], front[y], where="post", color=color, lw=1)
    axes.plot(front[x], front[y], "o", color=color, ms=5)
    axes.set_xscale("log")
    return front
