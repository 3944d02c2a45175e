"""Run the experiments of the chapter *CNN basics* over seeds: longer than a reader waits.

Run as `python experiments/cnn_basics.py` (about half an hour on one core), or with the names of
some tables. Writes cnn_basics_*.csv, each with a JSON file beside it.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial

import torch
from record import run_tables, store

from labcode.basics import networks
from labcode.studies.basics import trials

SEEDS = (0, 1, 2)
FIELD_LAYERS = range(7)

Runs = Iterator[Callable[[int], list[trials.Row]]]


def sharing() -> Runs:
    for kind in networks.FIRST_LAYERS:
        yield lambda seed, kind=kind: trials.sharing_trial(kind, seed)


def fields() -> Runs:
    for layers in FIELD_LAYERS:
        yield lambda seed, layers=layers: trials.field_trial(layers, seed)


def places() -> Runs:
    for everywhere in (False, True):
        for kind in networks.PLACE_NETWORKS:
            yield lambda seed, kind=kind, e=everywhere: trials.place_trial(kind, e, seed)


def dropping() -> Runs:
    for kind in (*trials.DROPPINGS, "every 2nd, small"):
        yield lambda seed, kind=kind: trials.dropping_trial(kind, seed)


def shifts() -> Runs:
    for augmented in (False, True):
        for kind in networks.POOLINGS:
            yield lambda seed, k=kind, a=augmented: trials.pooling_trial(k, a, seed)


def groups() -> Runs:
    for group, twice in ((2, True), (3, True), (4, True), (3, False), (4, False)):
        for kind in ("drop", "mean", "max"):
            yield lambda seed, k=kind, g=group, t=twice: trials.group_trial(k, g, t, seed)


TABLES = {
    "sharing": (sharing, "labcode.studies.basics.trials.sharing_trial"),
    "fields": (fields, "labcode.studies.basics.trials.field_trial"),
    "places": (places, "labcode.studies.basics.trials.place_trial"),
    "dropping": (dropping, "labcode.studies.basics.trials.dropping_trial"),
    "groups": (groups, "labcode.studies.basics.trials.group_trial"),
    "shifts": (shifts, "labcode.studies.basics.trials.pooling_trial"),
}


def measure(name: str) -> None:
    """Run all settings of a table with all seeds, and write it with how it was made."""
    runs, function = TABLES[name]
    start, rows = time.process_time(), []
    for seed in SEEDS:
        for run in runs():
            rows += [{"seed": seed} | row for row in run(seed)]
            print(name, rows[-1], f"{time.process_time() - start:.0f} s", flush=True)
    made = {
        "script": "experiments/cnn_basics.py",
        "function": function,
        "seeds": list(SEEDS),
        "data": f"mnist5k, {trials.N_TRAIN} training and 1000 test images",
        "epochs": trials.EPOCHS * {"fields": 2, "groups": 3, "sharing": 3}.get(name, 1),
        "processor_seconds": round(time.process_time() - start),
    }
    store(f"cnn_basics_{name}", rows, made)


if __name__ == "__main__":
    torch.set_num_threads(1)  # the networks are so small that threads only wait for each other
    run_tables({name: partial(measure, name) for name in TABLES}, __doc__)
