"""What the calculator of pruned networks browses."""

from __future__ import annotations

from typing import Any

from labcode.weights import baselines

Grid = dict[tuple[str, str, float], tuple[float, float]]


def pruned_networks(*finetuned: Any) -> Grid:
    """Return mean and standard deviation of the test accuracy over the seeds.

    Args:
        finetuned: The tables of fine-tuned networks.

    Returns:
        The pair for each network, way to prune ("none" is the baseline) and share kept.
    """
    found: Grid = {}
    for table in finetuned:
        network = table["network"].iloc[0]
        plain = [result.test_accuracy for result in baselines.results(network)]
        found[network, "none", 1.0] = _mean_and_deviation(type(table["kept"])(plain))
    for table in finetuned:
        groups = table.groupby(["network", "method", "kept"], sort=False)["test_accuracy"]
        found |= {key: _mean_and_deviation(accuracies) for key, accuracies in groups}
    return found


def pruned_grid(*finetuned: Any) -> str:
    """Return the module that `pruned_networks` of the calculators reads."""
    lines = [
        '"""What `pruned_networks` shows: written by labcode.studies.pruning from its tables."""',
        "",
        "# (network, way, kept share): mean and standard deviation of test accuracy, three seeds",
        "GRID = {",
    ]
    for (network, way, kept), (mean, deviation) in pruned_networks(*finetuned).items():
        share = f"{kept:g}" if way != "none" else "1.0"
        lines.append(f'    ("{network}", "{way}", {share}): ({mean:.4f}, {deviation:.4f}),')
    lines += ["}", "", 'WEIGHTS = {"lenet_300_100": 266_200, "lenet5": 430_500}  # biases stay']
    return "\n".join(lines) + "\n"


def _mean_and_deviation(values: Any) -> tuple[float, float]:
    return float(values.mean()), float(values.std())
