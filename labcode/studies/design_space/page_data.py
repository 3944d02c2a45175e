"""What the page browses of the grid of small SqueezeNets, from its table."""

from __future__ import annotations

from statistics import mean, stdev
from typing import Any

from labcode.studies.design_space.problems import SPACE


def page_data(runs: Any) -> dict[str, Any]:
    """Return for each design the accuracy over its seeds and what it costs.

    Args:
        runs: The table `design_space_grid`.

    Returns:
        ``rows`` of squeeze ratio, share of 3x3, bypass, mean and standard deviation of the
        validation accuracy (0 to 1), multiply-adds and bytes of the file.
    """
    rows = []
    for (ratio, share, bypass), found in runs.groupby(list(SPACE), sort=False):
        accuracy, first = found["validation_accuracy"].tolist(), found.iloc[0]
        costs = (int(first["macs"]), int(first["bytes_on_disk"]))
        rows.append([float(ratio), float(share), bypass, mean(accuracy), stdev(accuracy), *costs])
    return {"seeds": int(runs["seed"].nunique()), "rows": rows}
