"""Which layer of EfficientNet-Lite0 does it: each one rounded alone."""

from __future__ import annotations

from labcode import counting, quantization
from labcode.studies.definition import Row
from labcode.studies.photographs.images import calibration
from labcode.studies.photographs.trials import SHAPE, folded

SEEN = 32  # photographs


def rows(bits: int, per_channel: bool) -> list[Row]:
    """Return each layer's weights, multiply-adds and the harm that rounding it alone does.

    Args:
        bits: Of the weights.
        per_channel: Whether each channel has its own scale.

    Returns:
        A row a layer in the order of definition: ``layer``, ``weights``, ``macs``, ``error`` and
        ``changed``, see `quantization.Harm`, and ``spread``: the largest channel's largest weight
        as a multiple of the median channel's.
    """
    model = folded()
    costs = {row.name: row for row in counting.count(model, SHAPE).layers}
    harms = quantization.sensitivity(model, calibration(SEEN), bits, per_channel=per_channel)
    weights = {name.removesuffix(".weight"): one for name, one in model.named_parameters()}
    found = []
    for name, harm in harms.items():
        weight = weights[name].detach()
        largest = weight.flatten(1).abs().amax(1)
        found.append(
            {
                "layer": name,
                "weights": weight.numel(),
                "macs": costs[name].macs,
                "error": harm.error,
                "changed": harm.changed,
                "spread": float(largest.max() / largest.median()),
            }
        )
    return found
