"""Train and evaluate networks: plain, fast on two cores, and the same every time.

A progress bar is shown to a person who waits (in a terminal, JupyterLab or Colab) and kept
out of stored outputs; LABCODE_PROGRESS=0 or =1 in the environment, or ``progress=`` in the
call, decides it.
"""

from labcode.training.devices import device_of, pick_device, seed_everything, seeded
from labcode.training.evaluation import Evaluation, eval_mode, evaluate
from labcode.training.folds import difference_over_folds
from labcode.training.history import Epoch, History, TrainingDiverged
from labcode.training.loop import Batch, LossFn, cross_entropy, fit
from labcode.training.paired import Difference, paired_difference
from labcode.training.proportion import Proportion, proportion
from labcode.training.seeds import (
    difference_over_answers,
    difference_over_changes,
    difference_over_seeds,
)

__all__ = [
    "Batch",
    "Difference",
    "Epoch",
    "Evaluation",
    "History",
    "LossFn",
    "Proportion",
    "TrainingDiverged",
    "cross_entropy",
    "device_of",
    "difference_over_answers",
    "difference_over_changes",
    "difference_over_folds",
    "difference_over_seeds",
    "eval_mode",
    "evaluate",
    "fit",
    "paired_difference",
    "pick_device",
    "proportion",
    "seed_everything",
    "seeded",
]
