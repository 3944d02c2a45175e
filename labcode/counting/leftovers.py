"""Find tensors without data that a run left in a cache somewhere, and take them out.

A model may keep a tensor where no walk from it leads: in a table of a library, say. A tensor on
`meta` there would break the model's next run. While a model is counted, Python's collector is
off, so that afterwards its youngest objects are those that the run made.
"""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

_TABLE = type(functools.lru_cache(lambda: None))
_DEPTH = 4  # containers between a table and a tensor in it


@contextmanager
def watched(emptied: list[str]) -> Iterator[None]:
    """Run something, then take the tensors without data that it left out of their caches.

    Args:
        emptied: gets the names of caches that lost entries.
    """
    was_on = gc.isenabled()
    gc.collect(0)  # what is young from now on is new
    gc.disable()
    try:
        yield
    finally:
        try:
            left = _left()
            if left:
                gc.collect()  # circles of frames and errors are no caches
                emptied += _evict(_left_of(left))
        finally:
            if was_on:
                gc.enable()


def _left() -> list[int]:
    return [id(o) for o in gc.get_objects(generation=0) if _is_empty(o)]


def _left_of(numbers: list[int]) -> list[torch.Tensor]:
    known = set(numbers)
    return [o for o in gc.get_objects() if id(o) in known and _is_empty(o)]


def _is_empty(value: Any) -> bool:
    return issubclass(type(value), torch.Tensor) and value.is_meta


def _evict(tensors: list[torch.Tensor]) -> list[str]:
    """Take tensors out of the containers and tables that hold them; return these by name."""
    names: list[str] = []
    for tensor in tensors:
        _take_out(tensor, tensors, names, _DEPTH, {id(tensors), id(names)})
    return names


def _take_out(value: Any, ours: Any, names: list[str], depth: int, seen: set[int]) -> bool:
    """Remove what holds `value`; say whether something did."""
    taken = False
    for holder in gc.get_referrers(value):
        if id(holder) in seen or holder is ours or type(holder).__name__ == "frame":
            continue
        seen.add(id(holder))
        if isinstance(holder, _TABLE):
            holder.cache_clear()
            names.append(getattr(holder, "__qualname__", "a cached function"))
            taken = True
        elif _table_of(holder) is not None or isinstance(holder, tuple):
            taken |= depth > 0 and _take_out(holder, ours, names, depth - 1, seen)
        elif isinstance(holder, dict):
            taken |= _drop(holder, value, names)
        elif isinstance(holder, (list, set)):
            _remove(holder, value)
            names.append(f"a {type(holder).__name__} outside the model")
            taken = True
    return taken


def _table_of(holder: Any) -> Any:
    """Return the table that an entry of a `functools.lru_cache` belongs to, or None."""
    if type(holder).__name__ == "_lru_list_elem":
        return holder
    if not isinstance(holder, dict):
        return None
    return next((t for t in gc.get_referrers(holder) if isinstance(t, _TABLE)), None)


def _drop(holder: dict[Any, Any], value: Any, names: list[str]) -> bool:
    module = sys.modules.get(str(holder.get("__name__")))
    if module is not None and vars(module) is holder:
        return False  # a global variable: without it, the code would fail
    for key in [k for k, v in holder.items() if v is value]:
        del holder[key]
    names.append("a dict outside the model")
    return True


def _remove(holder: Any, value: Any) -> None:
    if isinstance(holder, set):
        holder.discard(value)
    else:
        holder[:] = [item for item in holder if item is not value]
