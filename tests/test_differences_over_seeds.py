"""Intervals over seeds and images hold the truth as often as they say: the truth is known here."""

import numpy as np
import pytest
from scipy import stats

from labcode.training import (
    difference_over_answers,
    difference_over_changes,
    difference_over_seeds,
)
from labcode.training.seeds import T


def experiments(truth, *, seeds, images, of_seed, of_image, rounds=400):
    """Draw answers of two methods: an image's difficulty is shared, a seed moves a whole network.

    Images and seeds are drawn anew in each round, so that the truth is that of all images.
    """
    generator = np.random.default_rng(1)
    level = np.log(0.9 / 0.1)
    hard = generator.normal(0, of_image, (rounds, 1, images))
    for number in range(rounds):
        lucky = generator.normal(0, of_seed, (2, seeds, 1))
        right = []
        for method, shift in enumerate((0.0, truth)):
            chance = 1 / (1 + np.exp(-(level + shift + lucky[method] + hard[number])))
            right.append(generator.random((seeds, images)) < chance)
        yield right


def true_difference(truth, *, of_seed, of_image):
    """The same by plain averaging over very many images and seeds."""
    generator = np.random.default_rng(2)
    noise = generator.normal(0, of_image, 400_000) + generator.normal(0, of_seed, 400_000)
    level = np.log(0.9 / 0.1)
    accuracy = [np.mean(1 / (1 + np.exp(-(level + shift + noise)))) for shift in (0.0, truth)]
    return accuracy[1] - accuracy[0]


@pytest.mark.parametrize(
    ("seeds", "of_seed", "of_image"), [(3, 0.2, 2.0), (5, 0.0, 1.0), (5, 0.3, 0.0)]
)
@pytest.mark.parametrize("truth", [0.0, 0.4])
def test_the_interval_holds_the_truth_in_95_of_100_or_more(truth, seeds, of_seed, of_image):
    real = true_difference(truth, of_seed=of_seed, of_image=of_image)
    drawn = {"seeds": seeds, "images": 200, "of_seed": of_seed, "of_image": of_image}
    held = {"answers": 0, "bound": 0}
    for one, two in experiments(truth, **drawn):
        found = difference_over_answers(one, two)
        bound = difference_over_seeds(one.mean(1), two.mean(1), images=200)
        assert found.value == pytest.approx(bound.value)
        assert bound.high - bound.low >= (found.high - found.low) * 0.99
        counts = [(a & ~b).sum(1).tolist() for a, b in ((one, two), (two, one))]
        changes = difference_over_changes(*counts, images=200)
        assert found.high - found.low <= (changes.high - changes.low) * 1.01
        assert changes.high - changes.low <= (bound.high - bound.low) * 1.01
        held["answers"] += found.low <= real <= found.high
        held["bound"] += bound.low <= real <= bound.high
    assert held["answers"] >= 0.93 * 400
    assert held["bound"] >= held["answers"]


@pytest.mark.parametrize("of_seed", [0.0, 0.3])
def test_the_interval_is_not_much_longer_than_chance_asks_for(of_seed):
    drawn = {"seeds": 10, "images": 300, "of_seed": of_seed, "of_image": 1.0}
    found = [difference_over_answers(one, two) for one, two in experiments(0.4, **drawn)]
    needed = 2 * 1.96 * np.std([one.value for one in found])
    assert np.mean([one.high - one.low for one in found]) < 1.6 * needed


def test_seeds_that_agree_leave_what_the_images_leave_open():
    certain = difference_over_seeds([0.9, 0.9], [0.9, 0.9], images=1000)
    assert certain.high == pytest.approx(1.959964 * np.sqrt(0.2 / 1000), rel=0.01)
    answers = np.ones((3, 50), dtype=bool)
    nothing = difference_over_answers(answers, answers)
    assert nothing.value == 0
    assert -nothing.low == nothing.high > 0.02  # fifty images without an error are only fifty


def test_the_quantiles_are_students():
    wanted = [stats.t.ppf(0.975, degrees) for degrees in range(1, len(T) + 1)]
    assert pytest.approx(wanted, abs=6e-4) == list(T)


def test_exchanged_methods_mirror_the_interval():
    one, two = [0.95, 0.97, 0.96], [0.98, 0.975, 0.98]
    there, back = (difference_over_seeds(*p, images=500) for p in ((one, two), (two, one)))
    assert there.low == pytest.approx(-back.high)
    assert there.high == pytest.approx(-back.low)


@pytest.mark.parametrize(
    ("first", "second", "images", "says"),
    [
        ([0.9], [0.9], 10, "2 to 15 seeds"),
        ([0.9] * 16, [0.9] * 16, 10, "2 to 15 seeds"),
        ([0.9, 0.8], [0.9], 10, "same seeds"),
        ([90.0, 80.0], [0.9, 0.8], 10, "from 0 to 1, got 90.0"),
        ([float("nan"), 0.8], [0.9, 0.8], 10, "from 0 to 1, got nan"),
        ([0.9, 0.8], [0.9, 0.8], 0, "images"),
    ],
)
def test_what_makes_no_sense_is_refused(first, second, images, says):
    with pytest.raises(ValueError, match=says):
        difference_over_seeds(first, second, images=images)


@pytest.mark.parametrize(
    ("first", "second"), [(np.ones((2, 5)), np.ones((3, 5))), (np.ones(5), np.ones(5)),
                          (np.ones((2, 1)), np.ones((2, 1)))]
)  # fmt: skip
def test_answers_of_another_shape_are_refused(first, second):
    with pytest.raises(ValueError, match=r"\(seeds, images\)"):
        difference_over_answers(first, second)


def test_changes_that_are_the_same_for_each_seed_are_all_that_is_known_of_answers():
    one = np.tile(np.arange(40) < 30, (3, 1))
    two = np.tile(np.arange(40) >= 5, (3, 1))
    found = difference_over_changes([5, 5, 5], [10, 10, 10], images=40)
    assert found == pytest.approx(difference_over_answers(one, two))


def test_more_changes_than_images_are_refused():
    with pytest.raises(ValueError, match="at most 10 images together"):
        difference_over_changes([6, 1], [5, 1], images=10)
