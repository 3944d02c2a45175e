"""The networks that run for the rows of the scoreboard: their shapes, not their training."""

from __future__ import annotations

import torch
from torch import nn

from labcode.models.blocks import backbone, widths
from labcode.models.exit_network import Trunk
from labcode.models.slimmable_cnn import slimmable_cnn
from labcode.studies.blocks.block_trials import BUDGETS
from labcode.studies.pruning.unit_trials import WIDTHS, cut_by
from labcode.weights import baselines, load_exits

SLIM_WIDTH = 0.5  # of the slimmable network's row


def half_lenet5() -> nn.Module:
    """Return LeNet-5 with half of its filters."""
    return cut_by(baselines.load("lenet5", seed=0), WIDTHS["lenet5"]["half"], "L1 norm", 0)


def block_backbone(kind: str) -> nn.Module:
    """Return the untrained backbone with one kind of block, at the smaller budget.

    Args:
        kind: One of `labcode.models.blocks.BLOCKS`.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # rows with the same layers get the same file
        return backbone(kind, *widths(kind, BUDGETS[0]))


def without_exits() -> nn.Module:
    """Return the stored network's layers up to its last exit, without the early ones."""
    return Trunk(load_exits())


def slim_half() -> nn.Module:
    """Return the untrained slimmable network, set to `SLIM_WIDTH`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = slimmable_cnn().eval()
    network.width = SLIM_WIDTH
    return network
