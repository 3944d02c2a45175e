"""The table of small SE-ResNets, with its settings."""

from __future__ import annotations

from itertools import product

from labcode.studies.definition import Row, Study, Table, grid
from labcode.studies.senet import se_trials

SEEDS = (0, 1, 2)
RATE_SEEDS = (100, 101, 102)  # no other table uses them
STANDARD: Row = {"placement": "standard", "reduction": 4, "squeeze": "average", "gate": "sigmoid"}
CHOICES = (
    STANDARD | {"placement": "none"},
    STANDARD,
    *(STANDARD | {"placement": place} for place in ("pre", "post", "identity")),
    *(STANDARD | {"reduction": reduction} for reduction in (2, 8)),
    STANDARD | {"squeeze": "maximum"},
    *(STANDARD | {"gate": gate} for gate in ("tanh", "relu")),
)

SENET = Table(
    "senet_choices",
    se_trials.se_row,
    [choice | {"seed": seed} for seed, choice in product(SEEDS, CHOICES)],
    facts={
        "data": "mnist5k: 1000 training, 500 validation and 1000 test images",
        "epochs": se_trials.EPOCHS,
    },
)
RATES = Table(
    "senet_rates",
    se_trials.rate_row,
    grid(network=se_trials.NETWORKS, lr=se_trials.RATES, seed=RATE_SEEDS),
    facts=SENET.facts,
)
STUDY = Study("senet", (SENET, RATES))
