"""The interval of a paired difference holds the truth as often as it says, and no more often."""

import numpy as np
import pytest

from labcode.training import paired_difference


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
