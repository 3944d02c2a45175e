"""Samplers against each other on the measured grid: how much is found in how many trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from optuna.storages import InMemoryStorage

from labcode import studies
from labcode.search.explore import explore, open_study, queue_grid
from labcode.search.pareto import Numbers, growth, hypervolume
from labcode.search.results import table
from labcode.studies.design_space.problems import SPACE, measured_grid

if TYPE_CHECKING:
    import pandas as pd

    from labcode.studies.definition import Row

N_TRIALS = 36  # as many as the grid has designs
REFERENCE = np.array([1.0, 1.1, 1.1])


def designs(quantity: str = "validation_accuracy") -> pd.DataFrame:
    """Return the measured grid, one row a design, accuracies as means over its seeds.

    Args:
        quantity: "validation_accuracy", to choose by, or "test_accuracy", to report.
    """
    runs = studies.table("design_space_grid")
    columns = [quantity, "params", "macs", "bytes_on_disk"]
    means = runs.groupby(list(SPACE), sort=False)[columns].mean().reset_index()
    return means.astype(dict.fromkeys(columns[1:], int))


def scaled(found: pd.DataFrame) -> Numbers:
    """Return designs as numbers from 0 (best) to 1 (worst), (N, 3).

    The part of wrong answers; multiply-adds and bytes on a logarithmic scale between the
    smallest and the largest of the grid.
    """
    grid = designs()
    columns = [1 - found["validation_accuracy"].to_numpy(dtype=np.float64)]
    for name in ("macs", "bytes_on_disk"):
        low, high = np.log(grid[name].min()), np.log(grid[name].max())
        columns.append((np.log(found[name].to_numpy(dtype=np.float64)) - low) / (high - low))
    return np.stack(columns, axis=1)


def share_found(found: pd.DataFrame) -> float:
    """Return the hypervolume of some designs as a share of that of the whole grid.

    The reference point lies a tenth beyond the largest networks, at guessing nothing right.
    """
    return hypervolume(scaled(found), REFERENCE) / hypervolume(scaled(designs()), REFERENCE)


def contest_rows(sampler: str, seed: int) -> list[Row]:
    """Search the measured grid once.

    Args:
        sampler: "random", "tpe", "nsga2", or "grid": all designs in random order, none twice.
        seed: Of the sampler.

    Returns:
        A row for each trial: how many different designs were tried, and the share of the
        grid's hypervolume that was found.
    """
    problem, storage = measured_grid(), InMemoryStorage()
    if sampler == "grid":
        queue_grid(open_study(problem, storage, sampler), problem, seed=seed)
    proposes = "random" if sampler == "grid" else sampler
    study = explore(
        problem, n_trials=N_TRIALS, sampler=proposes, seed=seed, storage=storage, name=sampler
    )
    found = table(study, problem)
    whole = hypervolume(scaled(designs()), REFERENCE)
    shares = growth(scaled(found), REFERENCE) / whole
    new = ~found.duplicated(list(SPACE))
    return [
        {"trials": n + 1, "designs": int(new.iloc[: n + 1].sum()), "share": float(share)}
        for n, share in enumerate(shares)
    ]


def one_at_a_time(
    squeeze_ratio: float = 0.125, expand3x3_share: float = 0.5, bypass: str = "plain"
) -> pd.DataFrame:
    """Return the designs of plain A/B comparisons: from one design, each choice is varied alone.

    Args:
        squeeze_ratio: Of the design in the middle; the paper's is 0.125.
        expand3x3_share: Of the same; the paper has half 3x3 filters.
        bypass: Of the same; the paper's first network has none.

    Raises:
        ValueError: There is no such design.
    """
    start = {
        "squeeze_ratio": squeeze_ratio,
        "expand3x3_share": expand3x3_share,
        "bypass": bypass,
    }
    grid = designs()
    same = np.stack([grid[name].to_numpy() == value for name, value in start.items()])
    if not same.all(axis=0).any():
        raise ValueError(f"the grid must have the design in the middle, got {start}")
    chosen: pd.DataFrame = grid.loc[same.sum(axis=0) >= len(start) - 1]
    return chosen
