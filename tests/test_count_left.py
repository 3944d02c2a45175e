"""Nothing of a count stays behind, wherever a forward writes: each kind of place, and mixtures."""

from __future__ import annotations

import array
import collections
import functools
import random
import sys
import types
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import prune

from labcode import count
from tests.examples import examples

_GLOBAL: dict[str, Any] = {}
_LAST: Any = None


@functools.lru_cache
def _grid(n: int) -> torch.Tensor:
    return torch.linspace(0, 1, n)


def _table(n: int, _made: dict[int, Any] = {}) -> torch.Tensor:  # noqa: B006 - as models do
    if n not in _made:
        _made[n] = torch.arange(float(n))
    return _made[n]


class Fn(nn.Module):
    """A model that is one function of itself and its input."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.linear, self.function = nn.Linear(4, 4), function

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(self, self.linear(x))


@pytest.mark.parametrize("n", [30, 5000, 2**17])
def test_a_cached_table_is_emptied_and_training_goes_on(n: int) -> None:
    model = nn.Sequential(nn.Linear(4, 1), Fn(lambda m, x: _grid(n) * x[..., :1]))
    model[1].linear = nn.Linear(1, 1)
    _grid.cache_clear()
    cost = count(model, (4,))
    assert _grid.cache_info().currsize == 0
    assert cost.notes == ("Emptied, as the model filled it while it was counted: _grid.",)
    model(torch.zeros(1, 4)).sum().backward()
    assert model[0].weight.grad is not None
    assert _grid(n).device.type == "cpu"


def test_a_cached_table_of_before_stays() -> None:
    _grid.cache_clear()
    table = _grid(4)
    cost = count(Fn(lambda m, x: x * _grid(4)), (4,))
    assert cost.notes == ()
    assert _grid(4) is table


class Held:
    """An object that is no module."""

    limit = 3

    def __init__(self) -> None:
        self.steps, self.kept = 0, [1]


class Slotted:
    """An object without a dictionary."""

    __slots__ = ("last", "other")

    def __init__(self) -> None:
        self.last = 0


def _write_held(m: Any, x: torch.Tensor) -> None:
    m.held.steps += 1
    m.held.kept.append(x)
    m.held.new = x
    type(m.held).limit += 1
    m.slotted.last = m.slotted.other = x


def _write_nested(m: Any, x: torch.Tensor) -> None:
    m.nested["k"].append(x)
    m.nested["deep"][0]["set"].add(7)
    m.nested["deep"][0].pop("gone", None)
    m.queue.appendleft(x)
    m.ordered.move_to_end("a")
    m.counts["calls"] += 1


def _write_parameters(m: Any, x: torch.Tensor) -> None:
    m.linear.weight.org = m.linear.weight.data.clone()
    m.linear.weight.seen["x"] = x
    m.linear.weight.data = m.linear.weight.org.sign()
    m.linear.bias.requires_grad_(False)
    m.linear.bias.grad = None


def _write_outside(m: Any, x: torch.Tensor) -> None:
    global _LAST
    _GLOBAL["x"] = _LAST = x
    _table(4)
    _write_outside.calls = 1  # type: ignore[attr-defined]


def _write_numbers(m: Any, x: torch.Tensor) -> None:
    m.array += 1
    m.bytes[0] = 9
    m.typed[0] += 1
    m.rng.random()
    m.np_rng.random()
    torch.rand(2, generator=m.generator)
    m.small.add_(1)
    m.small.data = torch.ones(7)


WRITES = [_write_held, _write_nested, _write_parameters, _write_outside, _write_numbers]


def _rich() -> Fn:
    model = Fn(lambda m, x: x)
    model.held, model.slotted = Held(), Slotted()
    model.nested = {"k": [], "deep": ({"set": {1, 2}, "gone": 1},)}
    model.queue, model.counts = collections.deque([1], maxlen=1), collections.Counter(a=1)
    model.ordered = collections.OrderedDict(a=1, b=2)
    model.linear.weight.seen = {}
    model.linear.bias.grad = torch.ones(4)
    model.array, model.bytes = np.zeros(3), bytearray(b"ab")
    model.typed = array.array("i", [1, 2])
    model.rng, model.np_rng = random.Random(1), np.random.default_rng(1)
    model.generator = torch.Generator().manual_seed(1)
    model.register_buffer("small", torch.tensor([1, 2]))
    return model


def _picture(value: Any, seen: frozenset[int] = frozenset()) -> Any:
    """All that a value holds, by identity where it can be, by content where it is numbers."""
    if id(value) in seen:
        return "seen"
    seen = seen | {id(value)}
    inner = functools.partial(_picture, seen=seen)
    if isinstance(value, torch.Tensor):
        numbers = None if value.is_meta else value.detach().flatten().tolist()
        flags = value.requires_grad, str(value.device), value.data_ptr(), id(value.grad)
        return (id(value), numbers, flags, inner(value.__dict__))
    if isinstance(value, dict):
        return (id(value), [(k, inner(v)) for k, v in value.items()])
    if isinstance(value, (list, tuple, collections.deque)):
        return (id(value), [inner(v) for v in value])
    if isinstance(value, (set, bytearray)):
        return (id(value), sorted(value))
    if isinstance(value, (np.ndarray, array.array)):
        return (id(value), value.tolist())
    if isinstance(value, random.Random):
        return value.getstate()
    if isinstance(value, np.random.Generator):
        return str(value.bit_generator.state)
    if isinstance(value, torch.Generator):
        return value.get_state().tolist()
    if isinstance(value, Slotted):
        return [getattr(value, name, None) for name in value.__slots__]
    if isinstance(value, (nn.Module, Held)):
        return (id(value), inner(value.__dict__), getattr(value, "limit", None))
    return value if isinstance(value, (int, float, str, bytes)) else id(value)


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None)
@given(
    st.lists(st.sampled_from(WRITES), min_size=1, max_size=5),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_a_model_is_bit_identical_after_a_count(
    writes: list[Callable[..., None]], fails: bool, in_hook: bool, twice: bool
) -> None:
    model = _rich()

    def write(m: nn.Module, x: torch.Tensor) -> torch.Tensor:
        for one in writes:
            one(model, x)
        if twice and torch.ones(300, 300).mul_(x.mean()).numel() and torch.ones(300, 300).all():
            x = x + 1
        if fails:
            raise RuntimeError("on purpose")
        return x

    if in_hook:
        model.linear.register_forward_hook(lambda m, args, out: write(m, out))
    else:
        model.function = write
    before = _picture(model)
    others = [(dict(_GLOBAL), _LAST, dict(_table.__defaults__[0]), vars(_write_outside).copy())]
    with pytest.raises(ValueError, match="on purpose") if fails else nullcontext():
        count(model, (4,))
    assert _picture(model) == before
    after = [(dict(_GLOBAL), _LAST, dict(_table.__defaults__[0]), vars(_write_outside).copy())]
    assert after == others


LEAVES = st.one_of(st.integers(), st.text(max_size=3), st.none(), st.just("tensor"))
NESTED = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(max_size=2), inner, max_size=3),
        st.tuples(inner, inner),
        st.builds(lambda v: types.SimpleNamespace(v=v), inner),
    ),
    max_leaves=8,
)


def _spoil(value: Any, x: torch.Tensor) -> None:
    """Write into every container at every depth."""
    if isinstance(value, list):
        items = list(value)
        value.append(x)
        value.reverse()
    elif isinstance(value, dict):
        items = list(value.values())
        value["new"] = x
        value.update(dict.fromkeys(list(value), x))
    elif isinstance(value, types.SimpleNamespace):
        items = [value.v]
        value.v = x
    else:
        items = list(value) if isinstance(value, tuple) else []
    for item in items:
        _spoil(item, x)


def _shown(value: Any) -> Any:
    if isinstance(value, types.SimpleNamespace):
        return (id(value), _shown(value.v))
    if isinstance(value, dict):
        return (id(value), [(k, _shown(v)) for k, v in value.items()])
    if isinstance(value, (list, tuple)):
        return (id(value), [_shown(v) for v in value])
    return value


@settings(max_examples=examples(40), deadline=None)
@given(NESTED)
def test_nested_containers_come_back(held: Any) -> None:
    def function(m: Any, x: torch.Tensor) -> torch.Tensor:
        _spoil(m.state, x)
        return x

    model = Fn(function)
    model.state = held
    before = _shown(model.state)
    count(model, (4,))
    assert _shown(model.state) == before


@pytest.mark.slow
def test_a_cache_that_no_walk_finds_loses_its_empty_tensors() -> None:
    hidden = types.ModuleType("labcode_hidden_cache")
    code = """
from functools import lru_cache
held, seen = {"mine": 1}, ["mine"]
@lru_cache
def twice(x): return x * 2
def keep(x):
    held["x"] = x
    seen.append(x)
    return twice(x)
"""
    exec(code, hidden.__dict__)
    sys.modules[hidden.__name__] = hidden
    try:
        model = Fn(lambda m, x: getattr(sys.modules["labcode_hidden_cache"], "ke" + "ep")(x))
        cost = count(model, (4,))
    finally:
        del sys.modules[hidden.__name__]
    assert (hidden.held, hidden.seen) == ({"mine": 1}, ["mine"])
    assert hidden.twice.cache_info().currsize == 0
    assert "a dict outside the model" in cost.notes[0]


def test_a_meta_model_of_the_caller_is_no_leftover() -> None:
    others = [nn.Linear(2, 2, device="meta") for _ in range(3)]
    count(Fn(lambda m, x: x), (4,))
    assert all(isinstance(other.weight, nn.Parameter) for other in others)


def test_a_key_value_cache_answers_as_before() -> None:
    def function(m: Any, x: torch.Tensor) -> torch.Tensor:
        m.cache["k"].append(x)
        return torch.cat(m.cache["k"])

    model = Fn(function)
    model.cache = {"k": []}
    count(model, (4,))
    assert model.cache == {"k": []}
    assert model(torch.zeros(1, 4)).shape == (1, 4)


def test_inputs_of_the_caller_stay() -> None:
    def function(m: Any, x: torch.Tensor, n: torch.Tensor, d: dict[str, Any]) -> torch.Tensor:
        n.add_(1)
        d["x"].mul_(0)
        d.clear()
        return x.add_(1)

    class Two(nn.Module):
        def forward(self, *args: Any) -> torch.Tensor:
            return function(self, *args)

    x, n, d = torch.ones(2, 3), torch.tensor([1, 2]), {"x": torch.ones(2)}
    count(Two(), inputs=(x, n, d))
    assert (x.tolist(), n.tolist(), d["x"].tolist()) == ([[1.0] * 3] * 2, [1, 2], [1.0, 1.0])


def test_the_weight_that_a_pruning_hook_made_stays() -> None:
    model = prune.l1_unstructured(nn.Linear(4, 4), "weight", 0.5)
    weight = model.weight
    assert count(model, (4,)).macs == 16
    assert model.weight is weight
    F.linear(torch.zeros(1, 4), model.weight).sum().backward()
