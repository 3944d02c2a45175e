"""What the page browses of networks in few bits, from the table."""

from __future__ import annotations

from statistics import mean, stdev
from typing import Any

from labcode.counting import count_parameters
from labcode.studies.quantization import trials


def page_data(table: Any) -> dict[str, Any]:
    """Return the accuracy of each method at each number of bits.

    Args:
        table: The table `quantization_bits`.

    Returns:
        ``params`` of each network, and ``rows`` of network, method, bits, mean and standard
        deviation of the test accuracy (0 to 1) over the seeds.
    """
    networks = sorted(set(table["network"]))
    rows = []
    for (network, method, bits), found in table.groupby(["network", "method", "bits"]):
        accuracy = found["test_accuracy"].tolist()
        rows.append([network, method, int(bits), mean(accuracy), stdev(accuracy)])
    return {
        "seeds": int(table["seed"].nunique()),
        "params": {name: count_parameters(trials.float_network(name, 0)) for name in networks},
        "rows": rows,
    }
