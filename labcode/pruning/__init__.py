"""Pruning: which weights, neurons and filters a network can do without."""

from labcode.pruning.activity import mean_activation, unit_norms, zero_share
from labcode.pruning.chain import chain_plan
from labcode.pruning.dsd import dense_sparse_dense
from labcode.pruning.formats import load_sparse, save_dense, save_sparse
from labcode.pruning.frame import SparseFileError
from labcode.pruning.graph import graph_plan
from labcode.pruning.importance import (
    gradient_times_weight,
    magnitude,
    random_scores,
    reversed_scores,
)
from labcode.pruning.joint import joint_plan
from labcode.pruning.lottery import Ticket, find_tickets, rewind, shuffled, weights_of
from labcode.pruning.masks import Masks, left_out, passed_over, prunable
from labcode.pruning.plan import Part, Plan, full_plan, silenced
from labcode.pruning.plan_costs import plan_cost
from labcode.pruning.pruner import Pruner, prune_and_train
from labcode.pruning.repair import repair
from labcode.pruning.schedules import gradual, iterative, one_shot
from labcode.pruning.selection import best_units, select
from labcode.pruning.semi_structured import NMWeight, nm_mask, nm_masks, nm_pack, nm_unpack
from labcode.pruning.surgery import cut

__all__ = [
    "Masks",
    "NMWeight",
    "Part",
    "Plan",
    "Pruner",
    "SparseFileError",
    "Ticket",
    "best_units",
    "chain_plan",
    "cut",
    "dense_sparse_dense",
    "find_tickets",
    "full_plan",
    "gradient_times_weight",
    "gradual",
    "graph_plan",
    "iterative",
    "joint_plan",
    "left_out",
    "load_sparse",
    "magnitude",
    "mean_activation",
    "nm_mask",
    "nm_masks",
    "nm_pack",
    "nm_unpack",
    "one_shot",
    "passed_over",
    "plan_cost",
    "prunable",
    "prune_and_train",
    "random_scores",
    "repair",
    "reversed_scores",
    "rewind",
    "save_dense",
    "save_sparse",
    "select",
    "shuffled",
    "silenced",
    "unit_norms",
    "weights_of",
    "zero_share",
]
