"""When to prune: from the part of a training run that is done to the part of the weights kept."""

from __future__ import annotations

from collections.abc import Callable

from labcode._checks import check_int, check_number

KeptSchedule = Callable[[float], float]
"""From the part of the run that is done (0 to 1) to the part of the weights kept (0 to 1)."""


def one_shot(kept: float) -> KeptSchedule:
    """Prune everything before the first step.

    Args:
        kept: Part of the weights that stays, from 0 to 1.

    >>> one_shot(0.1)(0.0), one_shot(0.1)(1.0)
    (0.1, 0.1)
    """
    final = _check_kept(kept)
    return lambda done: final


def iterative(kept: float, *, rounds: int = 5, end: float = 0.5) -> KeptSchedule:
    """Prune in equal ratios, in rounds at equal distances, and train between them.

    Args:
        kept: Part of the weights that stays at the end, above 0.
        rounds: Number of prunings; the first is before the first step.
        end: Part of the run after which the last round comes; the rest is recovery.

    Source: Han et al. (arXiv:1506.02626), section 3.4, with rounds of equal ratio as in
        Frankle and Carbin (arXiv:1803.03635).

    >>> schedule = iterative(0.01, rounds=2, end=0.5)
    >>> schedule(0.0), schedule(0.49), schedule(0.5)
    (0.1, 0.1, 0.01)
    """
    final, count = _check_kept(kept), check_int("rounds", rounds)
    stop = _check_end(end)
    distance = stop / (count - 1) if count > 1 else 1.0

    def schedule(done: float) -> float:
        prunings = min(count, 1 + int(done / distance + 1e-9))
        return float(round(final ** (prunings / count), 12))

    return schedule


def gradual(kept: float, *, start: float = 0.0, end: float = 0.5) -> KeptSchedule:
    """Let the kept part fall along a cubic: fast while much is superfluous, slowly at the end.

    Args:
        kept: Part of the weights that stays at the end.
        start: Part of the run after which pruning begins.
        end: Part of the run after which it has ended.

    Source: Zhu and Gupta, "To prune, or not to prune" (arXiv:1710.01878), equation 1.

    >>> schedule = gradual(0.2, end=1.0)
    >>> schedule(0.0), round(schedule(0.5), 12), schedule(1.0)
    (1.0, 0.3, 0.2)
    """
    final, stop = _check_kept(kept), _check_end(end)
    begin = check_number("start", start, minimum=0.0)
    if begin >= stop:
        raise ValueError(f"start must be below end, got start={start!r} and end={end!r}")

    def schedule(done: float) -> float:
        ahead = 1 - min(max((done - begin) / (stop - begin), 0.0), 1.0)
        return final + (1 - final) * ahead**3

    return schedule


def _check_kept(kept: float) -> float:
    number = check_number("kept", kept, above=0.0)
    if number > 1:
        raise ValueError(f"kept must be at most 1, got {kept!r}")
    return number


def _check_end(end: float) -> float:
    number = check_number("end", end, above=0.0)
    if number > 1:
        raise ValueError(f"end must be at most 1, got {end!r}")
    return number
