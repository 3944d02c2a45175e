"""What the page browses of pruned and fine-tuned networks, from the tables."""

from __future__ import annotations

from statistics import mean, stdev
from typing import Any

from labcode.pruning import prunable
from labcode.weights import baselines


def page_data(*finetuned: Any) -> dict[str, Any]:
    """Return the accuracy of each way to prune at each kept share.

    Args:
        finetuned: The tables of fine-tuned networks, one for each network.

    Returns:
        ``weights`` of each network, without biases, which stay; ``rows`` of network, way, kept
        share (0 to 1), mean and standard deviation of the test accuracy (0 to 1) over the seeds.
        The way "none" is the network before pruning.
    """
    rows: list[list[Any]] = []
    networks = [str(runs["network"].iloc[0]) for runs in finetuned]
    for network, runs in zip(networks, finetuned, strict=True):
        plain = [result.test_accuracy for result in baselines.results(network)]
        rows.append([network, "none", 1.0, mean(plain), stdev(plain)])
        for (method, kept), found in runs.groupby(["method", "kept"], sort=False):
            accuracy = found["test_accuracy"].tolist()
            rows.append([network, method, float(kept), mean(accuracy), stdev(accuracy)])
    weights = {name: prunable(baselines.load(name, seed=0)).values() for name in networks}
    return {
        "weights": {name: sum(w.numel() for w in found) for name, found in weights.items()},
        "rows": rows,
    }
