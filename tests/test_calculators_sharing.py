"""Dense, locally connected and convolution, against loops."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from labcode.pages.calculators import sharing
from tests.examples import examples


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


@settings(max_examples=examples(60))
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
    assert sharing(c_in, c_out, size, k, stride, padding).values == {"params": params, "macs": macs}


def test_lenets_first_layer():
    assert sharing().summary == (
        "Dense 2,709,504 parameters, locally connected 86,400, convolution 150."
    )
    assert "logarithmic" in sharing().caption


def test_errors_name_the_argument():
    with pytest.raises(ValueError, match="kernel_size 30 must not be larger"):
        sharing(kernel_size=30)
