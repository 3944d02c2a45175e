"""Numbers and bars as readers see them."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcode.pages.live import draw


@given(st.floats(1e-9, 1e15))
def test_rounded_keeps_three_digits(value):
    text = draw.rounded(value)
    assert "e" not in text
    assert math.isclose(float(text.replace(",", "")), value, rel_tol=0.005)


@given(st.floats(1, 1e15))
def test_scaled_keeps_the_value(value):
    number, unit = draw.scaled(value, "B").split()
    factor = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}[unit]
    assert math.isclose(float(number.replace(",", "")) * factor, value, rel_tol=0.005)


@pytest.mark.parametrize(("fraction", "width"), [(0, 0), (0.361, 36.1), (1, 100), (7, 100)])
def test_a_bar_is_as_long_as_its_share(fraction, width):
    (found,) = re.findall(r"width:([\d.]+)%", draw.bar(fraction, "a"))
    assert float(found) == pytest.approx(width)


def test_log_bars_go_from_one_to_the_largest():
    assert draw.log_fraction(1, 100) == 0
    assert draw.log_fraction(10, 100) == pytest.approx(0.5)
    assert draw.log_fraction(100, 100) == 1
    assert draw.log_fraction(1, 1) == 1


def test_text_from_outside_is_escaped():
    assert "<b>" not in draw.impossible("<b>")
    assert "<b>" not in draw.heading("<b>", "a")
    assert '"<' not in draw.svg(1, 1, '"<b>', "")
