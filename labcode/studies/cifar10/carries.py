"""Does what was seen on digits hold on small photographs? Both differences side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labcode import studies
from labcode.studies.cifar10.view import Way, difference
from labcode.training import Difference, difference_over_seeds

if TYPE_CHECKING:
    import pandas as pd

N_DIGITS = 1000  # test digits behind each accuracy of LeNet-5
LITTLE = 0.02  # two points: what this book calls a little loss


class Digits(NamedTuple):
    """Where the digits' tables hold a technique: rows of LeNet-5, one for each seed.

    Args:
        table: Name of the stored table.
        chosen: Columns and values that choose the rows.
        column: The one with the accuracy.
    """

    table: str
    chosen: dict[str, str | float]
    column: str = "test_accuracy"


def _bits(method: str, bits: int) -> Digits:
    return Digits("quantization_bits", {"network": "lenet5", "method": method, "bits": bits})


def _order(kept: float) -> Digits:
    return Digits("pruning_orders", {"network": "lenet5", "order": "magnitude", "kept": kept})


UNCOMPRESSED = _bits("float32", 32)
TECHNIQUES: dict[str, tuple[Digits, Way]] = {
    "int8 file": (
        Digits("quantization_int8", {"network": "lenet5"}, "onnx_runtime"),
        Way("int8", 7),
    ),
    "4 bits": (_bits("PTQ, weights", 4), Way("rounded", 4)),
    "2 bits": (_bits("PTQ, weights", 2), Way("rounded", 2)),
    "16 shared values": (_bits("k-means", 4), Way("shared", 4)),
    "half of the weights": (_order(0.5), Way("pruned", kept=0.5)),
    "30 % of the weights": (_order(0.3), Way("pruned", kept=0.3)),
    "half of the filters, trained": (
        Digits("pruning_cuts_lenet5", {"width": "half", "kind": "L1 norm"}),
        Way("cut", kept=0.5, passes=1),
    ),
}


def on_digits(place: Digits) -> Difference:
    """Return LeNet-5's accuracy with a technique minus its own, over seeds and test digits."""
    return difference_over_seeds(_by_seed(UNCOMPRESSED), _by_seed(place), images=N_DIGITS)


def _by_seed(place: Digits) -> list[float]:
    table = studies.table(place.table)
    chosen = (table[list(place.chosen)] == list(place.chosen.values())).all(axis=1)
    return table[chosen].sort_values("seed")[place.column].tolist()


def little_lost(found: Difference) -> bool | None:
    """Return whether at most `LITTLE` is lost; None where the interval does not tell.

    >>> little_lost(Difference(-0.003, -0.006, 0.0)), little_lost(Difference(-0.02, -0.04, 0.0))
    (True, None)
    """
    if found.low > -LITTLE:
        return True
    return False if found.high < -LITTLE else None


def carries(name: str) -> str:
    """Return "yes", "no" or "cannot be told": whether both sides agree about a little loss."""
    digits, way = TECHNIQUES[name]
    answers = little_lost(on_digits(digits)), little_lost(difference(way))
    if None in answers:
        return "cannot be told"
    return "yes" if answers[0] == answers[1] else "no"


def carried(*names: str) -> pd.DataFrame:
    """Return techniques with what they change on photographs and on digits, and if both agree.

    Args:
        names: Of `TECHNIQUES`; none stands for all of them.
    """
    import pandas as pd

    lines = {
        name: {
            "carries over": carries(name),
            "photographs": str(difference(TECHNIQUES[name][1])),
            "digits": str(on_digits(TECHNIQUES[name][0])),
        }
        for name in names or TECHNIQUES
    }
    return pd.DataFrame(lines).T
