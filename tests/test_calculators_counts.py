"""From counts to time: units, the two limits, and which one binds."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcode.pages.calculators import counts
from labcode.pages.pictures.roof import roof
from labcode.show.pictures import Circle


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
    values = counts(params, macs, batch, name, peak, bandwidth).values
    compute = Fraction(2 * macs * batch, peak * 1000)
    memory = Fraction(params * width, bandwidth * 1000)
    assert values["by_compute"] == pytest.approx(float(compute))
    assert values["by_memory"] == pytest.approx(float(memory))
    if abs(compute - memory) > memory / 10**9:
        assert values["binds"] == ("compute" if compute > memory else "memory")
    assert values["throughput"] == pytest.approx(float(batch / max(compute, memory)))


def test_alexnet_on_a_small_device():
    result = counts()
    (beside,) = result.parts
    shown = {name: (value.text, how.text) for name, value, how in beside.table.rows}
    assert shown["Operations"] == ("1.43 GFLOP", "2 × 714 million × 1")
    assert shown["Weights"] == ("244 MB", "61 million × 4 B")
    assert shown["Time by compute"] == ("14.3 ms", "1.43 GFLOP / 100 GFLOP/s")
    assert shown["Highest throughput"] == ("70 images/s", "1 / 14.3 ms")
    assert result.summary == "At least 14.3 ms for 1 image: compute binds."
    assert "memory binds" in counts(gbytes_per_second=10).summary
    assert "compute binds" in counts(gbytes_per_second=10, batch_size=8).summary


def test_errors_name_the_argument():
    with pytest.raises(ValueError, match="precision must be one of 'float32', 'float16', 'int8'"):
        counts(precision="int4")
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        counts(batch_size=0)


@given(st.floats(1e-3, 1e6), st.floats(1e-3, 1e5))
def test_the_point_stands_on_the_roof_inside_the_picture(intensity, ridge):
    picture = roof(intensity, ridge)
    (dot,) = (shape for shape in picture.shapes if isinstance(shape, Circle))
    assert 0 <= dot.cx <= 250
    assert 0 <= dot.cy <= 136
    assert ("compute binds" in picture.label) is (intensity >= ridge)
