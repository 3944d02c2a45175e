"""What a snapshot notes of each kind of object, and how it brings that back."""

from __future__ import annotations

import copy
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from operator import is_
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from labcode.counting.reach import (
    MISSING,
    Kind,
    names_of,
    own_classes,
    parts_of_class,
    slots_of,
    variables,
    worth_following,
)

if TYPE_CHECKING:
    from labcode.counting.keeping import Snapshot

LONGEST = 1_000_000  # numbers of an array that is copied
ORDINARY = frozenset({torch.Tensor, nn.Parameter, nn.Buffer})
Visit = Callable[["Snapshot", Any], None]


def _nothing(snapshot: Snapshot, value: Any) -> None:
    pass


def _fixed(snapshot: Snapshot, value: Any) -> None:
    snapshot.follow(value)


def _table(snapshot: Snapshot, value: Any) -> None:
    snapshot.table(value)


def with_attributes(visit: Visit, snapshot: Snapshot, value: Any) -> None:
    """Note what a container holds, and what it has beside its items."""
    visit(snapshot, value)
    _object(snapshot, value)


def _mapping(snapshot: Snapshot, value: dict[Any, Any]) -> None:
    if type(value) in (dict, OrderedDict):
        snapshot.attributes(value)
        return
    base = OrderedDict if isinstance(value, OrderedDict) else dict
    held = dict(base.items(value))  # as they lie there: a mapping may make something else of them
    snapshot.on_restore(partial(_refill, base, value, held))
    snapshot.follow(held.values())


def _refill(base: type[dict[Any, Any]], value: dict[Any, Any], held: dict[Any, Any]) -> None:
    """Put back what a mapping held, in its order; touch nothing if nothing changed."""
    if not (same(dict(base.items(value)), held)):
        base.clear(value)
        for key, item in held.items():
            base.__setitem__(value, key, item)


def same(value: dict[Any, Any], held: dict[Any, Any]) -> bool:
    """Say whether a mapping holds the very same objects, in the same order."""
    if len(value) != len(held) or not all(map(is_, value.values(), held.values())):
        return False
    return all(map(is_, value, held))


def _sequence(snapshot: Snapshot, value: Any) -> None:
    base = list if isinstance(value, list) else deque
    held = list(base.__iter__(value))
    snapshot.on_restore(partial(_reload, base, value, held))
    snapshot.follow(held)


def _reload(base: Any, value: Any, held: list[Any]) -> None:
    now = list(base.__iter__(value))
    if len(now) != len(held) or not all(map(is_, now, held)):
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
    if type(value) in ORDINARY and value.layout is torch.strided:
        snapshot.remember(value)


def _array(snapshot: Snapshot, value: Any) -> None:
    if not getattr(value, "ndim", 1) or len(value) > LONGEST:
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


VISITS: dict[Kind, Visit] = {
    Kind.PLAIN: _nothing,
    Kind.MAPPING: _mapping,
    Kind.SEQUENCE: _sequence,
    Kind.SET: _set,
    Kind.FIXED: _fixed,
    Kind.OBJECT: _object,
    Kind.CLASS: _class,
    Kind.FUNCTION: _function,
    Kind.METHOD: _method,
    Kind.PARTIAL: _partial,
    Kind.CELL: _cell,
    Kind.TABLE: _table,
    Kind.TENSOR: _tensor,
    Kind.ARRAY: _array,
    Kind.DRAWS: _draws,
}
