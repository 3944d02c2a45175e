"""Receptive fields, against the pixels that a gradient really reaches."""

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from labcode.pages.calculators import receptive_field
from labcode.pages.pictures.cone import cone, seen_below
from tests.examples import examples


def seen_by_gradient(layers, kernel, stride, dilation, pool_every, size) -> tuple[int, int, int]:
    """Pixels from the first to the last that one output value depends on, how many of them it
    does depend on, and the output size."""
    steps: list[torch.nn.Module] = []
    for index in range(1, layers + 1):
        conv = torch.nn.Conv1d(1, 1, kernel, stride=stride, dilation=dilation, bias=False)
        torch.nn.init.ones_(conv.weight)
        steps.append(conv.double())
        if pool_every and index % pool_every == 0:
            steps.append(torch.nn.AvgPool1d(2))
    line = torch.ones(1, 1, size, dtype=torch.float64, requires_grad=True)
    output = torch.nn.Sequential(*steps)(line)
    output[0, 0, 0].backward()
    touched = line.grad[0, 0].nonzero()
    return int(touched[-1] - touched[0]) + 1, len(touched), output.shape[-1]


@settings(max_examples=examples(80))
@given(
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(1, 2),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(8, 120),
)
def test_it_is_the_reach_of_the_gradient(layers, kernel, stride, dilation, pool_every, size):
    try:
        field, seen, output = seen_by_gradient(layers, kernel, stride, dilation, pool_every, size)
    except RuntimeError:
        with pytest.raises(ValueError, match="does not fit"):
            receptive_field(layers, kernel, stride, dilation, pool_every, size)
        return
    result = receptive_field(layers, kernel, stride, dilation, pool_every, size)
    assert result.values == {"field": field, "output_size": output}
    verb = "sees" if seen == field else "reaches over"
    assert f" {verb} {field:,} × {field:,} pixels" in result.summary
    assert ("leaves some of them out" in result.summary) == (seen < field)


@settings(max_examples=examples(30))
@given(st.integers(1, 4), st.integers(1, 7), st.integers(1, 3), st.integers(1, 3))
def test_same_padding_has_the_output_sizes_of_torch(layers, kernel, stride, dilation):
    padding = dilation * (kernel - 1) // 2
    conv = torch.nn.Conv1d(1, 1, kernel, stride=stride, dilation=dilation, padding=padding)
    line = torch.zeros(1, 1, 64)
    try:
        for _ in range(layers):
            line = conv(line)
    except RuntimeError:
        assume(False)
    result = receptive_field(layers, kernel, stride, dilation, 0, 64, same_padding=True)
    assert result.values["output_size"] == line.shape[-1]


def test_known_stacks():
    assert "sees 7 × 7 pixels" in receptive_field().summary  # three 3 × 3 see as one 7 × 7
    deep = receptive_field(layers=8, same_padding=True, stride=2)
    assert "511 × 511 pixels of the input, more than its 28 × 28" in deep.summary


def test_a_layer_without_room_is_named():
    with pytest.raises(ValueError, match=r"conv 3 does not fit: kernel_size 5"):
        receptive_field(layers=3, kernel_size=5, input_size=9)
    with pytest.raises(ValueError, match="layers must be at least 1, got 0"):
        receptive_field(layers=0)


def test_the_picture_shows_the_values_that_are_read():
    assert seen_below([0, 3], kernel_size=2, stride=2, dilation=2) == [0, 2, 6, 8]
    picture = cone([("conv 1", 3, 1, 1), ("conv 2", 3, 1, 1)], input_size=9)
    assert sum(shape.style == "full" for shape in picture.shapes) == 5 + 3 + 1
    assert "reaches over 5 of 9 pixels" in picture.label


@settings(max_examples=examples(40))
@given(st.integers(1, 8), st.integers(1, 7), st.integers(1, 3), st.integers(1, 4))
def test_the_picture_agrees_with_the_table(layers, kernel, stride, dilation):
    windows = [("conv", kernel, stride, dilation)] * layers
    size = 5_000_000
    field = receptive_field(layers, kernel, stride, dilation, 0, size).values["field"]
    assert f"reaches over {field} of {size} pixels" in cone(windows, size).label
