"""Run the experiments of the chapters on pruning over seeds: longer than a reader waits.

Run as `python experiments/pruning.py` (under an hour on one core), or with the names of some
tables. Writes pruning_*.csv and scoreboard_pruning.csv.
"""

import json
from itertools import product

import pandas as pd
from record import FOLDER, ROOT, measure, run_tables, store

from labcode.studies.pruning import trials, unit_trials
from labcode.studies.scoreboard import techniques
from labcode.weights import baselines

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
    pruned = techniques.PRUNED.values()
    settings = [technique.key | {"seed": s} for technique, s in product(pruned, SEEDS)]
    measure("scoreboard_pruning", trials.scoreboard_row, settings, script=SCRIPT, data=DATA)
    add_the_cut_network()


def add_the_cut_network() -> None:
    """Copy the rows of LeNet-5 with half of its filters into the scoreboard's table."""
    cut = pd.read_csv(FOLDER / "pruning_cuts_lenet5.csv").query("kind == 'L1 norm'")
    cut = cut.query("width == 'half'").drop(columns=["kind", "width"])
    rows = pd.read_csv(FOLDER / "scoreboard_pruning.csv").to_dict("records")
    made = json.loads((FOLDER / "scoreboard_pruning.json").read_text(encoding="utf-8"))
    cut_rows = cut.assign(**techniques.HALF.key).to_dict("records")
    store("scoreboard_pruning", rows + cut_rows, made | {"cut": "from pruning_cuts_lenet5"})


def grid() -> None:
    """Bake the means of the fine-tuned networks into the calculator that browses them."""
    frames = [pd.read_csv(FOLDER / f"pruning_finetuned_{n}.csv") for n in NETWORKS]
    groups = pd.concat(frames).groupby(["network", "method", "kept"], sort=False)["test_accuracy"]
    lines = [
        '"""What `pruned_networks` shows: written by experiments/pruning.py from its tables."""',
        "",
        "# (network, way, kept share): mean and standard deviation of test accuracy, three seeds",
        "GRID = {",
    ]
    for network in NETWORKS:
        plain = pd.Series([result.test_accuracy for result in baselines.results(network)])
        lines.append(f'    ("{network}", "none", 1.0): ({plain.mean():.4f}, {plain.std():.4f}),')
    for (network, method, kept), found in groups:
        values = f"({found.mean():.4f}, {found.std():.4f})"
        lines.append(f'    ("{network}", "{method}", {kept:g}): {values},')
    lines += ["}", "", 'WEIGHTS = {"lenet_300_100": 266_200, "lenet5": 430_500}  # biases stay']
    target = ROOT / "labcode/pages/calculators" / "pruned_grid.py"
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


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
