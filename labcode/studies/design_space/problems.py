"""The book's design spaces: one that trains each network, and one that looks it up."""

from __future__ import annotations

import time
from typing import Any

from labcode import studies
from labcode.search.problem import Option, Problem
from labcode.studies.design_space.grid import BYPASSES, SHARES, SQUEEZE_RATIOS
from labcode.studies.searches import safe_rate

SPACE: dict[str, tuple[Option, ...]] = {
    "squeeze_ratio": SQUEEZE_RATIOS,
    "expand3x3_share": SHARES,
    "bypass": BYPASSES,
}
AIMS = {"validation_accuracy": "maximize", "macs": "minimize", "bytes_on_disk": "minimize"}

TIMED_AIMS = {"validation_accuracy": "maximize", "microseconds": "minimize"}


def trained(epochs: int | None = None, seed: int = 0) -> Problem:
    """Return the design space whose networks are trained when they are asked for.

    Each design learns at the rate that a search found for it.

    Args:
        epochs: Passes over the training split; None takes as many as the measured grid.
        seed: Of every network.
    """

    rates = studies.table("design_space_rates")

    def measure(squeeze_ratio: float, expand3x3_share: float, bypass: str) -> dict[str, float]:
        from labcode.studies.design_space import trials
        from labcode.studies.protocol import digits, scores

        design = (squeeze_ratio, expand3x3_share, bypass)
        chosen: dict[str, Any] = dict(zip(SPACE, design, strict=True))
        lr = safe_rate(rates, **chosen)
        passes = trials.EPOCHS if epochs is None else epochs
        model = trials.train(digits(), *design, lr, seed, epochs=passes)
        return scores(model, digits(), ["validation"]) | trials.costs(model)

    return Problem(SPACE, AIMS, measure)


def measured_grid(pause: float = 0.0) -> Problem:
    """Return the same design space, looked up in the table of networks trained beforehand.

    Like in NAS-Bench a search costs nothing then, and can be repeated with many seeds. The
    accuracy is the mean over the table's seeds, on validation images.

    Args:
        pause: Seconds to wait in each measurement, as if it were work.

    Source: Ying et al., "NAS-Bench-101" (arXiv:1902.09635).
    """
    names = list(SPACE)
    table = studies.table("design_space_grid").groupby(names)[list(AIMS)].mean()
    rows = dict(zip(table.index, table.to_dict("records"), strict=True))

    def measure(**setting: object) -> dict[str, float]:
        time.sleep(pause)
        found = rows[tuple(setting[name] for name in names)]
        return {str(name): float(value) for name, value in found.items()}

    return Problem(SPACE, AIMS, measure)


def timed_grid() -> Problem:
    """Return the measured grid with two aims: accuracy, and microseconds in ONNX Runtime.

    The times are stored too: all designs took turns, on one thread, for one digit.
    """
    by_count, names = measured_grid(), list(SPACE)
    stored = studies.table("design_space_times").set_index(names)["microseconds"]

    def measure(**setting: Option) -> dict[str, float]:
        found = by_count.measure(**setting)
        time_taken = float(stored[tuple(setting[name] for name in names)])
        return {"validation_accuracy": found["validation_accuracy"], "microseconds": time_taken}

    return Problem(SPACE, TIMED_AIMS, measure)


def measured_slowly() -> Problem:
    """Return the measured grid with a fifth of a second for each look."""
    return measured_grid(pause=0.2)
