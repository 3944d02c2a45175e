"""Run the experiments of the quantization pages over seeds: longer than a reader waits.

Run as `python experiments/quantization.py` (about half an hour on one core), or with the names
of some tables. Writes quantization_*.csv and scoreboard_quantization.csv.

The learning rate was chosen on the validation split, seed 0, four epochs, 5e-4 against 2e-3:
with 4-bit weights and activations 494 and 494 of 500 right, with 2 bits 490 and 493, with 1 bit
486 and 489; with 1-bit weights alone 491 and 490, with 2-bit ones 489 and 492. All methods take
the same rate, so that none has an advantage.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from record import measure, run_tables

from labcode.quantization import METHODS
from labcode.studies import page_data
from labcode.studies.quantization import trials

SEEDS = (0, 1, 2)
ALL_BITS = range(8, 0, -1)
TRAINED_BITS = (8, 4, 3, 2, 1)  # training with 5 to 7 bits shows nothing that 4 and 8 do not

Settings = Iterator[dict[str, Any]]


def bits() -> Settings:
    """LeNet-5 with all methods; the small CNN with fewer, since its curves look alike."""
    for seed in SEEDS:
        for network in ("lenet5", "small_cnn"):
            for method in ("float32", "float32, trained on"):
                yield {"network": network, "method": method, "bits": 32, "seed": seed}
            for method in trials.METHODS:
                trained = "QAT" in method or "trained" in method
                if network == "small_cnn" and "trained" in method:
                    continue
                few = (4, 2, 1) if network == "small_cnn" else TRAINED_BITS
                for width in few if trained else ALL_BITS:
                    yield {"network": network, "method": method, "bits": width, "seed": seed}
        yield {"network": "lenet5", "method": "ternary", "bits": 2, "seed": seed}


def ranges() -> Settings:
    for network in ("lenet5", "small_cnn"):
        for seed in SEEDS:
            for width in (8, 6, 5, 4, 3, 2):
                for method in METHODS:
                    yield {"network": network, "method": method, "bits": width, "seed": seed}


def int8() -> Settings:
    for network in ("lenet5", "small_cnn"):
        for seed in SEEDS:
            yield {"network": network, "seed": seed}


def scoreboard() -> Settings:
    for technique in trials.TECHNIQUES:
        for seed in SEEDS:
            yield {"network": "lenet5", "technique": technique, "seed": seed}
    for seed in SEEDS:
        yield {"network": "small_cnn", "technique": "int8, post-training", "seed": seed}


TABLES: dict[str, tuple[Callable[..., Any], Callable[[], Settings]]] = {
    "quantization_int8": (trials.int8_trial, int8),
    "scoreboard_quantization": (trials.scoreboard_trial, scoreboard),
    "quantization_bits": (trials.bits_trial, bits),
    "quantization_ranges": (trials.range_trial, ranges),
}


def measure_table(name: str) -> None:
    """Run all settings of a table and write it with how it was made."""
    function, settings = TABLES[name]
    measure(
        name,
        function,
        settings(),
        script="experiments/quantization.py",
        seeds=list(SEEDS),
        data="mnist5k: 3,500 training, 500 validation and 1,000 test images",
        calibration=f"{trials.CALIBRATION} training images",
        epochs=trials.EPOCHS,
        lr=trials.LR,
    )
    if name == "quantization_bits":
        page_data.write("few_bits")


if __name__ == "__main__":
    run_tables({name: partial(measure_table, name) for name in TABLES}, __doc__)
