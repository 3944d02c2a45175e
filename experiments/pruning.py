"""Run the experiments of the chapters on pruning over seeds: longer than a reader waits.

Run as `python experiments/pruning.py` (under an hour on one core), or with the names of some
tables. Writes pruning_*.csv and scoreboard_pruning.csv.
"""

import json
from itertools import product

import pandas as pd
from record import FOLDER, measure, run_tables, store

from labcode.studies import page_data
from labcode.studies.pruning import trials, unit_trials

SCRIPT = "experiments/pruning.py"
DATA = "mnist5k: 3500 training, 500 validation and 1000 test images"
SEEDS = (0, 1, 2)
NETWORKS = ("lenet_300_100", "lenet5")
LAYERS = (("lenet5", "fc1"), ("lenet_300_100", "fc1"), ("lenet5", "conv1"), ("lenet5", "conv2"))
FINE_TUNED = {
    "lenet_300_100": {
        "at once": (0.2, 0.1, 0.05, 0.02, 0.01, 0.005),
        "in rounds": (0.2, 0.1, 0.05, 0.02, 0.01, 0.005),
        "gradually": (0.2, 0.1, 0.05, 0.02, 0.01, 0.005),
        "random, at once": (0.2, 0.1, 0.05, 0.02, 0.01, 0.005),
    },
    "lenet5": dict.fromkeys(("at once", "in rounds", "gradually"), (0.1, 0.05, 0.02, 0.01, 0.005)),
}
CUTS = {
    ("lenet5", "half"): (
        "L1 norm",
        "L2 norm",
        "random",
        "L1 norm, reversed",
        "scratch, short",
        "scratch, long",
    ),
    ("lenet5", "fifth"): ("L1 norm", "random", "scratch, short", "scratch, long"),
    ("lenet_300_100", "tenth"): ("L1 norm", "random", "scratch, short", "scratch, long"),
    ("lenet_300_100", "thirtieth"): ("L1 norm", "random", "scratch, short", "scratch, long"),
}


def orders() -> None:
    settings = [{"network": n, "seed": s} for n, s in product(NETWORKS, SEEDS)]
    measure("pruning_orders", trials.order_rows, settings, script=SCRIPT, data=DATA)


def units() -> None:
    settings = [{"network": n, "layer": x, "seed": s} for (n, x), s in product(LAYERS, SEEDS)]
    measure("pruning_units", unit_trials.unit_rows, settings, script=SCRIPT, data=DATA)


def finetuned(network: str) -> None:
    settings = [
        {"network": network, "method": m, "kept": k, "epochs": trials.EPOCHS[network], "seed": s}
        for m, shares in FINE_TUNED[network].items()
        for k in shares
        for s in SEEDS
    ]
    name = f"pruning_finetuned_{network}"
    measure(name, trials.finetune_row, settings, script=SCRIPT, data=DATA)


def lottery() -> None:
    settings = [{"start": k, "seed": s} for k, s in product(("original", "early"), SEEDS)]
    measure("pruning_lottery", trials.lottery_rows, settings, script=SCRIPT, data=DATA)


def dsd() -> None:
    settings = [
        {"network": "lenet_300_100", "kind": kind, "epochs": 20, "seed": seed}
        for kind, seed in product(("dense", "DSD 30 %", "DSD 50 %"), SEEDS)
    ]
    measure("pruning_dsd", trials.dsd_row, settings, script=SCRIPT, data=DATA)


def cuts(network: str) -> None:
    settings = [
        {"network": network, "width": width, "kind": kind, "seed": seed}
        for (n, width), kinds in CUTS.items()
        for kind, seed in product(kinds, SEEDS)
        if n == network
    ]
    name = f"pruning_cuts_{network}"
    measure(name, unit_trials.structured_row, settings, script=SCRIPT, data=DATA)


def scoreboard() -> None:
    """Prune for the scoreboard, and add the cut LeNet-5 from its own table (measured before)."""
    names = {n: f"pruned to {100 * share:g} %" for n, (share, _) in trials.SCOREBOARD.items()}
    settings = [{"network": n, "technique": names[n], "seed": s} for n, s in product(names, SEEDS)]
    measure("scoreboard_pruning", trials.scoreboard_row, settings, script=SCRIPT, data=DATA)
    add_the_cut_network()


def add_the_cut_network() -> None:
    """Copy the rows of LeNet-5 with half of its filters into the scoreboard's table."""
    cut = pd.read_csv(FOLDER / "pruning_cuts_lenet5.csv").query("kind == 'L1 norm'")
    cut = cut.query("width == 'half'").drop(columns=["kind", "width"])
    rows = pd.read_csv(FOLDER / "scoreboard_pruning.csv").to_dict("records")
    made = json.loads((FOLDER / "scoreboard_pruning.json").read_text(encoding="utf-8"))
    cut_rows = cut.assign(technique="half of the filters cut out").to_dict("records")
    store("scoreboard_pruning", rows + cut_rows, made | {"cut": "from pruning_cuts_lenet5"})


def grid() -> None:
    """Write what the page browses of the fine-tuned networks."""
    page_data.write("pruned_networks")


TABLES = {
    "orders": orders,
    "units": units,
    "finetuned_lenet_300_100": lambda: finetuned("lenet_300_100"),
    "finetuned_lenet5": lambda: finetuned("lenet5"),
    "lottery": lottery,
    "dsd": dsd,
    "cuts_lenet5": lambda: cuts("lenet5"),
    "cuts_lenet_300_100": lambda: cuts("lenet_300_100"),
    "scoreboard": scoreboard,
    "grid": grid,
}


if __name__ == "__main__":
    run_tables(TABLES, __doc__)
