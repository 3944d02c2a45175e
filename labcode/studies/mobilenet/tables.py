"""The tables of small MobileNets, with their settings."""

from __future__ import annotations

from itertools import product

from labcode.studies.definition import Study, Table, TimedTable
from labcode.studies.mobilenet import mobilenet_trials
from labcode.training.decay import DECAYS

SEEDS = (0, 1, 2)
DECAY_SEEDS = range(5)  # the difference is small
WIDTHS, SIZES = mobilenet_trials.WIDTHS, mobilenet_trials.SIZES
FACTS = {
    "data": "mnist5k: 1000 training, 500 validation and 1000 test images",
    "epochs": mobilenet_trials.EPOCHS,
    "lr": mobilenet_trials.LR,
}

# Width at full resolution, and resolution at full width.
MULTIPLIERS = Table(
    "architecture_multipliers",
    mobilenet_trials.multiplier_row,
    [
        {"width_multiplier": width, "size": size, "seed": seed}
        for seed in SEEDS
        for width, size in [*product(WIDTHS, SIZES[:1]), *product(WIDTHS[:1], SIZES[1:])]
    ],
    facts=FACTS,
)
# Is the narrow network too narrow, or only not yet trained? And does it help to change images?
LONGER = Table(
    "architecture_longer",
    mobilenet_trials.longer_row,
    [
        {"width_multiplier": w, "epochs": 4 * mobilenet_trials.EPOCHS, "augmented": a, "seed": seed}
        for seed in SEEDS
        for w, a in ((0.25, False), (0.25, True), (1.0, False))
    ],
    facts={key: value for key, value in FACTS.items() if key != "epochs"},
)
DECAY = Table(
    "architecture_decay",
    mobilenet_trials.decay_row,
    [
        {"where": where, "decay": mobilenet_trials.DECAY, "seed": seed}
        for seed, where in product(DECAY_SEEDS, DECAYS)
    ],
    facts=FACTS,
)
SHARES = TimedTable("architecture_shares", "benchmarks/architecture.py")
STUDY = Study("mobilenet", (MULTIPLIERS, LONGER, DECAY, SHARES))
