"""A bound on how far torch-pruning follows channels: through some reshapes it would never end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

MOST = 1_000_000
"""Channels that are followed for one layer, over all layers that it is joined to.

A large network takes some ten thousands. Where a reshape multiplies them on each round, no number
is enough.
"""


class EndlessError(Exception):
    """More channels were to be followed than any network has."""


class Bound:
    """Counts what torch-pruning follows, and stops it.

    Args:
        graph: A built dependency graph; its mappings from channels to channels are watched.
    """

    def __init__(self, graph: Any) -> None:
        """Put a watch on each mapping."""
        self._left = MOST
        for node in graph.module2node.values():
            for dependency in node.dependencies:
                dependency.index_mapping = _Watched(dependency.index_mapping, self)

    def begin(self) -> None:
        """Count anew, for another layer."""
        self._left = MOST

    def spend(self, channels: int) -> None:
        """Take so many from what may still be followed.

        Raises:
            EndlessError: Nothing is left.
        """
        self._left -= channels
        if self._left < 0:
            raise EndlessError


class _Watched(list[Any]):
    """The mappings of one dependency; torch-pruning goes over them, and renews them in place."""

    def __init__(self, mappings: list[Any], bound: Bound) -> None:
        """Keep the mappings and who counts."""
        super().__init__(mappings)
        self._bound = bound

    def __iter__(self) -> Iterator[Any]:
        """Yield them with their watch; None stands for no change."""
        return (mapping and self._watched(mapping) for mapping in super().__iter__())

    def _watched(self, mapping: Any) -> Callable[[list[Any]], list[Any]]:
        grows = 1 if getattr(mapping, "reverse", True) else getattr(mapping, "_stride", 1)

        def mapped(channels: list[Any]) -> list[Any]:
            self._bound.spend(len(channels) * grows)  # before they are made
            found: list[Any] = mapping(channels)
            return found

        return mapped
