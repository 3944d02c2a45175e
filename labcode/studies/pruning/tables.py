"""The tables of the chapters on pruning, with their settings."""

from __future__ import annotations

from itertools import product
from typing import Any

from labcode.studies.definition import Export, Row, Study, Table, TimedTable, grid
from labcode.studies.pruning import lottery_trials, page_data, trials, unit_trials
from labcode.studies.scoreboard import techniques
from labcode.studies.searches import best_rate, with_rates

FACTS = {"data": "mnist5k: 3500 training, 500 validation and 1000 test images"}
SEEDS = (0, 1, 2)
NETWORKS = ("lenet_300_100", "lenet5")
LAYERS = (("lenet5", "fc1"), ("lenet_300_100", "fc1"), ("lenet5", "conv1"), ("lenet5", "conv2"))
FINE_TUNED: dict[str, dict[str, tuple[float, ...]]] = {
    "lenet_300_100": dict.fromkeys(
        ("at once", "in rounds", "gradually", "random, at once"),
        (0.2, 0.1, 0.05, 0.02, 0.01, 0.005),
    ),
    "lenet5": dict.fromkeys(("at once", "in rounds", "gradually"), (0.1, 0.05, 0.02, 0.01, 0.005)),
}
CONTROLLED = ("L1 norm", "random", "scratch, short", "scratch, long")
CUTS: dict[str, dict[str, tuple[str, ...]]] = {
    "lenet5": {
        "half": (
            "L1 norm",
            "L2 norm",
            "random",
            "L1 norm, reversed",
            "scratch, short",
            "scratch, long",
        ),
        "fifth": CONTROLLED,
    },
    "lenet_300_100": {"tenth": CONTROLLED, "thirtieth": CONTROLLED},
}
LOTTERY_RATE_SEEDS = (100, 101, 102)  # no other table uses them
DSD_TRAININGS: list[Row] = [
    {"network": "lenet_300_100", "kind": kind, "epochs": 20}
    for kind in ("dense", "DSD 30 %", "DSD 50 %")
]


def finetuned(network: str) -> Table:
    """Return the table of a network that is pruned in several ways and fine-tuned."""
    settings = [
        {"network": network, "method": m, "kept": k, "epochs": trials.EPOCHS[network], "seed": s}
        for m, shares in FINE_TUNED[network].items()
        for k in shares
        for s in SEEDS
    ]
    return Table(f"pruning_finetuned_{network}", trials.finetune_row, settings, facts=FACTS)


def cut_out_rows(cuts_of_lenet5: Any) -> list[Row]:
    """Return the rows of LeNet-5 with half of its filters, from their table."""
    found = cuts_of_lenet5.query("kind == 'L1 norm' and width == 'half'")
    rows = found.drop(columns=["kind", "width"]).assign(**techniques.HALF.key)
    return [dict(row) for row in rows.to_dict("records")]


ORDERS = Table("pruning_orders", trials.order_rows, grid(network=NETWORKS, seed=SEEDS), facts=FACTS)
UNITS = Table(
    "pruning_units",
    unit_trials.unit_rows,
    [{"network": n, "layer": x, "seed": s} for (n, x), s in product(LAYERS, SEEDS)],
    facts=FACTS,
)
RANDOM_UNITS = Table(
    "pruning_random_units",
    unit_trials.random_rows,
    grid(network=["lenet5"], layer=("conv1", "conv2"), draws=[10], seed=SEEDS),
    facts=FACTS,
)
FINE_TUNED_300_100, FINE_TUNED_LENET5 = finetuned("lenet_300_100"), finetuned("lenet5")
RATED = ("at once", "in rounds", "gradually")
RATED_SHARES = (0.01, 0.005)  # of the weights, where the ways to prune part
CUT_RATES_TRIED = (5e-4, 1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2, 3.2e-2, 6.4e-2)
# On the validation split; the baselines were trained at 0.002.
RATES = Table(
    "pruning_rates",
    trials.rate_row,
    grid(
        network=NETWORKS,
        method=RATED,
        kept=RATED_SHARES,
        lr=(5e-4, 1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2, 3.2e-2, 6.4e-2, 0.128),
        seed=SEEDS,
    ),
    facts=FACTS,
)
# Each way at its own best rate, and for ten times as long: rounds with more time to recover.
PATIENT = Table(
    "pruning_patient",
    trials.rate_row,
    lambda searches: [
        {"network": network, "method": method, "kept": kept, "seed": seed, "times": 10}
        | {"lr": best_rate(searches, network=network, method=method, kept=kept)}
        for network, kept, method, seed in product(NETWORKS[:1], RATED_SHARES, RATED, SEEDS)
    ],
    (RATES,),
    facts=FACTS,
)
# Small networks, cut or from scratch: on the validation split, as above.
CUT_RATES = Table(
    "pruning_cut_rates",
    unit_trials.rate_row,
    [
        {"network": network, "width": width, "kind": kind, "lr": lr, "seed": seed}
        for network in CUTS
        for width, kinds in CUTS[network].items()
        for kind, lr, seed in product(kinds, CUT_RATES_TRIED, SEEDS)
    ],
    facts=FACTS,
)
LOTTERY = Table(
    "pruning_lottery",
    lottery_trials.lottery_rows,
    grid(start=("original", "early"), seed=SEEDS),
    facts=FACTS,
)
# One of its tickets again, and its controls, each at a rate of its own.
LOTTERY_RATES = Table(
    "pruning_lottery_rates",
    lottery_trials.lottery_rate_rows,
    [{"seed": seed} for seed in LOTTERY_RATE_SEEDS],
    facts=FACTS,
)
DSD_RATES = Table(
    "pruning_dsd_rates",
    trials.dsd_row,
    [
        training | {"lr": lr, "seed": seed}
        for training, lr, seed in product(DSD_TRAININGS, CUT_RATES_TRIED, SEEDS)
    ],
    facts=FACTS,
)
DSD = Table(
    "pruning_dsd",
    trials.dsd_row,
    lambda searches: [
        training | {"seed": seed}
        for training, seed in product(with_rates(searches, DSD_TRAININGS), SEEDS)
    ],
    (DSD_RATES,),
    facts=FACTS,
)
# The cut networks of the scoreboard and of the clock, by the recipe of the whole one.
CUTS_LENET5 = Table(
    "pruning_cuts_lenet5",
    unit_trials.structured_row,
    grid(network=["lenet5"], width=("half", "fifth"), kind=["L1 norm"], seed=SEEDS),
    facts=FACTS,
)
SCOREBOARD = Table(
    "scoreboard_pruning",
    trials.scoreboard_row,
    [t.key | {"seed": s} for t, s in product(techniques.PRUNED.values(), SEEDS)],
    (CUTS_LENET5,),
    gather=cut_out_rows,
    facts=FACTS | {"cut": f"from {CUTS_LENET5.name}"},
)
ZEROS = TimedTable("pruning_zeros", "benchmarks/pruning.py")
SPARSE_PRODUCTS = TimedTable("pruning_sparse_products", "benchmarks/pruning.py")
LATENCY = TimedTable("pruning_latency", "benchmarks/pruning.py")
CHANNELS = TimedTable("pruning_channels", "benchmarks/channels.py")
MULTIPLES = TimedTable("pruning_multiples", "benchmarks/channels.py")
PAGE = Export("pruned_networks", page_data.page_data, (FINE_TUNED_300_100, FINE_TUNED_LENET5))
STUDY = Study(
    "pruning",
    (
        ORDERS,
        UNITS,
        RANDOM_UNITS,
        FINE_TUNED_300_100,
        FINE_TUNED_LENET5,
        RATES,
        PATIENT,
        CUT_RATES,
        LOTTERY,
        LOTTERY_RATES,
        DSD_RATES,
        DSD,
        CUTS_LENET5,
        SCOREBOARD,
        ZEROS,
        SPARSE_PRODUCTS,
        LATENCY,
        CHANNELS,
        MULTIPLES,
    ),
    (PAGE,),
)
