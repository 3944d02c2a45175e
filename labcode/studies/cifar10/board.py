"""The scoreboard of photographs: the columns of the digits' scoreboard, and an interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from labcode import studies
from labcode.studies.cifar10.view import LONGER, PLAIN, Pair, Way, difference, rows, taught

if TYPE_CHECKING:
    import pandas as pd

    from labcode.training import Difference


class Line(NamedTuple):
    """A row of the scoreboard.

    Args:
        kind: Of which sort the technique is, in the words of the digits' scoreboard.
        stored: Where its rows are, one for each seed; its difference is that from ResNet-8.
        file: What runs, as `shapes.FILES` names it, or `EXITS`, which was not timed.
    """

    kind: str
    stored: Way | Pair
    file: str = "whole"

    def rows(self) -> pd.DataFrame:
        """Return the stored rows, one for each seed."""
        return self.stored.rows() if isinstance(self.stored, Pair) else rows(self.stored)

    def difference(self) -> Difference:
        """Return its accuracy minus ResNet-8's, over seeds and photographs."""
        both = self.stored
        return both.difference() if isinstance(both, Pair) else difference(both)


def _student(lesson: str, file: str) -> Pair:
    return Pair("cifar10_students", {"lesson": lesson, "file": file})


EXITS = "with exits"
PRUNING, QUANTIZATION = "pruning", "quantization"
SHARING, TEACHING = "prune, share and code", "distillation"
LINES: dict[str, Line] = {
    "ResNet-8": Line("uncompressed", PLAIN),
    "ResNet-8, trained on": Line("uncompressed", Way("trained_on", passes=1)),
    "half of the filters, trained": Line(
        PRUNING, Way("cut", kept=0.5, passes=1), "half of the filters"
    ),
    "int8, post-training": Line(QUANTIZATION, Way("int8", 7), "whole, int8"),
    "4 bits, trained": Line(QUANTIZATION, taught("rounded", bits=4)),
    "2 bits, trained": Line(QUANTIZATION, taught("rounded", LONGER, bits=2)),
    "64 shared values": Line(SHARING, Way("shared", 6)),
    "16 shared values, trained": Line(SHARING, taught("shared", bits=4)),
    "half rank, trained": Line("low rank", taught("thin", kept=0.5), "half of the rank"),
    "narrow, labels alone": Line(TEACHING, _student("labels", "float32"), "narrow"),
    "narrow, taught": Line(TEACHING, _student("taught", "float32"), "narrow"),
    "early exit, 80 % of the work": Line(
        "early exit", Pair("cifar10_exits", {"exit": 0, "share": 0.8}), EXITS
    ),
    "early exit, 60 % of the work": Line(
        "early exit", Pair("cifar10_exits", {"exit": 0, "share": 0.6}), EXITS
    ),
    "half of the weights, trained, shared, coded": Line("combination", taught("pruned", kept=0.5)),
    "10 % of the weights, trained, shared, coded": Line("combination", taught("pruned", kept=0.1)),
    "narrow, labels alone, int8": Line("combination", _student("labels", "int8"), "narrow, int8"),
    "narrow, taught, int8": Line("combination", _student("taught", "int8"), "narrow, int8"),
}


def scoreboard() -> pd.DataFrame:
    """Return all rows: accuracy, difference, size, work, and what the file takes to run.

    Accuracy is the mean of the seeds with their standard deviation. How many times faster a file
    is than ResNet-8's was measured in turn with it; where nothing was timed, nothing is said.
    """
    import pandas as pd

    times = studies.table("cifar10_times").set_index("file")
    return pd.DataFrame({name: _line(line, times) for name, line in LINES.items()}).T


def _line(line: Line, times: pd.DataFrame) -> dict[str, Any]:
    found = line.rows()
    means = found.mean(numeric_only=True)
    runs = times.loc[line.file]
    own = means if "bytes_on_disk" in means else runs.rename({"onnx_bytes": "bytes_on_disk"})
    loaded = rows(PLAIN).mean(numeric_only=True) if line.file == "whole" else own
    return {
        "kind": line.kind,
        "accuracy (%)": round(100 * means["test_accuracy"], 1),
        "± points": round(100 * found["test_accuracy"].std(), 1),
        "difference": "" if line.stored == PLAIN else str(line.difference()),
        "kB on disk": round(own["bytes_on_disk"] / 1000, 1),
        "parameters": round(own["params"]),
        "million MACs": round(means["macs"] / 1e6, 2),
        "kB of the ONNX file": round(loaded["bytes_on_disk"] / 1000, 1),
        "kB of activations": _if_timed(runs["activation_bytes"] / 1000, 1),
        "times faster": _if_timed(runs["times_faster"], 2),
    }


def _if_timed(value: Any, digits: int) -> float | str:
    return "" if math.isnan(value) else round(float(value), digits)
