"""What the calculator of few bits browses."""

from __future__ import annotations

import json
from typing import Any

from labcode.weights import baselines

Grid = dict[tuple[str, str, int], tuple[float, float]]


def few_bits(bits: Any) -> tuple[dict[str, int], Grid]:
    """Return the parameters of each network, and the test accuracies over the seeds.

    Args:
        bits: The table `quantization_bits`.

    Returns:
        Parameters by network; mean and standard deviation by network, method and bits.
    """
    groups = bits.groupby(["network", "method", "bits"])["test_accuracy"]
    params = {name: baselines.results(name)[0].params for name in sorted(set(bits["network"]))}
    return params, {key: (float(found.mean()), float(found.std())) for key, found in groups}


def few_bits_grid(bits: Any) -> str:
    """Return the module that the calculator reads."""
    params, found = few_bits(bits)
    lines = [
        '"""Means and standard deviations of quantization_bits, baked by its study."""',
        "",
        f"PARAMS = {json.dumps(params)}",
        "",
        "# Network, method, bits: mean and standard deviation of the test accuracy over the seeds.",
        "GRID = {",
        *(
            f"    ({json.dumps(network)}, {json.dumps(method)}, {width}): "
            f"({mean:.5f}, {deviation:.5f}),"
            for (network, method, width), (mean, deviation) in found.items()
        ),
        "}",
    ]
    return "\n".join(lines) + "\n"
