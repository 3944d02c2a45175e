"""The table of the study on small files, with its settings."""

from __future__ import annotations

from labcode.studies.definition import Study, Table, grid
from labcode.studies.small_files import trials

SEEDS = (0, 1, 2)
RATE_SEEDS = (100, 101, 102)  # no other table uses them
WIDTHS = ("4 8 12", "6 12 16", "8 16 24")
PLAIN = Table(
    "small_files",
    trials.plain_rows,
    grid(widths=WIDTHS, seed=SEEDS),
    facts={
        "data": "mnist5k: 3,500 training, 500 validation and 1,000 test images, augmented",
        "epochs": trials.EPOCHS,
        "epochs_of_shared_values": trials.SHARED_EPOCHS,
        "lr_of_shared_values": trials.SHARED_LR,
    },
)
RATES = Table(
    "small_files_rates",
    trials.rate_row,
    grid(widths=WIDTHS, lr=(2e-3, 5e-3, 1e-2, 2e-2, 4e-2, 8e-2, 0.16), seed=RATE_SEEDS),
    facts={"data": "mnist5k: 3,500 training and 500 validation images, augmented"}
    | {"epochs": trials.EPOCHS},
)
STUDY = Study("small_files", (PLAIN, RATES))
