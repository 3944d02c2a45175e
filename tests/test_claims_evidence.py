"""What evidence says of a bound: true, false or open, at its edges and joined."""

from itertools import product

import pytest

from labcode.pages.claims import all_of, close, exact, less, more, no, quicker, wider
from labcode.pages.claims.evidence import Evidence, F
from labcode.training import Difference, difference_over_seeds

ANSWERS = (True, False, None)


@pytest.mark.parametrize(
    ("low", "high", "than", "answer"),
    [
        (0.01, 0.03, 0.0, True),
        (-0.01, 0.03, 0.0, None),
        (-0.03, -0.01, 0.0, False),
        (0.0, 0.03, 0.0, None),  # zero itself is not more than zero
        (-0.03, 0.0, 0.0, False),
        (0.01, 0.03, 0.02, None),
        (-0.004, 0.003, -0.005, True),
    ],
)
def test_more_asks_the_whole_interval(low, high, than, answer) -> None:
    difference = Difference((low + high) / 2, low, high)
    assert more(difference, than).answer is answer
    mirrored = Difference(-(low + high) / 2, -high, -low)
    assert less(mirrored, -than).answer is answer
    assert no(more(difference, than)).answer is (None if answer is None else not answer)


@pytest.mark.parametrize(
    ("low", "high", "answer"),
    [
        (-0.004, 0.004, True),
        (-0.004, 0.006, None),  # holds zero, and yet it is not shown to be close
        (-0.05, 0.05, None),
        (0.001, 0.004, True),  # told apart, and close
        (0.006, 0.02, False),
        (-0.02, -0.006, False),
    ],
)
def test_close_asks_the_whole_interval_on_both_sides(low, high, answer) -> None:
    assert close(Difference((low + high) / 2, low, high), within=0.005).answer is answer


def test_joined_evidence_is_false_before_it_is_open() -> None:
    for answers in product(ANSWERS, repeat=3):
        joined = all_of(*(Evidence(answer) for answer in answers)).answer
        if False in answers:
            assert joined is False
        else:
            assert joined is (None if None in answers else True)


def test_joined_evidence_keeps_every_interval_in_order() -> None:
    one, two = more(Difference(0, -0.1, 0.1), of="one"), exact(1 == 1)
    joined = all_of(one, two, less(Difference(0, -0.2, 0.2), of="two"))
    assert [words.split(":")[0] for words in joined.intervals] == ["one", "two"]


def test_words_name_value_interval_and_bound() -> None:
    found = difference_over_seeds([0.95, 0.96, 0.955], [0.97, 0.975, 0.975], images=1000)
    assert more(found).intervals == ("+1.8 points (95 %: +0.02 to +3.6)",)
    assert more(found, -0.01, of="pruned").intervals == (
        "pruned: +1.8 points (95 %: +0.02 to +3.6), asked: more than -1.0",
    )
    assert less(found, 0.05).intervals[0].endswith("asked: less than +5.0")
    assert close(found, 0.05).intervals[0].endswith("asked: within 5.0 on either side")
    assert no(close(found, 0.05)).intervals[0].endswith("asked: not within 5.0 on either side")
    # A tiny loss is not written as minus nothing; an end says on which side of zero it is.
    assert more(Difference(-0.0001, -0.0002, 0.0)).intervals == (
        "+0.0 points (95 %: -0.02 to +0.0)",
    )


@pytest.mark.parametrize(
    ("first", "second", "times", "answer"),
    [
        ((1, 2), (3, 4), 1, True),
        ((1, 3), (3, 4), 1, None),
        ((3, 4), (1, 2), 1, False),
        ((1, 2), (3, 4), 2, None),
        ((1, 2), (5, 6), 2, True),
        ((1, 2), (1.1, 1.9), 2, False),
    ],
)
def test_a_time_is_shorter_only_where_spreads_do_not_overlap(first, second, times, answer) -> None:
    assert quicker(first, second, times=times).answer is answer


def test_the_quantiles_are_fishers() -> None:
    from scipy.stats import f

    assert pytest.approx([f.ppf(0.975, k, k) for k in range(1, 15)], rel=2e-4) == F


@pytest.mark.parametrize(("times", "answer"), [(3.0, True), (1.5, None), (0.3, False)])
def test_a_spread_is_wider_only_where_the_whole_interval_says_so(times, answer) -> None:
    second = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]  # 8 numbers: the margin is 2.23 times
    first = [100 + times * number for number in second]
    found = wider(first, second, of="losses")
    assert found.answer is answer
    assert found.intervals[0].startswith(f"losses: {times:.1f} times the spread (95 %: ")


def test_a_spread_needs_as_many_numbers_that_differ() -> None:
    with pytest.raises(ValueError, match="got 2 and 3"):
        wider([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="2 to 15, got 1 and 1"):
        wider([1], [2])
    with pytest.raises(ValueError, match="must differ"):
        wider([1, 1], [1, 2])


def test_nonsense_is_refused() -> None:
    with pytest.raises(TypeError, match="must be a bool, got 1"):
        exact(1)
    with pytest.raises(ValueError, match="within must be positive"):
        close(Difference(0, 0, 0), within=0)
    with pytest.raises(ValueError, match="needs some evidence"):
        all_of()
