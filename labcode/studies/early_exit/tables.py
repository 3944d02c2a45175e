"""The tables of the chapters on dynamic computation, with their settings.

Learning rates are the baselines'; the table `early_exit_rates` compares them with others on the
validation split.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from labcode.early_exit.training import METHODS as ALL_METHODS
from labcode.models.slimmable_cnn import WIDTHS
from labcode.studies.definition import Export, Outcome, Row, Study, Table, TimedTable, Weights, grid
from labcode.studies.early_exit import page_data, trials
from labcode.studies.scoreboard import shapes, techniques
from labcode.weights import load_exits, pack
from labcode.weights.exits import BUDGET, FILE, SEED

PLAIN = {
    "data": "mnist5k: 3500 training, 500 validation and 1000 test images, no augmentation",
}
CHANGED = {"data": "mnist5k: 3500 training, 500 validation and 1000 test images, augmented"}
SEEDS = (0, 1, 2)
HARM_SEEDS = (0, 1, 2, 3, 4)
RATE_SEEDS = (100, 101)  # no other table uses them
FEATURED = ("last exit alone", "equal weights")
USUAL: Row = {"design": "narrow chain", "grid": 1, "n_train": 3500, "steps": trials.STEPS}
COLUMNS = ["network", "technique", "seed", "test_accuracy", "params", "macs", "bytes_on_disk"]


def harm(name: str, **change: Any) -> Table:
    """Return the table of the same pair, with and without exits, with one thing changed."""
    settings = [USUAL | change | {"method": m, "seed": s} for m, s in product(FEATURED, SEEDS)]
    return Table(name, trials.harm_rows, settings, facts=PLAIN)


def exits_outcome(seed: int) -> Outcome:
    """Run `trials.exits_rows`, and hand out the weights of the network that is stored."""
    rows = trials.exits_rows(seed)
    if seed != SEED:
        return Outcome(rows, {})
    about = {"network": "exit_cnn", "seed": seed, "dataset": "mnist5k"}
    header = {"format": "pt"} | {name: str(fact) for name, fact in about.items()}
    return Outcome(rows, {FILE: Weights(pack(trials.trained(seed), header), about)})


def scoreboard_rows(family: Any, budgets: Any, slimmable: Any) -> list[Row]:
    """Return the chain without exits, with early exits, and slimmed to half of its width."""
    import pandas as pd

    from labcode.models.slimmable_cnn import slimmable_cnn

    whole = family.query("width == 1.0").assign(**techniques.WITHOUT_EXITS.key)
    early = budgets.query(f"kind == 'confidence' and share == {BUDGET}")
    early = early.assign(**techniques.EXITS.key, **_size(load_exits()))
    slim = slimmable.query(f"switchable and not measured_anew and width == {shapes.SLIM_WIDTH}")
    slim = slim.assign(**techniques.SLIM.key, **_size(slimmable_cnn()))
    rows = pd.concat([part[COLUMNS] for part in (whole, early, slim)])
    rows["macs"] = rows["macs"].round().astype(int)
    return [dict(row) for row in rows.to_dict("records")]


def _size(network: Any) -> Row:
    from safetensors.torch import save

    params = sum(p.numel() for p in network.parameters())
    return {"params": params, "bytes_on_disk": len(save(network.state_dict()))}


RATES = Table(
    "early_exit_rates",
    trials.tuning_row,
    [
        {"design": "narrow chain", "method": m, "seed": s, "lr": lr}
        for m, lr, s in product(FEATURED, trials.RATES, RATE_SEEDS)
    ],
    facts=PLAIN,
)
BUDGETS = Table(
    "early_exit_budgets",
    exits_outcome,
    grid(seed=SEEDS),
    facts=CHANGED,
)
FAMILY = Table(
    "early_exit_family", trials.family_row, grid(width=WIDTHS, seed=SEEDS), facts=CHANGED
)
# With and without exits, in a narrow chain whose exits see means alone.
HARM = Table(
    "early_exit_harm",
    trials.harm_rows,
    [USUAL | {"method": m, "seed": s} for m, s in product(FEATURED, HARM_SEEDS)],
    facts=PLAIN,
)
HARM_GRID = harm("early_exit_harm_grid", grid=3)
HARM_STEPS = harm("early_exit_harm_steps", steps=2 * trials.STEPS)
HARM_MULTI = harm("early_exit_harm_multi", design="multi-scale")
HARM_WIDE = harm("early_exit_harm_wide", design="wide chain")
# The other ways to train all exits.
METHODS = Table(
    "early_exit_methods",
    trials.harm_rows,
    [
        USUAL | {"method": m, "seed": s}
        for m, s in product([m for m in ALL_METHODS if m not in FEATURED], HARM_SEEDS)
    ],
    facts=PLAIN,
)
SLIMMABLE = Table(
    "early_exit_slimmable",
    trials.slim_rows,
    grid(switchable=(True, False), seed=SEEDS),
    facts=CHANGED,
)
SCOREBOARD = Table(
    "scoreboard_early_exit",
    needs=(FAMILY, BUDGETS, SLIMMABLE),
    gather=scoreboard_rows,
    facts=CHANGED | {"tables": [FAMILY.name, BUDGETS.name, SLIMMABLE.name]},
)
LATENCY = TimedTable("early_exit_latency", "benchmarks/dynamic_computation.py")
PAGE = Export("exit_thresholds", page_data.page_data, (BUDGETS,))
STUDY = Study(
    "early_exit",
    (
        RATES,
        BUDGETS,
        FAMILY,
        HARM,
        HARM_GRID,
        HARM_STEPS,
        HARM_MULTI,
        HARM_WIDE,
        METHODS,
        SLIMMABLE,
        SCOREBOARD,
        LATENCY,
    ),
    (PAGE,),
)
