"""Remember all that a model can reach while it runs, and bring it back.

A forward may write to more than its module: to a list inside a dict, to an object it holds, to an
attribute of a parameter, to a global variable, to the default argument of a helper. `Snapshot`
walks from the model along attributes, containers, objects, and the names its functions use, and
notes what each of them holds. `reach` says where it goes, `visits` what to note of each kind.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch
from torch import nn

from labcode.counting.memory import Memory
from labcode.counting.reach import Kind, kind_of, own_classes
from labcode.counting.visits import VISITS, Visit, same, with_attributes

_MOST = 1_000_000  # objects after which a walk ends; a model that holds a whole program has more
_CONTAINERS = frozenset({Kind.MAPPING, Kind.SEQUENCE, Kind.SET})
_BUILT_IN = frozenset({dict, OrderedDict, list, set, tuple, deque})
Undo = Callable[[], None]


class Snapshot:
    """What a model and all it can reach hold; take it before a run, `restore` after it."""

    def __init__(self, modules: Iterable[nn.Module]) -> None:
        """Walk from the modules; nothing is changed."""
        self._seen: set[int] = set()
        self._kept: list[Any] = []  # so that no number in `_seen` is used again
        self._undo: list[Undo] = []
        self._memories: list[Memory] = []
        self._empty: list[Any] = []  # containers that held nothing
        self._own: list[tuple[dict[str, Any], dict[str, Any]]] = []  # attributes, and a copy
        self._seen_classes: set[type] = set()
        self._plain: set[type] = set()  # classes whose instances hold nothing
        self._visits: dict[type, Visit] = {}
        self._todo: list[Any] = list(modules)
        self._tables: list[tuple[Any, int]] = []  # functools.lru_cache, and its misses before
        while self._todo and len(self._seen) < _MOST:
            self._visit(self._todo.pop())

    def restore(self) -> list[str]:
        """Bring everything back.

        Returns:
            The names of cached functions whose tables had to be emptied: what was in them before
            cannot be told from what the run added.
        """
        for owner, held in self._own:
            if not same(owner, held):
                owner.clear()
                owner.update(held)
        for memory in self._memories:
            memory.restore()
        for container in self._empty:
            if container:
                container.clear()
        for undo in self._undo:
            undo()
        emptied = []
        for table, misses in self._tables:
            if table.cache_info().misses != misses:
                table.cache_clear()
                emptied.append(getattr(table, "__qualname__", "a cached function"))
        return emptied

    def _visit(self, value: Any) -> None:
        number = id(value)
        if number in self._seen:
            return
        self._seen.add(number)
        self._kept.append(value)
        visit = self._visits.get(type(value)) or self._learn(type(value))
        visit(self, value)

    def _learn(self, cls: type) -> Visit:
        """Return what to do with instances of a class that was not seen before."""
        kind = kind_of(cls)
        if kind is Kind.PLAIN:
            self._plain.add(cls)
        visit = VISITS[kind]
        if kind in _CONTAINERS and cls.__module__ not in ("builtins", "collections"):
            visit = partial(with_attributes, visit)
        self._visits[cls] = visit
        return visit

    def follow(self, values: Iterable[Any]) -> None:
        """Walk on to values that can change or hold something that can."""
        plain = self._plain
        for value in values:
            cls = type(value)
            if cls in plain:
                continue
            if cls in _BUILT_IN:
                if not value:
                    if cls is not tuple:
                        self._empty.append(value)
                    continue
                if cls is tuple and plain.issuperset(map(type, value)):
                    continue
            self._todo.append(value)

    def on_restore(self, undo: Undo) -> None:
        """Note a call that brings something back."""
        self._undo.append(undo)

    def attributes(self, owner: dict[str, Any]) -> None:
        """Note the attributes in an object's `__dict__`."""
        self._own.append((owner, owner.copy()))
        self.follow(owner.values())

    def remember(self, tensor: torch.Tensor) -> None:
        """Note which memory a tensor stands for."""
        self._memories.append(Memory(tensor))

    def classes(self, cls: type) -> None:
        """Note what the class of an object holds, once."""
        if cls not in self._seen_classes:
            self._seen_classes.add(cls)
            self.follow(own_classes(cls))

    def table(self, function: Any) -> None:
        """Note how often a `functools.lru_cache` was filled."""
        self._tables.append((function, function.cache_info().misses))
        self._todo.append(function.__wrapped__)
