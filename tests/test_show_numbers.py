"""Numbers as readers see them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcode.show import numbers


@given(st.floats(1e-9, 1e15))
def test_rounded_keeps_three_digits(value):
    text = numbers.rounded(value)
    assert "e" not in text
    assert math.isclose(float(text.replace(",", "")), value, rel_tol=0.005)


@given(st.floats(1, 1e15))
def test_scaled_keeps_the_value_and_its_number_short(value):
    number, unit = numbers.scaled(value, "B").split()
    factor = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}[unit]
    assert math.isclose(float(number.replace(",", "")) * factor, value, rel_tol=0.005)
    assert "," not in number or unit == "TB"


@given(st.floats(1000, 1e15))
def test_counts_have_the_prefix_of_quantities(value):
    number, prefix = numbers.humanise(value).split()
    assert (float(number), prefix) == (
        pytest.approx(float(numbers.scaled(value).split()[0].replace(",", "")), rel=0.005),
        numbers.scaled(value).split()[1],
    )


def test_a_spread_is_rounded_once():
    # 0.0011547 to five digits and then to four would be 0.0011.
    assert numbers.spread(0.978667, 0.0011547) == "97.87 ± 0.12 %"
    assert numbers.spread(0.5, 0.25, 0, space="\u00a0") == "50 ±\u00a025\u00a0%"


def test_log_bars_go_from_one_to_the_largest():
    assert numbers.log_share(1, 100) == 0
    assert numbers.log_share(10, 100) == pytest.approx(0.5)
    assert numbers.log_share(100, 100) == 1
    assert numbers.log_share(1, 1) == 1


@given(st.floats(1e-9, 1e4))
def test_durations_keep_the_value(seconds):
    value, unit = numbers.duration(seconds).split()
    factor = {"s": 1, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}[unit]
    assert float(value.replace(",", "")) * factor == pytest.approx(seconds, rel=0.005)


@given(st.floats(-100, 100))
def test_the_end_of_an_interval_says_on_which_side_of_zero_it_is(points):
    said = float(numbers.signed(points))
    assert abs(said - points) <= 0.0501
    if abs(points) > 1e-4:
        assert (said > 0) == (points > 0)
        assert said != 0
