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
                gc.collect()  # circles of frames and errors are not caches
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
    """Take tensors out of the containers and tables that hold them; return these by name.

    Who holds something is known only after a look at every object there is. So all tensors are
    asked for at once, and then all that holds them, from the inside outwards.
    """
    names: list[str] = []
    met: list[Any] = [names, tensors]  # alive to the end, so that no id is given twice
    met.append(met)
    inside: list[Any] = tensors
    for _ in range(_DEPTH + 1):
        holders = _holders(inside, met)
        dicts = [h for h in holders if isinstance(h, dict)]
        met += [holders, *holders, inside, dicts]
        for table in filter(_is_table, [*holders, *_holders(dicts, met)]):
            table.cache_clear()
            names.append(getattr(table, "__qualname__", "a cached function"))
        for holder in holders:
            _take_out(holder, inside, names)
        inside = [h for h in holders if isinstance(h, tuple) or _is_entry(h)]
        if not inside:
            break
    return names


def _holders(values: list[Any], met: list[Any]) -> list[Any]:
    """Return what holds one of the values, without frames and what was met before."""
    known = {id(o) for o in met}
    found = gc.get_referrers(*values) if values else []
    return [o for o in found if id(o) not in known and type(o).__name__ != "frame"]


def _is_table(holder: Any) -> bool:
    return isinstance(holder, _TABLE)


def _is_entry(holder: Any) -> bool:
    """Say whether this is an entry of a `functools.lru_cache` that forgets its oldest."""
    return type(holder).__name__ == "_lru_list_elem"


def _take_out(holder: Any, values: list[Any], names: list[str]) -> None:
    """Remove the values from a dict, list or set."""
    ours = {id(value) for value in values}
    if isinstance(holder, dict):
        _drop(holder, ours, names)
    elif isinstance(holder, (list, set)):
        stay = [item for item in holder if id(item) not in ours]
        holder.clear()
        holder.extend(stay) if isinstance(holder, list) else holder.update(stay)
        names.append(f"a {type(holder).__name__} outside the model")


def _drop(holder: dict[Any, Any], ours: set[int], names: list[str]) -> None:
    module = sys.modules.get(str(holder.get("__name__")))
    if module is not None and vars(module) is holder:
        return  # a global variable: without it, the code would fail
    held = [key for key, value in holder.items() if id(value) in ours]
    for key in held:
        del holder[key]
    if held:
        names.append("a dict outside the model")
