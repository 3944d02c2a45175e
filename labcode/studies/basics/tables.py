"""The tables of the chapter *CNN basics*, with their settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

from labcode.basics.poolings import POOLINGS
from labcode.models.first_layer_network import FIRST_LAYERS
from labcode.models.place_network import PLACE_NETWORKS
from labcode.studies.basics import lessons, pooled_files, trials
from labcode.studies.definition import Row, Study, Table, grid
from labcode.studies.searches import best_rate, safe_rate, with_rates

SEEDS = (0, 1, 2)
RATE_SEEDS = (100, 101)  # no other table uses them
MORE_SEEDS = (102, 103)  # for poolings: at a high rate some seeds learn nothing
USUAL = (7.5e-4, 1.5e-3, 3e-3, 6e-3, 1.2e-2, 2.4e-2)
FURTHER = (*USUAL, 4.8e-2, 9.6e-2)  # where the best of some kind would lie at the edge
RATES_TRIED = {
    **dict.fromkeys(("places", "dropping"), USUAL),
    **dict.fromkeys(("sharing", "pooling"), FURTHER),
    "field": (*FURTHER, 0.192),
}
LONGER = 6  # times as long
SHARED = grid(kind=FIRST_LAYERS)
FIELD = grid(field=range(1, 14, 2))
PLACED = grid(everywhere=(False, True), kind=PLACE_NETWORKS)
PLACED_LONGER = grid(times=(1, LONGER))
DROPPED = grid(trained_on=(*lessons.DROPPINGS, lessons.SMALL))
GROUPED = [
    {"kind": kind, "group": group, "twice": twice}
    for group, twice in ((2, True), (3, True), (4, True), (3, False), (4, False))
    for kind in ("drop", "mean", "max")
]
POOLED = grid(augmented=(False, True), kind=POOLINGS)
POOLED_LONGER = grid(kind=("none", "mean", "max"), times=(3,))
RATED: list[tuple[str, Row]] = [
    *(("sharing", setting | {"times": 1}) for setting in SHARED),
    *(("places", setting) for setting in PLACED),
    *(("pooling", setting) for setting in POOLED),
    *(("field", setting) for setting in FIELD),
    *(("dropping", {"trained_on": trained_on}) for trained_on in ("full", lessons.SMALL)),
]
FACTS = {
    "seeds": list(SEEDS),
    "data": f"mnist5k, {lessons.N_TRAIN} training and 1000 test images",
}

# On the validation split, for each kind of network and what it learns from, in ten passes (fields
# in twenty). Longer trainings take the same rates, larger groups that of groups of 2 x 2, and
# images with pixels left out that of whole ones.
RATES = Table(
    "cnn_basics_rates",
    lessons.rate_row,
    [
        {"trial": trial, "lr": lr, "seed": seed} | setting
        for trial, setting in RATED
        for lr in RATES_TRIED[trial]
        for seed in (*RATE_SEEDS, *(MORE_SEEDS if trial == "pooling" else ()))
    ],
    facts={"data": f"mnist5k, {lessons.N_TRAIN} training and 500 validation images"},
)


def at_own_rates(
    name: str,
    function: Callable[..., Any],
    settings: list[Row],
    chosen: Callable[[Row], Row],
    lasts: int | None = 1,
    seeds: Iterable[int] = SEEDS,
    rate: Callable[..., float] = best_rate,
) -> Table:
    """Return a table whose networks train each at the rate that is best for it.

    Args:
        name: Of the table, behind "cnn_basics_".
        function: Called with a setting, ``seed`` and ``lr``.
        settings: One for each kind of network.
        chosen: Turns a setting into what chooses its search in `RATES`.
        lasts: How many times as long as usual it trains, as a fact; None if the table says it.
        seeds: Of the runs.
        rate: What a search says.
    """

    def runs(searches: Any) -> list[Row]:
        rated = with_rates(searches, settings, chosen, rate)
        return [{"seed": seed} | setting for seed, setting in product(seeds, rated)]

    facts: dict[str, Any] = FACTS | {"seeds": list(seeds)}
    if lasts is not None:
        facts["epochs"] = lessons.EPOCHS * lasts
    return Table(f"cnn_basics_{name}", function, runs, (RATES,), facts=facts)


def like_whole_ones(setting: Row) -> Row:
    """Return the search of images with pixels left out: that of whole images of their size."""
    small = setting["trained_on"] == lessons.SMALL
    return {"trial": "dropping", "trained_on": lessons.SMALL if small else "full"}


def of_pooling(setting: Row) -> Row:
    """Return the search of a pooling in groups of 2 x 2."""
    augmented = setting.get("augmented", False)
    return {"trial": "pooling", "kind": setting["kind"], "augmented": augmented}


def pooled_runs(searches: Any) -> list[Row]:
    """Return the settings of the files: the first seed of three poolings, at their own rates."""
    settings = grid(kind=("none", "mean", "max"), seed=SEEDS[:1])
    return with_rates(searches, settings, of_pooling, safe_rate)


def of_places(setting: Row) -> Row:
    """Return the search of digits on the canvas: of the dense network everywhere, if not said."""
    usual = {"kind": "dense", "everywhere": True}
    return {"trial": "places"} | {key: setting.get(key, usual[key]) for key in usual}


SHARING = at_own_rates(
    "sharing", trials.sharing_trial, SHARED, lambda setting: {"trial": "sharing"} | setting, lasts=3
)
FIELDS = at_own_rates(
    "fields", trials.field_trial, FIELD, lambda setting: {"trial": "field"} | setting, lasts=2
)
# Far from where it learned, a network's seeds differ by many points.
PLACES = at_own_rates("places", trials.place_trial, PLACED, of_places, seeds=range(6))
PLACES_LONGER = at_own_rates(
    "places_longer", trials.dense_everywhere_row, PLACED_LONGER, of_places, lasts=None
)
DROPPING = at_own_rates("dropping", trials.dropping_trial, DROPPED, like_whole_ones)
GROUP_SIZES = at_own_rates(
    "groups", trials.group_trial, GROUPED, of_pooling, lasts=3, rate=safe_rate
)
SHIFTS = at_own_rates("shifts", trials.pooling_trial, POOLED, of_pooling, rate=safe_rate)
SHIFTS_LONGER = at_own_rates(
    "shifts_longer", trials.longer_pooling_trial, POOLED_LONGER, of_pooling, lasts=3, rate=safe_rate
)
POOLED_FILES = Table(
    "cnn_basics_pooled_files",
    pooled_files.pooled_file_trial,
    pooled_runs,
    (RATES,),
    facts=FACTS | {"epochs": lessons.EPOCHS, "seeds": [SEEDS[0]]},
    kept_for="what the networks of the piece to touch *A digit on the move* lose in their files",
)
STUDY = Study(
    "basics",
    (
        *(RATES, SHARING, FIELDS, PLACES, PLACES_LONGER, DROPPING, GROUP_SIZES),
        *(SHIFTS, SHIFTS_LONGER, POOLED_FILES),
    ),
)
