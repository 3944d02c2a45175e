"""Prune, share and pack LeNet-5 and LeNet-300-100 over seeds, for the chapter *Deep Compression*.

Run as `python experiments/deep_compression.py` (about half an hour on one core), or with the
names of some tables. Writes deep_compression_*.csv, the scoreboard's rows, and
the packed networks of labcode.weights.
"""

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from record import measure, run_tables, store

from labcode import studies, weights
from labcode.papers import published
from labcode.studies.deep_compression import kept, taught, trials

SEEDS = (0, 1, 2)
SCRIPT = "experiments/deep_compression.py"
DATA = "mnist5k, 3500 training images"
LENET5_LESSONS = {
    "network": "lenet5",
    "rounds": ((0.2, 1), (0.08, 1), (0.04, 2), (0.018, 6)),
    "packed": (0.04, 0.018),
    "bits": 3,
}
NAMES = {"lenet5": "LeNet-5", "lenet_300_100": "LeNet-300-100"}  # in papers


def runs(network: str) -> list[dict]:
    return [{"network": network, "seed": seed} for seed in SEEDS]


def kept_files(function: Callable[..., Any]) -> Callable[..., Any]:
    """Store what the run of seed 0 packs, under the function's own name."""
    made_by = f"{function.__module__}.{function.__name__}"

    @functools.wraps(function)
    def run(**setting: Any) -> Any:
        if setting["seed"] != 0:
            return function(**setting)
        with tempfile.TemporaryDirectory() as folder:
            rows = function(**setting, files=Path(folder))
            for path in Path(folder).iterdir():
                facts = kept.facts_of(path.name) | {"seed": 0, "dataset": "mnist5k"}
                weights.keep(path.name, path.read_bytes(), made_by=made_by, **facts)
        return rows

    return run


def final_part(network: str, table: str) -> float:
    """Return the share of weights of the final setting: size decides, not accuracy.

    It is the mildest round whose file, with each seed, is smaller than the best published one
    that we know. So neither validation nor test is asked which round looks best.

    Source: Soft weight-sharing (arXiv:1702.04008), table 1, for that file.
    """
    best = published.table("soft_weight_sharing").set_index("model")["value"]
    smallest = studies.table(table).dropna(subset="ratio").groupby("part")["ratio"].min()
    return float(smallest[smallest > float(best[NAMES[network]])].index.max())


def curve(network: str) -> None:
    measure(
        f"deep_compression_{network}",
        kept_files(trials.curve_trial),
        runs(network),
        script=SCRIPT,
        data=DATA,
        epochs_a_round=trials.EPOCHS[network],
        epochs_of_centroids=trials.SHARE_EPOCHS[network],
    )


def lessons(teachers: str) -> None:
    """LeNet-300-100 taught by three LeNet-5, and the control: as many steps, its own teacher."""
    measure(
        f"deep_compression_taught_by_{teachers}",
        kept_files(taught.taught_trial) if teachers == "lenet5" else taught.taught_trial,
        [{"seed": seed, "teachers": teachers} for seed in SEEDS],
        script=SCRIPT,
        data=f"{DATA}, {taught.COPIES} changed copies of each",
        rounds=taught.ROUNDS,
    )


def lenet5_lessons() -> None:
    """LeNet-5 taught by all three LeNet-5 together, for as long as the small network was."""
    measure(
        "deep_compression_lenet5_taught",
        taught.taught_trial,
        [{"seed": seed, "teachers": "lenet5", **LENET5_LESSONS} for seed in SEEDS],
        script=SCRIPT,
        data=f"{DATA}, {taught.COPIES} changed copies of each",
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
    """Take the rows of the paper's setting and of the final one from the curves."""
    curves = ("deep_compression_lenet5", "deep_compression_lenet_300_100")
    taught_table = "deep_compression_taught_by_lenet5"
    rows = [*rows_of("lenet5", curves[0], trials.PAPER), *rows_of("lenet5", curves[0])]
    rows += rows_of("lenet_300_100", curves[1], trials.PAPER)
    rows += rows_of("lenet_300_100", taught_table)
    made = {
        "script": SCRIPT,
        "function": "labcode.studies.deep_compression.trials.curve_trial",
        "data": DATA,
    }
    store("scoreboard_deep_compression", rows, made | {"tables": [*curves, taught_table]})


def rows_of(network: str, table: str, part: float | None = None) -> list[dict]:
    """Return a row for each seed: the paper's setting with its file, or the final one."""
    final = part is None
    part = final_part(network, table) if part is None else part
    kind = "Deep Compression, our file" if final else "Deep Compression as in the paper"
    size = "bytes_on_disk" if final else "bytes_huffman"
    found = studies.table(table)
    rows = found[found["part"] == part].to_dict("records")
    named = {"network": network, "technique": f"{kind}, {100 * part:g} % kept"}
    columns = ("seed", "test_accuracy", "params", "macs")
    return [
        named
        | {c: row[c] if c == "test_accuracy" else int(row[c]) for c in columns}
        | {"bytes_on_disk": int(row[size])}
        for row in rows
    ]


TABLES = {
    "lenet_300_100": lambda: curve("lenet_300_100"),
    "lenet5": lambda: curve("lenet5"),
    "taught_by_lenet5": lambda: lessons("lenet5"),
    "taught_by_itself": lambda: lessons("itself"),
    "lenet5_taught": lenet5_lessons,
    "inits": inits,
    "controls": controls,
    "scoreboard": scoreboard,
}


if __name__ == "__main__":
    run_tables(TABLES, __doc__)
