"""Remember all that a model can reach while it runs, and bring it back.

A forward may write to more than its module: to a list inside a dict, to an object it holds, to an
attribute of a parameter, to a global variable, to the default argument of a helper. `Snapshot`
walks from the model along attributes, containers, objects, and the names its functions use, and
notes what each of them holds. `reach` says where it goes.
"""

from __future__ import annotations

import copy
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from operator import is_
from typing import Any

import torch
from torch import nn

from labcode.counting.memory import Memory
from labcode.counting.reach import (
    MISSING,
    Kind,
    kind_of,
    names_of,
    own_classes,
    parts_of_class,
    slots_of,
    variables,
    worth_following,
)

_MOST = 1_000_000  # objects after which a walk ends; a model that holds a whole program has more
_CONTAINERS = frozenset({Kind.MAPPING, Kind.SEQUENCE, Kind.SET})
_ORDINARY = frozenset({torch.Tensor, nn.Parameter, nn.Buffer})
_BUILT_IN = frozenset({dict, OrderedDict, list, set, tuple, deque})
Undo = Callable[[], None]
Visit = Callable[["Snapshot", Any], None]


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
            if not _same(owner, held):
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
        visit = _VISITS[kind]
        if kind in _CONTAINERS and cls.__module__ not in ("builtins", "collections"):
            visit = partial(_with_attributes, visit)
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


def _nothing(snapshot: Snapshot, value: Any) -> None:
    pass


def _with_attributes(visit: Visit, snapshot: Snapshot, value: Any) -> None:
    visit(snapshot, value)
    _object(snapshot, value)  # a subclass of a container may have attributes beside its items


def _mapping(snapshot: Snapshot, value: dict[Any, Any]) -> None:
    if type(value) in (dict, OrderedDict):
        snapshot.attributes(value)
        return
    base = OrderedDict if isinstance(value, OrderedDict) else dict
    snapshot.on_restore(partial(_refill, base, value, dict(value)))
    snapshot.follow(value.values())


def _refill(base: type[dict[Any, Any]], value: dict[Any, Any], held: dict[Any, Any]) -> None:
    """Put back what a mapping held, in its order; touch nothing if nothing changed."""
    if not (_same(dict(base.items(value)), held)):
        base.clear(value)
        base.update(value, held)


def _same(value: dict[Any, Any], held: dict[Any, Any]) -> bool:
    """Say whether a mapping holds the very same objects, in the same order."""
    if len(value) != len(held) or not all(map(is_, value.values(), held.values())):
        return False
    return all(map(is_, value, held))


def _sequence(snapshot: Snapshot, value: Any) -> None:
    base = list if isinstance(value, list) else deque
    snapshot.on_restore(partial(_reload, base, value, list(value)))
    snapshot.follow(value)


def _reload(base: Any, value: Any, held: list[Any]) -> None:
    if len(value) != len(held) or not all(map(is_, value, held)):
        base.clear(value)
        base.extend(value, held)


def _set(snapshot: Snapshot, value: set[Any]) -> None:
    held = set(value)

    def undo() -> None:
        if set(value) != held:
            set.clear(value)
            set.update(value, held)

    snapshot.on_restore(undo)
    snapshot.follow(held)


def _object(snapshot: Snapshot, value: Any) -> None:
    """Note the attributes of an object, and what its class holds."""
    with suppress(AttributeError):
        snapshot.attributes(object.__getattribute__(value, "__dict__"))
    slots: tuple[Any, ...] = slots_of(type(value))  # type: ignore[arg-type]
    for slot in slots:
        held = slot.__get__(value) if _has(slot, value) else MISSING
        snapshot.on_restore(partial(_set_slot, slot, value, held))
        snapshot.follow([held])
    snapshot.classes(type(value))


def _has(slot: Any, value: Any) -> bool:
    try:
        slot.__get__(value)
    except AttributeError:
        return False
    return True


def _set_slot(slot: Any, value: Any, held: Any) -> None:
    with suppress(AttributeError, TypeError):
        slot.__delete__(value) if held is MISSING else slot.__set__(value, held)


def _class(snapshot: Snapshot, value: type) -> None:
    if not worth_following(value.__module__):
        return
    held = dict(vars(value))
    snapshot.on_restore(partial(_reset_class, value, held))
    snapshot.follow(parts_of_class(held))
    snapshot.follow(own_classes(value))


def _reset_class(value: type, held: dict[str, Any]) -> None:
    for name in [n for n in vars(value) if n not in held]:
        type.__delattr__(value, name)
    for name, attribute in held.items():
        if vars(value).get(name) is not attribute:
            with suppress(AttributeError, TypeError):
                type.__setattr__(value, name, attribute)


def _function(snapshot: Snapshot, value: Any) -> None:
    snapshot.attributes(value.__dict__)
    snapshot.follow(value.__closure__ or ())
    snapshot.follow(value.__defaults__ or ())
    snapshot.follow((value.__kwdefaults__ or {}).values())
    if worth_following(value.__module__):
        for scope, names in variables(value.__globals__, names_of(value.__code__)):
            held = {name: scope.get(name, MISSING) for name in names}
            snapshot.on_restore(partial(_rebind, scope, held))
            snapshot.follow(held.values())


def _rebind(scope: dict[str, Any], held: dict[str, Any]) -> None:
    for name, value in held.items():
        if scope.get(name, MISSING) is value:
            continue
        if value is MISSING:
            del scope[name]
        else:
            scope[name] = value


def _cell(snapshot: Snapshot, value: Any) -> None:
    try:
        held = value.cell_contents
    except ValueError:  # still empty
        return
    snapshot.on_restore(lambda: setattr(value, "cell_contents", held))
    snapshot.follow([held])


def _tensor(snapshot: Snapshot, value: torch.Tensor) -> None:
    """Note a tensor's attributes, its gradient and which memory it stands for."""
    snapshot.follow((value.__dict__,))
    if type(value) in _ORDINARY and value.layout is torch.strided:
        snapshot.remember(value)


def _array(snapshot: Snapshot, value: Any) -> None:
    if not getattr(value, "ndim", 1) or len(value) > _MOST:
        return
    held = copy.copy(value)  # numpy.ndarray, bytearray, array.array: what they hold is their own

    def undo() -> None:
        with suppress(ValueError):  # a read-only array has not changed
            value[:] = held

    snapshot.on_restore(undo)


def _draws(snapshot: Snapshot, value: Any) -> None:
    """Note the state of a generator of random numbers: Python's, NumPy's or PyTorch's."""
    if hasattr(value, "getstate"):
        snapshot.on_restore(partial(value.setstate, value.getstate()))
    elif hasattr(value, "bit_generator"):
        inner = value.bit_generator
        snapshot.on_restore(partial(setattr, inner, "state", inner.state))
    elif isinstance(value, torch.Generator):
        snapshot.on_restore(partial(_set_state, value, value.get_state()))


def _set_state(value: torch.Generator, state: torch.Tensor) -> None:
    value.set_state(state)


def _method(snapshot: Snapshot, value: Any) -> None:
    snapshot.follow([value.__self__, value.__func__])


def _partial(snapshot: Snapshot, value: partial[Any]) -> None:
    snapshot.follow([value.func, *value.args, *value.keywords.values()])


_VISITS: dict[Kind, Visit] = {
    Kind.PLAIN: _nothing,
    Kind.MAPPING: _mapping,
    Kind.SEQUENCE: _sequence,
    Kind.SET: _set,
    Kind.FIXED: Snapshot.follow,
    Kind.OBJECT: _object,
    Kind.CLASS: _class,
    Kind.FUNCTION: _function,
    Kind.METHOD: _method,
    Kind.PARTIAL: _partial,
    Kind.CELL: _cell,
    Kind.TABLE: Snapshot.table,
    Kind.TENSOR: _tensor,
    Kind.ARRAY: _array,
    Kind.DRAWS: _draws,
}
