"""Which pairs of networks the folds compare, and what the stored answers say about each pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from labcode import studies
from labcode.models.blocks import BLOCKS as KINDS
from labcode.training import Difference, difference_over_answers, difference_over_folds

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Comparison:
    """Two networks of one table: what the second gets right more than the first.

    Args:
        table: Name of the stored table.
        first: A network of it, as its column says it.
        second: Another.
        label: What people read.
    """

    table: str
    first: str
    second: str
    label: str

    def over_folds(self) -> Difference:
        """Return the difference over all folds, each with three seeds of its own."""
        return difference_over_folds(*self._answers())

    def on_one_fold(self) -> Difference:
        """Return the difference on the chapters' 1,000 test digits, over their three seeds."""
        one, two = self._answers()
        return difference_over_answers(one[0], two[0])

    def fold_by_fold(self) -> list[float]:
        """Return the mean difference of each fold, in parts of 1."""
        one, two = self._answers()
        return [float(mean) for mean in (two - one).mean(axis=(1, 2))]

    def _answers(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        table = studies.table(self.table)
        return right(table, self.first), right(table, self.second)


EXITS = Comparison(
    "folds_exits", "last exit alone", "equal weights", "last exit, trained with all exits"
)
BLOCKS = Comparison("folds_blocks", "standard", "depthwise separable", "depthwise separable blocks")
SE = Comparison("folds_se", "without SE", "standard SE", "SE in a small ResNet")
SE_MAXIMUM = Comparison("folds_se", "standard SE", "maximum", "SE that squeezes by the maximum")
SE_WIDER = Comparison("folds_se", "standard SE", "r = 2", "SE with a reduction of 2")


def compressed(table: str, network: str, labels: dict[str, str]) -> tuple[Comparison, ...]:
    """Return what each way to compress a network costs it.

    Args:
        table: Name of the stored table.
        network: As people read it.
        labels: A compressed network, as the table says it, to what people read.
    """
    return tuple(
        Comparison(table, "uncompressed", name, f"{network}, {label}")
        for name, label in labels.items()
    )


COMPRESSED = compressed(
    "folds_lenet_300_100",
    "LeNet-300-100",
    {
        "pruned": "pruned to 10 %",
        "rank_16": "first layer of rank 16",
        "int8": "8 bits",
        "qat_4_bit": "4 bits, trained",
    },
)
PRUNED, RANK, INT8, QAT = COMPRESSED
LENET5 = compressed(
    "folds_lenet5",
    "LeNet-5",
    {
        "tenth": "pruned to 10 %",
        "pruned": "pruned to 3 %",
        "half_filters": "half of the filters",
        "int8": "8 bits",
        "qat_4_bit": "4 bits, trained",
    },
)
TENTH, THIN, *_ = LENET5
STOPPING = Comparison("folds_stopping", "going on", "stopping early", "stopping early")
TICKET = Comparison("folds_lottery", "unpruned", "original", "a lottery ticket, to all weights")
OWN_WEIGHTS = Comparison(
    "folds_lottery", "re-initialised", "original", "its own first weights, to new ones"
)
ALL = (*COMPRESSED, *LENET5, EXITS, STOPPING, TICKET, OWN_WEIGHTS, BLOCKS, SE, SE_MAXIMUM, SE_WIDER)

# The same pairs, each network at the learning rate that was best for it on the validation split.
BLOCKS_AT_OWN_RATES = {
    kind: Comparison("folds_blocks_own_rates", "standard", kind, f"{kind} blocks at their own rate")
    for kind in KINDS
    if kind != "standard"
}
EXITS_AT_OWN_RATES = Comparison(
    "folds_exits_own_rates", EXITS.first, EXITS.second, f"{EXITS.label}, at their own rates"
)
SE_AT_OWN_RATES = {
    name: Comparison("folds_se_own_rates", first, name, f"{name} in a small ResNet, own rates")
    for first, name in (
        ("without SE", "standard SE"),
        *(("standard SE", change) for change in ("maximum", "r = 2", "tanh", "ReLU")),
    )
}
TICKET_AT_OWN_RATES, OWN_WEIGHTS_AT_OWN_RATES = (
    Comparison("folds_lottery_own_rates", pair.first, pair.second, f"{pair.label}, own rates")
    for pair in (TICKET, OWN_WEIGHTS)
)
SMALLEST_FILE = Comparison(
    "folds_small_files", "uncompressed", "shared", "a plain network in 1,500 bytes, to LeNet-5"
)
AT_OWN_RATES = (
    SMALLEST_FILE,
    *BLOCKS_AT_OWN_RATES.values(),
    EXITS_AT_OWN_RATES,
    *SE_AT_OWN_RATES.values(),
    TICKET_AT_OWN_RATES,
    OWN_WEIGHTS_AT_OWN_RATES,
)


def right(table: pd.DataFrame, network: str) -> NDArray[np.float64]:
    """Return whether a network was right: 1 or 0, (folds, seeds, images).

    Args:
        table: A table of this study.
        network: As its column says it.

    Raises:
        ValueError: The table has no such network, or not as many seeds in each fold.
    """
    rows = table[table["network"] == network].astype({"wrong": object}).fillna({"wrong": ""})
    folds = [part for _, part in rows.sort_values("seed").groupby("fold")]
    if len({len(part) for part in folds}) != 1:
        raise ValueError(f"{network!r} must have as many seeds in each fold, got {len(rows)} rows")
    return np.stack([_stacked(part["right"].tolist(), part["wrong"].tolist()) for part in folds])


def _stacked(counts: Sequence[int], places: Sequence[str]) -> NDArray[np.float64]:
    return np.stack([_marks(*each) for each in zip(counts, places, strict=True)])


def _marks(count: int, wrong: str) -> NDArray[np.float64]:
    """Return 1 for each image that is right, from the number and the places of the others."""
    missed = [int(place) for place in wrong.split()]
    marks = np.ones(count + len(missed))
    marks[missed] = 0
    return marks
