"""One network through the preflight."""

from __future__ import annotations

import torch

from labcode import preflight
from labcode.studies.definition import Row
from labcode.studies.own_networks.architectures import built

IMAGES = 16  # random ones; batch norms see them first, so that no layer hands on huge numbers
PASSES = 5


def rows(network: str) -> list[Row]:
    """Return what each method says of an untrained network, a row a method.

    Args:
        network: One of `ARCHITECTURES`.

    Returns:
        ``method``, ``answer`` and ``reason``; ``took`` of ``layers`` that the method is for.
    """
    model, shape = built(network)
    images = torch.rand(IMAGES, *shape, generator=torch.Generator().manual_seed(0))
    model.train()
    with torch.no_grad(), torch.random.fork_rng():
        for _ in range(PASSES):
            model(images)
    found = preflight.check(model.eval(), images=images)
    rows = []
    for method, verdict in found.verdicts.items():
        asked = [one.verdicts[method] for one in found.layers if method in one.verdicts]
        rows.append(
            {
                "method": method,
                "answer": verdict.answer,
                "reason": verdict.reason,
                "took": sum(one.answer == "yes" for one in asked),
                "layers": len(asked),
            }
        )
    return rows
