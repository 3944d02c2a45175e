"""Fill the scoreboard's rows that no chapter has: combinations, low rank, efficient blocks.

Run as `python experiments/scoreboard.py` (under half an hour on one core), or with the names of
some tables. Writes scoreboard_combinations.csv, scoreboard_low_rank.csv and
scoreboard_architecture.csv, each with a JSON file beside it. Run those of deep_compression.py and
architecture_blocks.py first: two tables take rows from them.
"""

import json
from itertools import product

import pandas as pd
from record import FOLDER, measure, run_tables, store
from safetensors.torch import save

from labcode import counting, studies
from labcode.models import blocks
from labcode.studies.blocks import block_trials
from labcode.studies.low_rank import low_rank_trials
from labcode.studies.pruning.unit_trials import INPUT_SHAPE
from labcode.studies.scoreboard import combinations, techniques

SCRIPT = "experiments/scoreboard.py"
SEEDS = (0, 1, 2)
DATA = "mnist5k: 3500 training, 500 validation and 1000 test images, augmented"
COLUMNS = ("seed", "validation_accuracy", "test_accuracy", "params", "macs", "bytes_on_disk")
TAUGHT = "deep_compression_lenet5_taught"


def combined() -> None:
    """Half of LeNet-5's filters with what comes after; and the whole LeNet-5, from its table."""
    settings = [{"network": combinations.NETWORK, "seed": seed} for seed in SEEDS]

    def rows(network: str, seed: int) -> list[dict]:
        return combinations.combination_rows(seed)

    measure("scoreboard_combinations", rows, settings, script=SCRIPT, data=DATA)
    add_the_taught_lenet5()


def add_the_taught_lenet5() -> None:
    """Copy the smallest packed LeNet-5 that three LeNet-5 taught into the table (run before)."""
    found = studies.table(TAUGHT)
    smallest = found[found["part"] == found["part"].min()].astype({"params": int, "macs": int})
    named = techniques.TAUGHT_PACKED.key
    extra = smallest.astype({"bytes_on_disk": int})[list(COLUMNS)].assign(**named)
    rows = pd.read_csv(FOLDER / "scoreboard_combinations.csv")
    rows = rows[rows["technique"] != named["technique"]].to_dict("records")
    made = json.loads((FOLDER / "scoreboard_combinations.json").read_text(encoding="utf-8"))
    made |= {
        "function": "labcode.studies.scoreboard.combinations.combination_rows",
        "taught by three": f"from {TAUGHT}",
    }
    store("scoreboard_combinations", rows + extra.to_dict("records"), made)


def low_rank() -> None:
    """Take LeNet-300-100 with a low-rank first layer from its table, and weigh that shape."""
    table = studies.table("architecture_low_rank")
    mended = table.query("network == 'lenet_300_100' and closest == 'answers' and epochs > 0")
    rows = []
    for rank, technique in techniques.RANKS.items():
        shape = low_rank_trials.cut_network("lenet_300_100", "weights", rank, 0)
        cost = counting.count(shape, INPUT_SHAPE)
        spent = {"macs": cost.macs, "bytes_on_disk": len(save(shape.state_dict()))}
        found = mended[mended["rank"] == rank].assign(**technique.key, **spent)
        rows += found[["network", "technique", *COLUMNS]].to_dict("records")
    made = {"script": SCRIPT, "data": DATA, "tables": ["architecture_low_rank"]}
    store("scoreboard_low_rank", rows, made)


def architecture() -> None:
    """Train each block's small backbone as the small CNN is trained, at one budget."""
    settings = [{"kind": kind, "seed": seed} for seed, kind in product(SEEDS, blocks.BLOCKS)]
    name = "scoreboard_architecture"
    measure(name, block_trials.board_row, settings, script=SCRIPT, data=DATA)
    found = pd.read_csv(FOLDER / f"{name}.csv")
    keys = pd.DataFrame([techniques.BLOCKS[kind].key for kind in found.pop("kind")])
    found = pd.concat([keys, found], axis=1)
    made = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    made |= {"budget": block_trials.BUDGETS[0], "recipe": "small_cnn"}
    store(name, found.to_dict("records"), made)


TABLES = {
    "combinations": combined,
    "taught": add_the_taught_lenet5,  # part of "combinations"; alone, after its table changed
    "low_rank": low_rank,
    "architecture": architecture,
}


if __name__ == "__main__":
    run_tables(TABLES, __doc__)
