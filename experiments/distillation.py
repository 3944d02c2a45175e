"""Run the experiments of the chapters on distillation over seeds: longer than a reader waits.

Run as `python experiments/distillation.py` (about half an hour on one core), or with the names of
some tables. Writes distillation_*.csv and scoreboard_distillation.csv, each with
a JSON file beside it.

Settings are chosen on the validation split with three seeds (temperature, weight, labels). Only
then do the other tables look at the test split, with five seeds.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

import record

from labcode import studies
from labcode.distillation import ensembles
from labcode.studies import page_data
from labcode.studies.distillation import trials, unseen

SCRIPT = "experiments/distillation.py"
DATA = "mnist5k"
TUNING_SEEDS, SEEDS, UNSEEN_SEEDS, ENSEMBLE_SEEDS = range(3), range(5), range(3), range(3)
Settings = Iterable[dict[str, Any]]


def grid(**values: Iterable[Any]) -> Settings:
    """Return every combination of the values, the last one changing fastest."""
    settings: list[dict[str, Any]] = [{}]
    for name, options in values.items():
        settings = [setting | {name: option} for setting in settings for option in list(options)]
    return settings


def tuning(method: str, **knob: Iterable[Any]) -> Settings:
    return grid(method=[method], n_train=(500, 3500), **knob, seed=TUNING_SEEDS)


def labels() -> Settings:
    yield from tuning("labels", lr=(2e-3, 5e-3, 1e-2), weight_decay=(0.01, 0.3))
    yield from tuning("label smoothing", smoothing=(0.05, 0.1, 0.2, 0.4))


def methods() -> Settings:
    yield from grid(
        n_train=trials.SIZES, method=("labels", "label smoothing", "teacher"), seed=SEEDS
    )
    yield from grid(n_train=(500, 1000), method=["teacher of the same images"], seed=SEEDS)
    yield from grid(n_train=(500, 3500), method=["hints, then teacher"], seed=SEEDS)


def unseen_digits() -> Settings:
    for digit in (7, 3):
        yield from grid(digit=[digit], lesson=unseen.LESSONS, seed=UNSEEN_SEEDS)
        yield from grid(digit=[digit], lesson=["soft labels"], seed=UNSEEN_SEEDS, shown=[True])


TABLES: dict[str, tuple[Any, Any]] = {
    "temperature": (
        trials.tuning_trial,
        lambda: tuning("teacher", temperature=(1.0, 2.0, 4.0, 8.0, 16.0, 32.0)),
    ),
    "weight": (
        trials.tuning_trial,
        lambda: tuning("teacher", soft_weight=(0.3, 0.6, 0.9, 1.0)),
    ),
    "labels": (trials.tuning_trial, labels),
    "methods": (trials.method_trial, methods),
    "augmented": (
        trials.augmented_trial,
        lambda: grid(method=trials.AUGMENTED, seed=SEEDS),
    ),
    "augmented_few": (
        trials.augmented_trial,
        lambda: grid(method=["labels"], n_train=[500], seed=SEEDS),
    ),
    "relu": (
        trials.relu_trial,
        lambda: grid(method=("labels", "teacher"), seed=SEEDS),
    ),
    "ensemble_temperature": (
        ensembles.ensemble_trial,
        lambda: grid(
            temperature=(1.0, 2.0, 4.0, 8.0), on=["validation"], controls=[False], seed=[100]
        ),
    ),
    "ensemble": (ensembles.ensemble_trial, lambda: grid(seed=ENSEMBLE_SEEDS)),
    "unseen_temperature": (
        unseen.unseen_trial,
        lambda: grid(
            digit=[7], lesson=["soft labels"], temperature=(1.0, 2.0, 4.0, 8.0, 16.0), seed=range(3)
        ),
    ),
    "unseen": (unseen.unseen_trial, unseen_digits),
}


def measure(name: str) -> None:
    """Run all settings of a table and write it with how it was made."""
    function, settings = TABLES[name]
    facts = {"data": DATA, "steps": trials.STEPS, "lr": trials.LR}
    facts |= {"temperature": trials.TEMPERATURE, "soft_weight": trials.SOFT_WEIGHT}
    record.measure(f"distillation_{name}", function, settings(), script=SCRIPT, **facts)


def scoreboard() -> None:
    """Write the scoreboard's rows from the tables that hold them."""
    from labcode.counting import count
    from labcode.distillation import student

    plain = studies.table("distillation_methods").query("n_train == 3500")
    changed = studies.table("distillation_augmented")
    named = [
        (plain, "labels", "labels alone"),
        (plain, "teacher", "taught by LeNet-5"),
        (changed, "labels", "labels alone, augmented"),
        (changed, "live teacher", "taught by LeNet-5, augmented"),
    ]
    macs = count(student(), (1, 28, 28)).macs
    rows = [
        {"network": "student", "technique": technique, "seed": run.seed}
        | {"test_accuracy": run.test_accuracy, "params": run.params, "macs": macs}
        | {"bytes_on_disk": run.bytes_on_disk}
        for table, method, technique in named
        for run in table[table["method"] == method].itertuples()
    ]
    made = {
        "script": SCRIPT,
        "function": "labcode.studies.distillation.trials.method_trial",
        "data": DATA,
    }
    record.store("scoreboard_distillation", rows, made)


def sevens() -> None:
    """Write what the page shows of soft labels."""
    page_data.write("soft_label")


if __name__ == "__main__":
    tables = {name: partial(measure, name) for name in TABLES}
    record.run_tables(tables | {"scoreboard": scoreboard, "sevens": sevens}, __doc__)
