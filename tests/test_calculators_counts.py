"""From counts to time: units, the two limits, and which one binds."""

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from labcode.pages.calculators.roof import roof

from labcode.pages.calculators import counts

UNITS = {"s": 1, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}


def seconds(text: str, name: str) -> float:
    value, unit = re.search(rf"{name}: .* = ([\d.,]+) (\S+)", text).groups()
    return float(value.replace(",", "")) * UNITS[unit]


@given(
    st.integers(1, 200),
    st.integers(1, 20_000),
    st.integers(1, 256),
    st.sampled_from([("float32", 4), ("float16", 2), ("int8", 1)]),
    st.integers(1, 20_000),
    st.integers(1, 2_000),
)
def test_the_slower_limit_binds(params, macs, batch, precision, peak, bandwidth):
    name, width = precision
    text = counts(params, macs, batch, name, peak, bandwidth).text
    compute = Fraction(2 * macs * batch, peak * 1000)
    memory = Fraction(params * width, bandwidth * 1000)
    assert seconds(text, "time by compute") == pytest.approx(float(compute), rel=0.006)
    assert seconds(text, "time by memory") == pytest.approx(float(memory), rel=0.006)
    if abs(compute - memory) > memory / 10**9:
        assert ("compute binds" if compute > memory else "memory binds") in text
    rate = float(re.search(r"= ([\d.,]+) images/s", text).group(1).replace(",", ""))
    assert rate == pytest.approx(float(batch / max(compute, memory)), rel=0.006)


def test_alexnet_on_a_small_device():
    text = counts().text
    assert "2 × 714 million × 1 = 1.43 GFLOP" in text
    assert "61 million × 4 B = 244 MB" in text
    assert "memory binds" in counts(gbytes_per_second=10).text
    assert "compute binds" in counts(gbytes_per_second=10, batch_size=8).text


def test_errors_name_the_argument():
    with pytest.raises(ValueError, match="precision must be one of float32, float16, int8"):
        counts(precision="int4")
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        counts(batch_size=0)


@given(st.floats(1e-3, 1e6), st.floats(1e-3, 1e5))
def test_the_point_stands_on_the_roof_inside_the_picture(intensity, ridge):
    picture = roof(intensity, ridge)
    x, y = (float(v) for v in re.search(r'cx="([\d.]+)" cy="([\d.]+)"', picture).groups())
    assert 0 <= x <= 250
    assert 0 <= y <= 136
    assert ("compute binds" in picture) is (intensity >= ridge)
