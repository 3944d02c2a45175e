"""Distillation: a student learns from the soft labels of a teacher."""

from labcode.distillation.bias import best_bias, confusion, with_bias, without
from labcode.distillation.checks import check_logits
from labcode.distillation.hints import features, fit_hints, regressor
from labcode.distillation.loss import distillation_loss, smoothed_loss, soft_loss, soften
from labcode.distillation.softlabels import LiveTeacher, SoftLabels
from labcode.distillation.teachers import combined_logits, logits_of

__all__ = [
    "LiveTeacher",
    "SoftLabels",
    "best_bias",
    "check_logits",
    "combined_logits",
    "confusion",
    "distillation_loss",
    "features",
    "fit_hints",
    "logits_of",
    "regressor",
    "smoothed_loss",
    "soft_loss",
    "soften",
    "with_bias",
    "without",
]
