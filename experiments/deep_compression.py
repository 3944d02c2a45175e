"""Prune, share and pack LeNet-5 and LeNet-300-100 over seeds, for the chapter *Deep Compression*.

Run as `python experiments/deep_compression.py` (about twenty minutes on one core), or with the
names of some tables. Writes labcode/measured/deep_compression_*.csv and the scoreboard's rows.
"""

import argparse
import sys

from record import measure, store

from labcode import measured
from labcode.coding import trials

SEEDS = (0, 1, 2)
SCRIPT = "experiments/deep_compression.py"
DATA = "mnist5k, 3500 training images"
FINAL = 0.013  # chosen on validation: see `choices`


def runs(network: str) -> list[dict]:
    return [{"network": network, "seed": seed} for seed in SEEDS]


def curve(network: str) -> None:
    measure(
        f"deep_compression_{network}",
        trials.curve_trial,
        runs(network),
        script=SCRIPT,
        data=DATA,
        epochs_a_round=trials.EPOCHS[network],
        epochs_of_centroids=trials.SHARE_EPOCHS[network],
    )


def controls() -> None:
    """LeNet-300-100 without one of the two additions: no teacher, or plain magnitude."""
    changes = ({"soft": 0.0}, {"pressure": 0.0})
    settings = [run | change for change in changes for run in runs("lenet_300_100")]
    filled = [{"soft": trials.SOFT, "pressure": 0.5} | setting for setting in settings]
    measure(
        "deep_compression_controls", trials.curve_trial, filled, script=SCRIPT, data=DATA,
        epochs_a_round=trials.EPOCHS["lenet_300_100"],
    )  # fmt: skip


def inits() -> None:
    measure(
        "deep_compression_inits",
        trials.init_trial,
        runs("lenet_300_100"),
        script=SCRIPT,
        data=DATA,
        kept=trials.PAPER,
    )


def scoreboard() -> None:
    """Take the rows of the final setting, and of the paper's, from the curves."""
    rows = []
    for network in ("lenet5", "lenet_300_100"):
        table = measured.table(f"deep_compression_{network}")
        for part, name, size in (
            (FINAL, "packed", "bytes_on_disk"),
            (trials.PAPER, "packed as in the paper", "bytes_huffman"),
        ):
            technique = f"{100 * part:g} % of the weights kept, shared, {name}"
            for row in table[table["part"] == part].to_dict("records"):
                kept = {key: row[key] for key in ("seed", "test_accuracy", "params", "macs")}
                named = {"network": network, "technique": technique}
                rows.append(named | kept | {"bytes_on_disk": row[size]})
    made = {"script": SCRIPT, "function": "labcode.coding.trials.curve_trial", "data": DATA}
    store("scoreboard_deep_compression", rows, made)


TABLES = {
    "lenet_300_100": lambda: curve("lenet_300_100"),
    "lenet5": lambda: curve("lenet5"),
    "inits": inits,
    "controls": controls,
    "scoreboard": scoreboard,
}


def main() -> int:
    """Make the tables named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", help=f"from {', '.join(TABLES)}; none means all")
    for name in parser.parse_args().tables or TABLES:
        TABLES[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
