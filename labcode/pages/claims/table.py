"""The table of claims, one sentence each, in claims.csv."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Claim:
    """A statement that a cell of the book answers.

    Args:
        id: From C01 to C73.
        part: The folder of ``book/`` that answers it.
        claim: The statement, in a sentence.
    """

    id: str
    part: str
    claim: str


@cache
def claims() -> tuple[Claim, ...]:
    """Return all claims in the order of their ids.

    >>> claims()[0].id
    'C01'
    """
    text = files("labcode.pages.claims").joinpath("claims.csv").read_text(encoding="utf-8")
    return tuple(Claim(**row) for row in csv.DictReader(text.splitlines()))


def claim(id: str) -> Claim:
    """Return the claim with this id.

    Raises:
        KeyError: No claim has this id.

    >>> claim("C05").claim
    'Pooling has no parameters and learns nothing: it is an operator.'
    """
    for entry in claims():
        if entry.id == id:
            return entry
    raise KeyError(f"no claim {id!r}; the ids run from {claims()[0].id} to {claims()[-1].id}")
