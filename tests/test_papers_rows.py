"""How a published number and ours are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcode import papers
from labcode.papers.row import Found, Row, agrees, cut_off, printed_number, to_digits, verdict


@pytest.mark.slow
@given(value=st.floats(0, 1e4), decimals=st.integers(0, 3))
def test_a_number_agrees_with_its_own_print_and_not_with_the_next_one(value, decimals):
    assert agrees(f"{value:.{decimals}f}", value)
    assert not agrees(f"{value + 2 * 10.0**-decimals:.{decimals}f}", value)


@given(value=st.floats(1e-3, 1e6), digits=st.integers(1, 5))
def test_to_digits_keeps_a_relative_error_below_half_a_digit(value, digits):
    assert to_digits(value, digits) == pytest.approx(value, rel=0.5 * 10.0 ** (1 - digits) * 1.001)


def test_cut_off_drops_digits():
    assert [cut_off(510.99), cut_off(2.49, 1), cut_off(659_272, -4)] == [510, 2.4, 650_000]


def test_printed_numbers_are_read():
    assert [printed_number(text) for text in ("4.2", "~2.5", "38M", "27 KB")] == [4.2, 2.5, 38, 27]
    assert [printed_number(text) for text in ("16/64/64", "plateau 86.0", "")] == [None] * 3
    assert not agrees("16/64/64", 16.0)


def test_each_verdict():
    assert verdict("4.2", None) == "cited"
    assert verdict("4.2", Found(4.21)) == "equal to the digits printed"
    assert verdict("240", Found(243.9, "two digits", instead=240.0)) == "explained: two digits"
    assert verdict("1.19", Found(1.91, "misprint", explained=True)) == "explained: misprint"
    assert verdict("7.7", Found(6.4, "unknown")) == "not reproducible: unknown"
    assert verdict("38", Found(None, "does not divide")) == "not reproducible: does not divide"


def test_a_difference_needs_a_reason_that_holds():
    with pytest.raises(ValueError, match=r"published '4.2' and computed 4.3 differ unexplained"):
        verdict("4.2", Found(4.3))
    with pytest.raises(ValueError, match=r"4.3 does not explain the published '4.2'"):
        verdict("4.2", Found(5.0, "another convention", instead=4.3))


def test_the_difference_is_computed_minus_published():
    row = Row("Table 1", "AlexNet", "", "size", "240", "MB", 243.5, "explained: two digits")
    assert (row.difference, row.kind) == (3.5, "explained")
    assert Row("", "", "", "", "16/64/64", "", "16/64/64", "cited").difference is None


def test_an_unknown_paper_is_named():
    with pytest.raises(KeyError, match="no recomputed tables of 'nature'; there are: mobilenet"):
        papers.reproduce("nature")
