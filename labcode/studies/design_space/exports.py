"""What the calculator of the design space browses."""

from __future__ import annotations

from typing import Any

from labcode.studies.design_space.problems import SPACE

Grid = dict[tuple[float, float, str], tuple[float, float, int, int]]


def design_space(runs: Any) -> Grid:
    """Return what each design reaches and costs.

    Args:
        runs: The table `design_space_grid`.

    Returns:
        By squeeze ratio, share of 3x3 and bypass: mean and standard deviation of the validation
        accuracy over the seeds, multiply-adds, bytes of the file.
    """
    found: Grid = {}
    for design, rows in runs.groupby(list(SPACE), sort=False):
        accuracy, costs = rows["validation_accuracy"], rows.iloc[0]
        pair = float(accuracy.mean()), float(accuracy.std())
        found[design] = (*pair, int(costs["macs"]), int(costs["bytes_on_disk"]))
    return found


def design_space_grid(runs: Any) -> str:
    """Return the module that the calculator reads."""
    lines = [
        '"""What `design_space` shows: written by labcode.studies.design_space from its grid."""',
        "",
        f"SEEDS = {runs['seed'].nunique()}",
        "",
        "# Squeeze ratio, share of 3x3, bypass: mean and standard deviation of the validation",
        "# accuracy over the seeds, multiply-adds, bytes of the file.",
        "GRID = {",
    ]
    for (ratio, share, bypass), (mean, deviation, macs, size) in design_space(runs).items():
        values = f"{mean:.4f}, {deviation:.4f}, {macs}, {size}"
        lines.append(f'    ({ratio:g}, {share:g}, "{bypass}"): ({values}),')
    return "\n".join([*lines, "}"]) + "\n"
