"""The intervals of accuracies hold the truth as often as they say, and no more often."""

import numpy as np
import pytest

from labcode.training import paired_difference, proportion


@pytest.mark.parametrize(
    ("lost", "won", "n"), [(0.02, 0.01, 1000), (0.1, 0.1, 200), (0.3, 0.1, 100)]
)
def test_the_interval_holds_the_truth_in_95_of_100(lost, won, n):
    generator = np.random.default_rng(0)
    draws = generator.multinomial(n, [lost, won, 1 - lost - won], size=4000)
    held = 0
    for down, up, _ in draws:
        found = paired_difference(int(down), int(up), n)
        assert found.low <= found.value <= found.high
        held += found.low <= won - lost <= found.high
    assert 0.935 < held / len(draws) < 0.975


def test_with_the_sides_exchanged_the_interval_is_mirrored():
    one, two = paired_difference(7, 3, 50), paired_difference(3, 7, 50)
    assert one.value == -two.value
    assert one.low == pytest.approx(-two.high)


def test_no_difference_is_not_told_apart_and_a_large_one_is():
    assert not paired_difference(0, 0, 10).told_apart
    assert not paired_difference(5, 5, 1000).told_apart
    assert paired_difference(50, 5, 1000).told_apart


@pytest.mark.parametrize(("lost", "won", "n"), [(-1, 0, 5), (3, 3, 5), (0, 0, 0)])
def test_impossible_counts_are_refused(lost, won, n):
    with pytest.raises(ValueError, match="must be at least"):
        paired_difference(lost, won, n)


@pytest.mark.parametrize(("share", "n"), [(0.87, 875), (0.5, 60), (0.97, 100)])
def test_the_interval_of_a_share_holds_it_in_95_of_100(share, n):
    draws = np.random.default_rng(0).binomial(n, share, size=4000)
    held = sum(found.low <= share <= found.high for found in (proportion(int(k), n) for k in draws))
    assert 0.93 < held / len(draws) < 0.98


def test_the_interval_of_a_share_is_where_the_score_test_ends():
    """By definition: an end is a share from which the found one is Z standard errors away."""
    found = proportion(762, 875)
    for end in (found.low, found.high):
        error = (end * (1 - end) / 875) ** 0.5
        assert abs(found.value - end) == pytest.approx(1.959964 * error, rel=1e-6)
    assert proportion(0, 5).low == 0 < proportion(0, 5).high
    assert proportion(5, 5).high == pytest.approx(1)


@pytest.mark.parametrize(("right", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_more_right_answers_than_images_are_refused(right, n):
    with pytest.raises(ValueError, match="must be at least"):
        proportion(right, n)
