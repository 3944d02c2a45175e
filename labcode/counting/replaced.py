"""Something of PyTorch's stands aside for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Put a value in the place of an attribute, and bring the old one back at the end.

    >>> class Owner: name = 1
    >>> with replaced(Owner, "name", 2): Owner.name
    2
    >>> Owner.name
    1
    """
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)
