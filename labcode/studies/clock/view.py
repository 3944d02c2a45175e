"""What the clock's tables say of two candidates: how many times longer one takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labcode.runtime.ratio import Ratio, times_as_long

if TYPE_CHECKING:
    import pandas as pd

    from labcode.studies.clock.networks import Network


class Candidate(NamedTuple):
    """A network as it ran.

    Args:
        network: Which.
        form: "float32" or "int8".
        threads: Threads that it ran on.
    """

    network: Network
    form: str = "float32"
    threads: int = 1


def row(table: pd.DataFrame, candidate: Candidate) -> pd.Series:
    """Return the row of a candidate.

    Args:
        table: ``clock_processor`` or ``clock_wall``.
        candidate: Which row.

    Raises:
        KeyError: The table has no such row.
    """
    network, form, threads = candidate
    keys = table["network"] == network.id, table["form"] == form, table["threads"] == threads
    found = table[keys[0] & keys[1] & keys[2]]
    if len(found) != 1:
        raise KeyError(f"the table must have one row of {candidate}, it has {len(found)}")
    return found.iloc[0]


def times_longer(table: pd.DataFrame, longer: Candidate, shorter: Candidate) -> Ratio:
    """Return how many times longer a candidate takes than another, round by round.

    Args:
        table: ``clock_processor`` or ``clock_wall``.
        longer: Whose time stands above the line.
        shorter: Whose time stands below it.

    Raises:
        KeyError: The table lacks one of them.
    """
    return times_as_long(rounds(table, longer), rounds(table, shorter))


def rounds(table: pd.DataFrame, candidate: Candidate) -> list[float]:
    """Return the times of a candidate, in milliseconds, round by round.

    Args:
        table: ``clock_processor`` or ``clock_wall``.
        candidate: Which row.

    Raises:
        KeyError: The table has no such row.
    """
    return [float(ms) for ms in str(row(table, candidate)["rounds_ms"]).split()]


def fewer_macs(table: pd.DataFrame, more: Network, fewer: Network) -> float:
    """Return how many times the multiply-adds of one network are those of the other."""
    first, second = (float(row(table, Candidate(one))["macs"]) for one in (more, fewer))
    return first / second
