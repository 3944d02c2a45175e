"""The tables of the chapter *CNN basics*, with their settings."""

from __future__ import annotations

from typing import Any

from labcode.basics.poolings import POOLINGS
from labcode.models.first_layer_network import FIRST_LAYERS
from labcode.models.place_network import PLACE_NETWORKS
from labcode.studies.basics import pooled_files, trials
from labcode.studies.definition import Row, Study, Table, grid

SEEDS = (0, 1, 2)
SPATIAL_LAYERS = range(7)
GROUPS = ((2, True), (3, True), (4, True), (3, False), (4, False))  # side, and whether twice


def facts(times: int = 1) -> dict[str, Any]:
    """Return what a reader needs to know; some tables train two or three times as long."""
    return {
        "seeds": list(SEEDS),
        "data": f"mnist5k, {trials.N_TRAIN} training and 1000 test images",
        "epochs": trials.EPOCHS * times,
    }


def field_rows(seed: int, field: int) -> list[Row]:
    """Run `trials.field_trial` for a receptive field of so many pixels."""
    return trials.field_trial((field - 1) // 2, seed)


def dropping_rows(seed: int, trained_on: str) -> list[Row]:
    """Run `trials.dropping_trial` for one kind of training image."""
    return trials.dropping_trial(trained_on, seed)


SHARING = Table(
    "cnn_basics_sharing",
    trials.sharing_trial,
    grid(seed=SEEDS, kind=FIRST_LAYERS),
    facts=facts(3),
)
FIELDS = Table(
    "cnn_basics_fields",
    field_rows,
    grid(seed=SEEDS, field=[1 + 2 * layers for layers in SPATIAL_LAYERS]),
    facts=facts(2),
)
PLACES = Table(
    "cnn_basics_places",
    trials.place_trial,
    [
        {"seed": seed, "kind": kind, "everywhere": everywhere}
        for seed in SEEDS
        for everywhere in (False, True)
        for kind in PLACE_NETWORKS
    ],
    facts=facts(),
)
DROPPING = Table(
    "cnn_basics_dropping",
    dropping_rows,
    grid(seed=SEEDS, trained_on=(*trials.DROPPINGS, "every 2nd, small")),
    facts=facts(),
)
GROUP_SIZES = Table(
    "cnn_basics_groups",
    trials.group_trial,
    [
        {"seed": seed, "kind": kind, "group": group, "twice": twice}
        for seed in SEEDS
        for group, twice in GROUPS
        for kind in ("drop", "mean", "max")
    ],
    facts=facts(3),
)
SHIFTS = Table(
    "cnn_basics_shifts",
    trials.pooling_trial,
    [
        {"seed": seed, "kind": kind, "augmented": augmented}
        for seed in SEEDS
        for augmented in (False, True)
        for kind in POOLINGS
    ],
    facts=facts(),
)
PLACES_LONGER = Table(
    "cnn_basics_places_longer",
    trials.dense_everywhere_row,
    grid(epochs=(trials.EPOCHS, 6 * trials.EPOCHS), seed=SEEDS),
    facts={key: value for key, value in facts().items() if key != "epochs"},
)
SHIFTS_LONGER = Table(
    "cnn_basics_shifts_longer",
    trials.longer_pooling_trial,
    grid(kind=("none", "mean", "max"), epochs=(3 * trials.EPOCHS,), seed=SEEDS),
    facts=facts(3),
)
POOLED_FILES = Table(
    "cnn_basics_pooled_files",
    pooled_files.pooled_file_trial,
    grid(kind=("none", "mean", "max"), seed=SEEDS[:1]),
    facts={**facts(), "seeds": [SEEDS[0]]},
    kept_for="what the networks of the piece to touch *A digit on the move* lose in their files",
)
STUDY = Study(
    "basics",
    (
        *(SHARING, FIELDS, PLACES, PLACES_LONGER, DROPPING, GROUP_SIZES, SHIFTS, SHIFTS_LONGER),
        POOLED_FILES,
    ),
)
