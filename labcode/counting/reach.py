"""Where a running model can leave something: kinds of objects, and the names that code uses."""

from __future__ import annotations

import array
import functools
import random
import sys
import types
from collections import deque
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

import torch
from torch import nn

MISSING: Any = type("_Missing", (), {"__slots__": ()})()
_TABLE = type(functools.lru_cache(lambda: None))
_LIBRARIES = frozenset({*sys.stdlib_module_names, "torch", "numpy", "triton", "scipy", "pandas"})
_PROGRAM = frozenset({"__main__", "__mp_main__"})
# Of the standard library, these classes only hold what others put in; a logger or a lock does not.
_HOLDERS = frozenset({"collections", "types", "weakref", "_weakrefset"})


class Kind(Enum):
    """How an object holds others."""

    PLAIN = 0  # it holds nothing that a forward could change
    MAPPING = 1
    SEQUENCE = 2
    SET = 3
    FIXED = 4  # a tuple or frozenset: its items may change, itself not
    OBJECT = 5
    CLASS = 6
    FUNCTION = 7
    METHOD = 8
    PARTIAL = 9
    CELL = 10
    TABLE = 11  # functools.lru_cache
    TENSOR = 12
    ARRAY = 13
    DRAWS = 14  # a generator of random numbers


_BASES: list[tuple[Kind, tuple[type, ...]]] = [
    (Kind.MAPPING, (dict,)),
    (Kind.SEQUENCE, (list, deque)),
    (Kind.SET, (set,)),
    (Kind.PLAIN, (str, bytes, int, float, complex, torch.Size, torch.jit.ScriptModule)),
    (Kind.PLAIN, (types.ModuleType, types.CodeType, types.BuiltinFunctionType, property)),
    (Kind.FIXED, (tuple, frozenset)),
    (Kind.OBJECT, (nn.Module,)),
    (Kind.TENSOR, (torch.Tensor,)),
    (Kind.CLASS, (type,)),
    (Kind.FUNCTION, (types.FunctionType,)),
    (Kind.METHOD, (types.MethodType,)),
    (Kind.PARTIAL, (functools.partial,)),
    (Kind.CELL, (types.CellType,)),
    (Kind.TABLE, (_TABLE,)),
    (Kind.ARRAY, (bytearray, array.array)),
    (Kind.DRAWS, (random.Random, torch.Generator)),
]
_NUMPY = {"ndarray": Kind.ARRAY, "RandomState": Kind.PLAIN, "Generator": Kind.DRAWS}


def kind_of(cls: type) -> Kind:
    """Return how instances of a class hold others.

    >>> kind_of(dict), kind_of(int)
    (<Kind.MAPPING: 1>, <Kind.PLAIN: 0>)
    """
    for kind, bases in _BASES:
        if issubclass(cls, bases):
            return kind
    if cls.__module__.partition(".")[0] == "numpy":
        return _NUMPY.get(cls.__name__, Kind.PLAIN)
    root = cls.__module__.partition(".")[0]
    if root in sys.stdlib_module_names and root not in _HOLDERS | _PROGRAM:
        return Kind.PLAIN
    has_dict = any("__dict__" in vars(base) for base in cls.__mro__)
    return Kind.OBJECT if has_dict or slots_of(cls) else Kind.PLAIN


@functools.lru_cache(maxsize=1024)
def slots_of(cls: type) -> tuple[Any, ...]:
    """Return the descriptors of a class's `__slots__`."""
    kind = types.MemberDescriptorType
    own = (base for base in cls.__mro__ if "__slots__" in vars(base))
    return tuple(v for base in own for v in vars(base).values() if isinstance(v, kind))


def worth_following(module: str | None) -> bool:
    """Say whether code of a module may keep something of a model: not that of big libraries.

    >>> worth_following("torch.nn.modules.conv"), worth_following("my_project.models")
    (False, True)
    """
    root = (module or "").partition(".")[0]
    return root in _PROGRAM or root not in _LIBRARIES


def own_classes(cls: type) -> list[type]:
    """Return a class and its bases, without those of big libraries."""
    return [base for base in cls.__mro__ if worth_following(base.__module__)]


def parts_of_class(held: dict[str, Any]) -> Iterator[Any]:
    """Yield what a class holds, with methods and properties as their functions."""
    for value in held.values():
        if isinstance(value, (staticmethod, classmethod)):
            yield value.__func__
        elif isinstance(value, property):
            yield from (f for f in (value.fget, value.fset) if f is not None)
        elif isinstance(value, functools.cached_property):
            yield value.func
        elif not isinstance(value, types.GetSetDescriptorType):
            yield value


@functools.lru_cache(maxsize=4096)
def names_of(code: types.CodeType) -> frozenset[str]:
    """Return the global names and attributes that a function and those inside it use."""
    inner = (names_of(c) for c in code.co_consts if isinstance(c, types.CodeType))
    return frozenset(code.co_names).union(*inner)


def variables(
    scope: dict[str, Any], names: Iterable[str]
) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Yield the namespaces that names may stand for: of the module, and of modules it imports."""
    names = list(names)
    yield scope, names
    for name in names:
        value = scope.get(name)
        if isinstance(value, types.ModuleType) and worth_following(value.__name__):
            inner = vars(value)
            yield inner, [n for n in names if n in inner]
