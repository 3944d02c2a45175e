"""The page of public names: parsed from the code, and the same as what an import gives."""

import importlib
import inspect

import pytest

from tests.test_claims import load_extension

public_surface = load_extension("public_surface")
ROOMS = public_surface.rooms()


def public(module: object) -> dict[str, object]:
    """The functions and classes that a module offers, by an import."""
    own = [n for n, v in vars(module).items() if getattr(v, "__module__", "") == module.__name__]
    names = getattr(module, "__all__", [name for name in own if name[0] != "_"])
    found = {name: getattr(module, name) for name in names}
    return {
        n: v
        for n, v in found.items()
        if inspect.isfunction(inspect.unwrap(v)) or inspect.isclass(v)
    }


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.module)
def test_a_room_lists_what_an_import_offers(room) -> None:
    offered = public(importlib.import_module(room.module))
    listed = {name.call.partition("(")[0]: name for name in room.names}
    assert set(listed) == set(offered)
    for name, value in offered.items():
        text = inspect.getdoc(value)
        assert text, f"{room.module}.{name} has no docstring"
        assert listed[name].sentence == " ".join(text.split("\n\n")[0].split())
        if inspect.isfunction(inspect.unwrap(value)):
            arguments = listed[name].call.partition("(")[2].removesuffix(")").split(", ")
            given = [a.lstrip("*") for a in arguments if a.lstrip("*")]
            assert given == list(inspect.signature(value).parameters)


def test_every_room_has_a_sentence_and_something_to_offer() -> None:
    assert len(ROOMS) > 12
    assert not [room.module for room in ROOMS if not (room.sentence and room.names)]
