"""The tables of the quantization pages, with their settings.

The learning rate was chosen on the validation split, seed 0, four epochs, 5e-4 against 2e-3:
with 4-bit weights and activations 494 and 494 of 500 right, with 2 bits 490 and 493, with 1 bit
486 and 489; with 1-bit weights alone 491 and 490, with 2-bit ones 489 and 492. All methods take
the same rate, so that none has an advantage.
"""

from __future__ import annotations

from collections.abc import Iterator

from labcode.quantization import METHODS
from labcode.studies.definition import Export, Row, Study, Table, TimedTable, grid
from labcode.studies.quantization import page_data, trials
from labcode.studies.scoreboard import techniques

SEEDS = (0, 1, 2)
NETWORKS = ("lenet5", "small_cnn")
ALL_BITS = range(8, 0, -1)
TRAINED_BITS = (8, 4, 3, 2, 1)  # training with 5 to 7 bits shows nothing that 4 and 8 do not
FACTS = {
    "seeds": list(SEEDS),
    "data": "mnist5k: 3,500 training, 500 validation and 1,000 test images",
    "calibration": f"{trials.CALIBRATION} training images",
    "epochs": trials.EPOCHS,
    "lr": trials.LR,
}


def bits_settings() -> Iterator[Row]:
    """LeNet-5 with all methods; the small CNN with fewer, since its curves look alike."""
    for seed in SEEDS:
        for network in NETWORKS:
            for method in trials.IN_FLOAT:
                yield {"network": network, "method": method, "bits": 32, "seed": seed}
            for method, way in trials.METHODS.items():
                if network == "small_cnn" and way.shared and way.trained:
                    continue
                few = (4, 2, 1) if network == "small_cnn" else TRAINED_BITS
                for width in few if way.trained else ALL_BITS:
                    yield {"network": network, "method": method, "bits": width, "seed": seed}
        yield {"network": "lenet5", "method": "ternary", "bits": 2, "seed": seed}


INT8 = Table(
    "quantization_int8", trials.int8_trial, grid(network=NETWORKS, seed=SEEDS), facts=FACTS
)
SCOREBOARD = Table(
    "scoreboard_quantization",
    trials.scoreboard_trial,
    [
        *grid(network=["lenet5"], technique=trials.TECHNIQUES, seed=SEEDS),
        *[techniques.SMALL_CNN_INT8.key | {"seed": seed} for seed in SEEDS],
    ],
    facts=FACTS,
)
BITS = Table("quantization_bits", trials.bits_trial, list(bits_settings()), facts=FACTS)
RANGES = Table(
    "quantization_ranges",
    trials.range_trial,
    [
        {"network": network, "method": method, "bits": bits, "seed": seed}
        for network in NETWORKS
        for seed in SEEDS
        for bits in (8, 6, 5, 4, 3, 2)
        for method in METHODS
    ],
    facts=FACTS,
)
LATENCY = TimedTable("quantization_latency", "benchmarks/quantization.py")
KERNELS = TimedTable("quantization_kernels", "benchmarks/quantization.py")
PAGE = Export("few_bits", page_data.page_data, (BITS,))
STUDY = Study("quantization", (INT8, SCOREBOARD, BITS, RANGES, LATENCY, KERNELS), (PAGE,))
