"""Networks that decide while running how much work an image gets."""

from labcode.early_exit.budgets import (
    Outcome,
    leaving,
    outcome,
    outcome_at,
    share_thresholds,
    shared_threshold,
    spend,
)
from labcode.early_exit.inference import Answer, answer
from labcode.early_exit.probes import add_probes, maps_of
from labcode.early_exit.rules import RULES, certainty
from labcode.early_exit.stages import OnnxExits, stage_files
from labcode.early_exit.training import METHODS, Method, exits_loss, fit_exits, fit_widths

__all__ = [
    "METHODS",
    "RULES",
    "Answer",
    "Method",
    "OnnxExits",
    "Outcome",
    "add_probes",
    "answer",
    "certainty",
    "exits_loss",
    "fit_exits",
    "fit_widths",
    "leaving",
    "maps_of",
    "outcome",
    "outcome_at",
    "share_thresholds",
    "shared_threshold",
    "spend",
    "stage_files",
]
