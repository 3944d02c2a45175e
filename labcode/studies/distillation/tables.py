"""The tables of the chapters on distillation, with their settings.

Settings are chosen on the validation split with three seeds (temperature, weight, labels). Only
then do the other tables look at the test split, with five seeds.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

from labcode.studies.definition import Export, Outcome, Row, Study, Table, Weights, grid
from labcode.studies.distillation import ensembles, page_data, trials, unseen
from labcode.studies.scoreboard import techniques
from labcode.studies.searches import best_rate

TUNING_SEEDS, SEEDS, UNSEEN_SEEDS, ENSEMBLE_SEEDS = range(3), range(5), range(3), range(3)
SHIPPED = ("live teacher", 0)  # method and seed of the student on the page *Draw a digit*
FACTS = {
    "data": "mnist5k",
    "steps": trials.STEPS,
    "lr": trials.LR,
    "temperature": trials.TEMPERATURE,
    "soft_weight": trials.SOFT_WEIGHT,
}

# What the tables that choose were trained with, where they do not vary it: nothing was chosen yet.
AT_FIRST = {"lr": 5e-3, "weight_decay": 0.01, "soft_weight": 1.0}


def tuning_row(method: str, n_train: int, seed: int, **knobs: float) -> Row:
    """Run `trials.tuning_trial` from the settings before anything was chosen."""
    return trials.tuning_trial(method, n_train, seed, **(AT_FIRST | knobs))


def tuning(method: str, **knob: Iterable[Any]) -> list[Row]:
    """Return a method at two sizes of the training set, with all values of its knobs."""
    return grid(method=[method], n_train=(500, 3500), **knob, seed=TUNING_SEEDS)


def unseen_settings(digit: int) -> list[Row]:
    """Return all lessons without a digit, and what is possible with it."""
    return [
        *grid(digit=[digit], lesson=unseen.LESSONS, seed=UNSEEN_SEEDS),
        *grid(digit=[digit], lesson=["soft labels"], seed=UNSEEN_SEEDS, shown=[True]),
    ]


def augmented_outcome(method: str, seed: int) -> Outcome:
    """Run `trials.augmented_trial`, and hand out the weights of the student that is shipped."""
    from safetensors.torch import save

    model = trials.augmented_student(method, seed)
    shipped = (method, seed) == SHIPPED
    about = {"network": "student", "seed": seed, "dataset": "mnist5k"}
    packed = Weights(save(model.state_dict()), about)
    files = {"student.safetensors": packed} if shipped else {}
    return Outcome(trials.report(model, 3500), files)


def scoreboard_rows(methods: Any, augmented: Any) -> list[Row]:
    """Return the students of all images, alone and taught, with plain images and changed ones."""
    from labcode.counting import count
    from labcode.models import student

    plain = methods.query("n_train == 3500")
    named = [
        (plain, "labels", techniques.LABELS),
        (plain, "teacher", techniques.TAUGHT),
        (augmented, "labels", techniques.LABELS_AUGMENTED),
        (augmented, "live teacher", techniques.TAUGHT_AUGMENTED),
    ]
    macs = count(student(), (1, 28, 28)).macs
    return [
        technique.key
        | {"seed": run.seed}
        | {"test_accuracy": run.test_accuracy, "params": run.params, "macs": macs}
        | {"bytes_on_disk": run.bytes_on_disk}
        for table, method, technique in named
        for run in table[table["method"] == method].itertuples()
    ]


TEMPERATURE = Table(
    "distillation_temperature",
    tuning_row,
    tuning("teacher", temperature=(1.0, 2.0, 4.0, 8.0, 16.0, 32.0)),
    facts=FACTS | AT_FIRST,
)
WEIGHT = Table(
    "distillation_weight",
    tuning_row,
    tuning("teacher", soft_weight=(0.3, 0.6, 0.9, 1.0)),
    facts=FACTS | AT_FIRST,
    kept_for="the weight of the soft labels, chosen on the validation split",
)
LABELS = Table(
    "distillation_labels",
    tuning_row,
    [
        *tuning("labels", lr=(2e-3, 5e-3, 1e-2), weight_decay=(0.01, 0.3)),
        *tuning("label smoothing", smoothing=(0.05, 0.1, 0.2, 0.4)),
    ],
    facts=FACTS | AT_FIRST,
)
LESSONS = ("labels", "label smoothing", "teacher")
RATED_SIZES = (500, 3500)
RATES = Table(  # of each lesson, at the chosen temperature, weights and decay
    "distillation_rates",
    trials.tuning_trial,
    grid(
        method=LESSONS,
        n_train=RATED_SIZES,
        lr=(2.5e-3, 5e-3, 1e-2, 2e-2, 4e-2, 8e-2, 0.16),
        seed=TUNING_SEEDS,
    ),
    facts=FACTS,
)
DECAYS = Table(  # of each lesson, at its own best rate
    "distillation_decays",
    trials.tuning_trial,
    lambda searches: [
        {"method": method, "n_train": n_train, "lr": best_rate(searches, **chosen)}
        | {"weight_decay": decay, "seed": seed}
        for method, n_train, decay, seed in product(
            LESSONS, RATED_SIZES, (0.01, 0.1, 0.3, 1.0, 3.0), TUNING_SEEDS
        )
        for chosen in [{"method": method, "n_train": n_train}]
    ],
    (RATES,),
    facts=FACTS,
)
OWN_RATES = Table(
    "distillation_own_rates",
    trials.own_rate_trial,
    lambda searches: [
        {"method": method, "n_train": n_train, "lr": best_rate(searches, **chosen), "seed": seed}
        for method, n_train, seed in product(LESSONS, RATED_SIZES, SEEDS)
        for chosen in [{"method": method, "n_train": n_train}]
    ],
    (RATES,),
    facts=FACTS,
)
METHODS = Table(
    "distillation_methods",
    trials.method_trial,
    [
        *grid(n_train=trials.SIZES, method=("labels", "label smoothing", "teacher"), seed=SEEDS),
        *grid(n_train=(500, 1000), method=["teacher of the same images"], seed=SEEDS),
        *grid(n_train=(500, 3500), method=["hints, then teacher"], seed=SEEDS),
    ],
    facts=FACTS,
)
AUGMENTED = Table(
    "distillation_augmented",
    augmented_outcome,
    grid(method=trials.AUGMENTED, seed=SEEDS),
    facts=FACTS,
)
AUGMENTED_FEW = Table(
    "distillation_augmented_few",
    trials.augmented_trial,
    grid(method=["labels"], n_train=[500], seed=SEEDS),
    facts=FACTS,
)
# The missing corner: a teacher beside the changed images, where there are few of them.
AUGMENTED_FEW_TAUGHT = Table(
    "distillation_augmented_few_taught",
    trials.augmented_trial,
    grid(method=["live teacher"], n_train=[500], seed=SEEDS),
    facts=FACTS,
)
RELU = Table(
    "distillation_relu", trials.relu_trial, grid(method=("labels", "teacher"), seed=SEEDS),
    facts=FACTS,
)  # fmt: skip
ENSEMBLE_TEMPERATURE = Table(
    "distillation_ensemble_temperature",
    ensembles.ensemble_trial,
    grid(temperature=(1.0, 2.0, 4.0, 8.0), on=["validation"], controls=[False], seed=[100]),
    facts=FACTS,
    kept_for="the temperature of the ensemble, chosen on the validation split",
)
ENSEMBLE = Table(
    "distillation_ensemble", ensembles.ensemble_trial, grid(seed=ENSEMBLE_SEEDS), facts=FACTS
)
UNSEEN_TEMPERATURE = Table(
    "distillation_unseen_temperature",
    unseen.unseen_trial,
    grid(
        digit=[7],
        lesson=["soft labels"],
        temperature=(1.0, 2.0, 4.0, 8.0, 16.0),
        seed=UNSEEN_SEEDS,
    ),
    facts=FACTS,
)
UNSEEN = Table(
    "distillation_unseen",
    unseen.unseen_trial,
    [*unseen_settings(7), *unseen_settings(3)],
    facts=FACTS,
)
SCOREBOARD = Table(
    "scoreboard_distillation",
    needs=(METHODS, AUGMENTED),
    gather=scoreboard_rows,
    facts={"data": "mnist5k", "tables": [METHODS.name, AUGMENTED.name]},
)
PAGE = Export("soft_label", page_data.page_data)
STUDY = Study(
    "distillation",
    (
        TEMPERATURE,
        WEIGHT,
        LABELS,
        RATES,
        DECAYS,
        OWN_RATES,
        METHODS,
        AUGMENTED,
        AUGMENTED_FEW,
        AUGMENTED_FEW_TAUGHT,
        RELU,
        ENSEMBLE_TEMPERATURE,
        ENSEMBLE,
        UNSEEN_TEMPERATURE,
        UNSEEN,
        SCOREBOARD,
    ),
    (PAGE,),
)
