"""Does what was seen on digits hold on small photographs? Both differences side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from labcode import studies
from labcode.studies.cifar10.view import LONGER, Pair, Way, difference, taught
from labcode.training import Difference, difference_over_seeds

if TYPE_CHECKING:
    import pandas as pd

N_DIGITS = 1000  # test digits behind each accuracy on digits
LITTLE = 0.02  # two points: what this book calls a little loss


class Digits(NamedTuple):
    """Where the digits' tables hold two networks: rows of each, one for each seed.

    Args:
        table: Name of the stored table.
        chosen: Columns and values that choose the rows of the second network.
        column: The one with the accuracy.
        first: Where the first network's rows are; None is the uncompressed LeNet-5.
    """

    table: str
    chosen: dict[str, Any]
    column: str = "test_accuracy"
    first: Digits | None = None


class Both(NamedTuple):
    """A technique on digits and on photographs, and what is asked of it.

    Args:
        digits: Where its difference on digits is stored.
        photographs: Where its difference on photographs is stored.
        asked: Answers from a difference: true, false, or None where the interval does not tell.
    """

    digits: Digits
    photographs: Way | Pair
    asked: Callable[[Difference], bool | None]


def little_lost(found: Difference) -> bool | None:
    """Return whether at most `LITTLE` is lost; None where the interval does not tell.

    >>> little_lost(Difference(-0.003, -0.006, 0.0)), little_lost(Difference(-0.02, -0.04, 0.0))
    (True, None)
    """
    if found.low > -LITTLE:
        return True
    return False if found.high < -LITTLE else None


def better(found: Difference) -> bool | None:
    """Return whether the second network is better; None where the interval does not tell.

    >>> better(Difference(0.02, 0.01, 0.03)), better(Difference(0.02, -0.01, 0.05))
    (True, None)
    """
    if found.low > 0:
        return True
    return False if found.high < 0 else None


def _bits(method: str, bits: int) -> Digits:
    return Digits("quantization_bits", {"network": "lenet5", "method": method, "bits": bits})


def _order(kept: float) -> Digits:
    return Digits("pruning_orders", {"network": "lenet5", "order": "magnitude", "kept": kept})


def _gradually(kept: float) -> Digits:
    return Digits("pruning_finetuned_lenet5", {"method": "gradually", "kept": kept})


def _student(technique: str, first: Digits | None = None) -> Digits:
    return Digits("scoreboard_distillation", {"technique": technique}, first=first)


def _exits(share: float) -> Digits:
    last = Digits("early_exit_budgets", {"kind": "exit 4"})
    return Digits("early_exit_budgets", {"kind": "fixed shares", "share": share}, first=last)


def _early(share: float) -> Pair:
    return Pair("cifar10_exits", {"exit": 0, "share": share}, "lost_to_last", "won_over_last")


UNCOMPRESSED = _bits("float32", 32)
TECHNIQUES: dict[str, Both] = {
    "int8 file": Both(
        Digits("quantization_int8", {"network": "lenet5"}, "onnx_runtime"),
        Way("int8", 7),
        little_lost,
    ),
    "4 bits": Both(_bits("PTQ, weights", 4), Way("rounded", 4), little_lost),
    "4 bits, trained": Both(_bits("QAT, weights", 4), taught("rounded", bits=4), little_lost),
    "2 bits": Both(_bits("PTQ, weights", 2), Way("rounded", 2), little_lost),
    "2 bits, trained": Both(
        _bits("QAT, weights", 2), taught("rounded", LONGER, bits=2), little_lost
    ),
    "16 shared values": Both(_bits("k-means", 4), Way("shared", 4), little_lost),
    "16 shared values, trained": Both(
        _bits("k-means, trained", 4), taught("shared", bits=4), little_lost
    ),
    "half of the weights": Both(_order(0.5), Way("pruned", kept=0.5), little_lost),
    "30 % of the weights": Both(_order(0.3), Way("pruned", kept=0.3), little_lost),
    "10 % of the weights, trained": Both(_gradually(0.1), taught("pruned", kept=0.1), little_lost),
    "half of the filters, trained": Both(
        Digits("pruning_cuts_lenet5", {"width": "half", "kind": "L1 norm"}),
        Way("cut", kept=0.5, passes=1),
        little_lost,
    ),
    "taught by the larger network": Both(
        _student("taught_augmented", _student("labels_augmented")),
        Pair(
            "cifar10_students",
            {"lesson": "taught", "file": "float32"},
            "lost_to_labels",
            "won_over_labels",
        ),
        better,
    ),
    "early exit, 80 % of the work": Both(_exits(0.8), _early(0.8), little_lost),
    "early exit, 60 % of the work": Both(_exits(0.6), _early(0.6), little_lost),
}


def on_digits(place: Digits) -> Difference:
    """Return a technique's accuracy minus the first network's, over seeds and test digits."""
    first = _by_seed(place.first or UNCOMPRESSED)
    return difference_over_seeds(first, _by_seed(place), images=N_DIGITS)


def on_photographs(side: Way | Pair) -> Difference:
    """Return a technique's accuracy minus the first network's, over seeds and photographs."""
    return side.difference() if isinstance(side, Pair) else difference(side)


def _by_seed(place: Digits) -> list[float]:
    table = studies.table(place.table)
    chosen = (table[list(place.chosen)] == list(place.chosen.values())).all(axis=1)
    return table[chosen].sort_values("seed")[place.column].tolist()


def carries(name: str) -> str:
    """Return "yes", "no" or "cannot be told": whether both sides give the same answer."""
    both = TECHNIQUES[name]
    answers = both.asked(on_digits(both.digits)), both.asked(on_photographs(both.photographs))
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
            "photographs": str(on_photographs(TECHNIQUES[name].photographs)),
            "digits": str(on_digits(TECHNIQUES[name].digits)),
        }
        for name in names or TECHNIQUES
    }
    return pd.DataFrame(lines).T
