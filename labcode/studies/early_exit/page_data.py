"""What the page browses of early exits: the stored network's answers about validation images."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from labcode import counting
from labcode.early_exit import RULES, certainty
from labcode.models import exit_macs
from labcode.models.exit_network import Trunk
from labcode.studies.early_exit.trials import logits_of
from labcode.studies.protocol import digits
from labcode.weights import load_exits

STEPS = 65_535  # a certainty from 0 to 1 is stored in so many steps


def page_data(_: Any) -> dict[str, Any]:
    """Return what each exit says about each validation image.

    Args:
        _: The table `early_exit_budgets`, whose first run leaves the stored network.

    Returns:
        ``macs`` up to each exit and ``plain_macs`` of the network without early exits;
        ``right``: for each exit a digit an image, 1 where it is right; ``sure``: for each rule
        and each early exit how certain it is of each image, in steps of 1/65,535, rounded down.
    """
    network, split = load_exits(), digits().validation
    logits = logits_of(network, split.images)  # (exits, N, 10)
    right = logits.argmax(2) == split.labels  # (exits, N)
    return {
        "macs": list(exit_macs(network)),
        "plain_macs": counting.count(Trunk(network), (1, 28, 28)).macs,
        "right": ["".join("01"[hit] for hit in hits) for hits in right.int().tolist()],
        "sure": {rule: _steps(certainty(logits[:-1], rule)) for rule in RULES},
    }


def _steps(certain: Tensor) -> list[str]:
    """Return certainties (exits, N) as whole steps, an exit a string."""
    return [" ".join(map(str, row)) for row in (certain * STEPS).floor().int().tolist()]
