"""The tables of small SqueezeNets, with their settings."""

from __future__ import annotations

from itertools import product

from labcode.models.late_squeezenet import POOLS
from labcode.studies.definition import Study, Table
from labcode.studies.squeezenet import squeeze_trials

SEEDS = (0, 1, 2)
DATA = "mnist5k: 1000 training, 500 validation and 1000 test images"
# The early network again, so wide that it does the late one's multiply-adds.
WIDER = 2.25
WINDOWS = (("early", "as it is"), ("late", "as it is"), ("late", "wide"))
WINDOW_SEEDS = 6  # the seeds scatter by some points
PLACES = (*((place, 1.0) for place in POOLS), ("early", WIDER))

POOLING = Table(
    "squeezenet_pooling",
    squeeze_trials.pooling_row,
    [
        {"place": place, "width": width, "seed": seed}
        for seed, (place, width) in product(SEEDS, PLACES)
    ],
    facts={"data": DATA, "epochs": squeeze_trials.EPOCHS},
)
# On smaller digits, which every place's last layer sees whole.
POOLING_14 = Table(
    "squeezenet_pooling_14",
    squeeze_trials.pooling_row,
    [
        {"place": place, "width": width, "size": 14, "epochs": 12, "seed": seed}
        for seed, (place, width) in product(SEEDS, PLACES)
    ],
    facts={"data": DATA},
)
# Only the window changes: the late network with dilated filters sees as far as the early one.
WINDOW = Table(
    "squeezenet_window",
    squeeze_trials.pooling_row,
    [
        {"place": place, "window": window, "seed": seed}
        for seed, (place, window) in product(range(WINDOW_SEEDS), WINDOWS)
    ],
    facts={"data": DATA, "epochs": squeeze_trials.EPOCHS},
)
STUDY = Study("squeezenet", (POOLING, POOLING_14, WINDOW))
