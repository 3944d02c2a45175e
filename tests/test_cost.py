"""labcode.cost against PyTorch, against counting one by one, and against nonsense."""

import itertools
import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from labcode import cost
from labcode.cost import Cost
from tests.examples import examples


def int_or_pair(low: int, high: int) -> st.SearchStrategy[int | tuple[int, int]]:
    numbers = st.integers(low, high)
    return numbers | st.tuples(numbers, numbers)


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def by_pytorch(model: nn.Module, shape: tuple[int, ...]) -> Cost | None:
    """Count with PyTorch's own counter, without arithmetic; None where PyTorch refuses."""
    params = sum(p.numel() for p in model.parameters())
    with FlopCounterMode(display=False) as counter:
        try:
            output = model(torch.empty(1, *shape, device="meta"))
        except RuntimeError:
            return None
    flops = counter.get_total_flops()
    assert flops % 2 == 0
    size = tuple(output.shape[2:]) or None
    return Cost(params, flops // 2, size)


def by_labcode(function: Callable[..., Cost], *args: object, **kwargs: object) -> Cost | None:
    """Count with labcode; None where it refuses."""
    try:
        return function(*args, **kwargs)
    except ValueError:
        return None


@pytest.mark.slow
@settings(max_examples=examples(1000))
@given(
    per_group=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    groups=st.integers(1, 5),
    kernel=int_or_pair(1, 5),
    size=int_or_pair(1, 17),
    stride=int_or_pair(1, 4),
    padding=int_or_pair(0, 3),
    dilation=int_or_pair(1, 3),
    bias=st.booleans(),
)
def test_conv2d_equals_pytorch(per_group, groups, kernel, size, stride, padding, dilation, bias):
    c_in, c_out = per_group[0] * groups, per_group[1] * groups
    options = {
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
        "bias": bias,
    }
    layer = nn.Conv2d(c_in, c_out, kernel, device="meta", **options)
    expected = by_pytorch(layer, (c_in, *pair(size)))
    assert by_labcode(cost.conv2d, c_in, c_out, kernel, size, **options) == expected


@settings(max_examples=examples(300))
@given(c_in=st.integers(1, 5000), c_out=st.integers(1, 5000), bias=st.booleans())
def test_linear_equals_pytorch(c_in, c_out, bias):
    layer = nn.Linear(c_in, c_out, bias=bias, device="meta")
    assert cost.linear(c_in, c_out, bias=bias) == by_pytorch(layer, (c_in,))


@pytest.mark.slow
@settings(max_examples=examples(700))
@given(
    c_in=st.integers(1, 12),
    c_out=st.integers(1, 12),
    kernel=int_or_pair(1, 5),
    size=int_or_pair(1, 17),
    stride=int_or_pair(1, 4),
    padding=int_or_pair(0, 3),
    bias=st.booleans(),
)
def test_depthwise_separable_equals_pytorch(c_in, c_out, kernel, size, stride, padding, bias):
    options = {"stride": stride, "padding": padding, "bias": bias}
    layer = nn.Sequential(
        nn.Conv2d(c_in, c_in, kernel, groups=c_in, device="meta", **options),
        nn.Conv2d(c_in, c_out, 1, bias=bias, device="meta"),
    )
    expected = by_pytorch(layer, (c_in, *pair(size)))
    assert by_labcode(cost.depthwise_separable, c_in, c_out, kernel, size, **options) == expected


@pytest.mark.slow
@settings(max_examples=examples(700))
@example(size=2, kernel=3, stride=2, padding=0, ceil_mode=True)  # one window, over the edge
@example(size=3, kernel=2, stride=2, padding=1, ceil_mode=True)  # none starts in the padding
@given(
    size=int_or_pair(1, 20),
    kernel=int_or_pair(1, 6),
    stride=st.none() | int_or_pair(1, 6),
    padding=int_or_pair(0, 4),
    ceil_mode=st.booleans(),
)
def test_pool2d_equals_pytorch(size, kernel, stride, padding, ceil_mode):
    options = {"stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    expected = by_pytorch(nn.MaxPool2d(kernel, **options), (1, *pair(size)))
    assert by_labcode(cost.pool2d, size, kernel, **options) == expected


class LocallyConnected2d(nn.Module):
    """A locally connected layer in PyTorch: unfold, then one matrix for each place."""

    def __init__(self, c_in, c_out, kernel, size, stride, padding, bias):
        super().__init__()
        self.unfold = nn.Unfold(kernel, stride=stride, padding=padding)
        probe = nn.functional.max_pool2d(
            torch.empty(1, 1, *(n + 2 * p for n, p in zip(size, pair(padding), strict=True))),
            kernel,
            stride=stride,
        )
        self.out_size = tuple(probe.shape[2:])
        places = probe.numel()
        window = c_in * pair(kernel)[0] * pair(kernel)[1]
        self.weight = nn.Parameter(torch.empty(places, window, c_out, device="meta"))
        self.bias = nn.Parameter(torch.empty(places, c_out, device="meta")) if bias else None

    def forward(self, x):
        columns = self.unfold(x).permute(2, 0, 1)  # (places, N, window)
        y = torch.bmm(columns, self.weight).permute(1, 2, 0)  # (N, c_out, places)
        return y.unflatten(2, self.out_size)


@pytest.mark.slow
@settings(max_examples=examples(400))
@given(
    c_in=st.integers(1, 6),
    c_out=st.integers(1, 6),
    kernel=int_or_pair(1, 4),
    size=int_or_pair(1, 12),
    stride=int_or_pair(1, 3),
    padding=int_or_pair(0, 2),
    bias=st.booleans(),
)
def test_locally_connected2d_equals_pytorch(c_in, c_out, kernel, size, stride, padding, bias):
    size, options = pair(size), {"stride": stride, "padding": padding, "bias": bias}
    mine = by_labcode(cost.locally_connected2d, c_in, c_out, kernel, size, **options)
    assume(mine is not None)  # what is refused is compared in test_conv2d_equals_pytorch
    layer = LocallyConnected2d(c_in, c_out, kernel, size, stride, padding, bias)
    assert mine == by_pytorch(layer, (c_in, *size))


@pytest.mark.slow
@settings(max_examples=examples(300))
@given(
    c_in=st.integers(1, 3),
    c_out=st.integers(1, 3),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    size=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 2),
)
def test_conv2d_equals_counting_one_by_one(c_in, c_out, kernel, size, stride, padding, dilation):
    """Slide the filter pixel by pixel and count every multiplication."""
    starts = [
        [
            start
            for start in range(-padding, n + padding, stride)
            if start + dilation * (k - 1) <= n + padding - 1
        ]
        for n, k in zip(size, kernel, strict=True)
    ]
    places = list(itertools.product(*starts))
    mine = by_labcode(
        cost.conv2d, c_in, c_out, kernel, size, stride=stride, padding=padding, dilation=dilation
    )
    if not places:
        assert mine is None
        return
    one_filter = list(itertools.product(range(c_in), range(kernel[0]), range(kernel[1])))
    macs = sum(1 for _ in places for _ in range(c_out) for _ in one_filter)
    assert mine == Cost(c_out * len(one_filter), macs, (len(starts[0]), len(starts[1])))


def test_the_notes_example():
    standard = cost.conv2d(3, 4, 3, 5)
    separable = cost.depthwise_separable(3, 4, 3, 5)
    depthwise = cost.conv2d(3, 3, 3, 5, groups=3)
    pointwise = cost.conv2d(3, 4, 1, 3)
    assert (standard.params, standard.macs) == (108, 972)
    assert [(c.params, c.macs) for c in (depthwise, pointwise)] == [(27, 243), (12, 108)]
    assert (separable.params, separable.macs) == (39, 351)


def test_published_figures():
    """AlexNet's first layer (its paper, section 3.5) and LeNet-5 of Caffe."""
    assert cost.conv2d(3, 96, 11, 227, stride=4).output_size == (55, 55)
    lenet = [
        cost.conv2d(1, 20, 5, 28, bias=True),
        cost.pool2d(24, 2),
        cost.conv2d(20, 50, 5, 12, bias=True),
        cost.pool2d(8, 2),
        cost.linear(800, 500),
        cost.linear(500, 10),
    ]
    assert sum(lenet) == Cost(431_080, 2_293_000, None)


def test_cost_adds_and_is_frozen():
    first, last = Cost(1, 2, (8, 8)), Cost(10, 20, (4, 4))
    assert first + last == Cost(11, 22, (4, 4))
    assert last + first == Cost(11, 22, (8, 8))
    assert sum([first, last]) == Cost(11, 22, (4, 4))
    assert sum([first]) == first
    assert (first + Cost(0, 0)).output_size is None
    assert first.flops == 4
    assert len({first, Cost(1, 2, (8, 8))}) == 1
    with pytest.raises(FrozenInstanceError):
        first.params = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        first + 1
    with pytest.raises(TypeError):
        1 + first


def test_numpy_integers_are_integers():
    found = cost.conv2d(np.int64(3), np.int32(4), (np.int64(3), 3), np.int8(5))
    assert found == Cost(108, 972, (3, 3))
    assert all(type(n) is int for n in (found.params, found.macs, *found.output_size))
    large = cost.linear(np.int32(100_000), np.int32(100_000), bias=True)
    assert large.macs == 10_000_000_000  # no overflow
    assert large.params == 10_000_100_000
    places = cost.locally_connected2d(np.int8(1), np.int8(100), 1, 100, bias=True)
    assert places.params == 2_000_000


def test_labcode_and_cost_import_nothing_but_the_standard_library():
    """The same files run in the browser, where no torch and no NumPy is."""
    code = (
        "import sys; sys.path.insert(0, '.')\n"
        "import labcode, labcode.cost\n"
        "assert 'count' in dir(labcode) and 'cost' in dir(labcode)\n"
        "roots = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(roots - set(sys.stdlib_module_names) - {'labcode', '__main__'}))"
    )
    answer = subprocess.run(
        [sys.executable, "-S", "-E", "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


def test_labcode_imports_its_parts_when_they_are_asked_for():
    import labcode

    assert labcode.__version__ == "0.1.0"
    assert labcode.cost is cost
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        labcode.nonsense  # noqa: B018
