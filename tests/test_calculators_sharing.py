"""Dense, locally connected, convolution and downsampling, against loops and PyTorch."""

import re

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from labcode.pages.calculators.subsample import kept_pixels

from labcode.pages.calculators import downsampling, sharing


def by_loops(c_in, c_out, size, k, stride, padding):
    """Count connections one by one; a weight is known by what it joins."""
    places = range((size + 2 * padding - k) // stride + 1)
    shared, local, steps = set(), set(), 0
    for place in ((y, x) for y in places for x in places):
        for weight in ((o, i, r, c) for o in range(c_out) for i in range(c_in)
                       for r in range(k) for c in range(k)):  # fmt: skip
            shared.add(weight)
            local.add((place, weight))
            steps += 1
    dense = c_in * size * size * c_out * len(places) ** 2
    return [dense, len(local), len(shared)], [dense, steps, steps]


@settings(max_examples=60)
@given(
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 7),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 1),
)
def test_the_counts_are_those_of_loops(c_in, c_out, size, k, stride, padding):
    assume(k <= size + 2 * padding)
    params, macs = by_loops(c_in, c_out, size, k, stride, padding)
    text = sharing(c_in, c_out, size, k, stride, padding).text
    found = re.findall(r": ([\d,]+) parameters, ([\d,]+) multiply-adds", text)
    assert [int(p.replace(",", "")) for p, _ in found] == params
    assert [int(m.replace(",", "")) for _, m in found] == macs


def test_lenets_first_layer():
    assert sharing().summary == (
        "Dense 2,709,504 parameters, locally connected 86,400, convolution 150."
    )
    assert "logarithmic" in sharing().html


def test_errors_name_the_argument():
    with pytest.raises(ValueError, match="kernel_size 30 must not be larger"):
        sharing(kernel_size=30)
    with pytest.raises(ValueError, match="after downsampling, kernel_size 5"):
        downsampling(input_size=6)
    with pytest.raises(ValueError, match="keep_every must be at least 1"):
        downsampling(keep_every=0)


@settings(max_examples=60)
@given(st.integers(1, 30), st.integers(1, 9), st.integers(1, 4), st.integers(1, 4))
def test_downsampling_is_a_slice(size, step, c_in, c_out):
    image = torch.zeros(c_in, size, size)
    left = image[:, ::step, ::step]
    result = downsampling(size, step, c_in, c_out, 1)
    assert f"leaves {left[0].numel():,} of {size * size:,} pixels" in result.text
    output = torch.nn.Conv2d(c_in, c_out, 1)(left)
    assert f"{output.numel() * c_in:,} (" in result.text.splitlines()[1]


def test_a_quarter_is_left_and_drawn():
    assert "196 of 784 pixels (25 %)" in downsampling().summary
    assert kept_pixels(28, 2).count('class="live-full"') == 196
    assert "A corner of 32 × 32" in kept_pixels(64, 2)
