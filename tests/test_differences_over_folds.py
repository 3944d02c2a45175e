"""Intervals over folds hold the truth as often as they say: the truth is known here."""

import numpy as np
import pytest

from labcode.training import difference_over_answers, difference_over_folds
from labcode.training.paired import Z

FOLDS, SEEDS, IMAGES, ROUNDS = 5, 3, 100, 400
LEVEL = np.log(0.9 / 0.1)


def training_sets():
    """Which tenths of the images each fold trains on, (folds, tenths), as `fold_parts` cuts them.

    A fold tests two tenths of the ring, and the third is for validation.
    """
    taken = np.ones((FOLDS, 10))
    for fold in range(FOLDS):
        taken[fold, [(2 * fold + step) % 10 for step in range(3)]] = 0
    return taken


def experiments(truth, *, of_seed, of_image, of_training, overlap):
    """Draw answers of two methods: (folds, seeds, images) each.

    An image's difficulty is shared by all networks. A seed moves a whole network, and so does a
    training set: by the sum of what each of its tenths does, so that folds with many of the same
    tenths move together; or, without overlap, by a number of its own.
    """
    generator = np.random.default_rng(3)
    taken = training_sets() / np.sqrt(7) if overlap else np.eye(FOLDS)
    for _ in range(ROUNDS):
        hard = generator.normal(0, of_image, (FOLDS, 1, IMAGES))
        right = []
        for shift in (0.0, truth):
            taught = taken @ generator.normal(0, of_training, taken.shape[1])
            lucky = generator.normal(0, of_seed, (FOLDS, SEEDS, 1))
            chance = LEVEL + shift + taught[:, None, None] + lucky + hard
            luck = generator.random((FOLDS, SEEDS, IMAGES))
            right.append((luck < 1 / (1 + np.exp(-chance))).astype(float))
        yield right


def true_difference(truth, **spreads):
    """The same by plain averaging over very many images, seeds and training sets."""
    generator = np.random.default_rng(2)
    noise = sum(generator.normal(0, spread, 400_000) for spread in spreads.values())
    accuracy = [np.mean(1 / (1 + np.exp(-(LEVEL + shift + noise)))) for shift in (0.0, truth)]
    return accuracy[1] - accuracy[0]


def coverage(interval, truth, *, overlap=True, **spreads):
    real = true_difference(truth, **spreads)
    found = [interval(*pair) for pair in experiments(truth, overlap=overlap, **spreads)]
    return np.mean([low <= real <= high for _, low, high in found])


def plain_t(one, two):
    """The folds as if they were independent: what the correction is needed against."""
    means = (two - one).mean(axis=(1, 2))
    margin = 2.776 * means.std(ddof=1) / np.sqrt(FOLDS)
    return means.mean(), means.mean() - margin, means.mean() + margin


WORLDS = {
    "seeds and images": {"of_seed": 0.2, "of_image": 2.0, "of_training": 0.0},
    "images alone": {"of_seed": 0.0, "of_image": 1.0, "of_training": 0.0},
    "seeds alone": {"of_seed": 0.3, "of_image": 0.0, "of_training": 0.0},
    "training sets": {"of_seed": 0.1, "of_image": 1.0, "of_training": 0.15},
}


@pytest.mark.parametrize("truth", [0.0, 0.4])
@pytest.mark.parametrize("world", WORLDS)
def test_the_interval_holds_the_truth_in_95_of_100_or_more(world, truth):
    assert coverage(difference_over_folds, truth, **WORLDS[world]) >= 0.95


# Training sets move a fold's difference about as much as its test images and seeds do.
AS_MUCH = {"of_seed": 0.1, "of_image": 0.5, "of_training": 0.2}


@pytest.mark.parametrize("overlap", [True, False])
def test_it_holds_training_sets_that_count_as_much_as_the_test_images(overlap):
    moved = difference_of_folds(**AS_MUCH) / difference_of_folds(**(AS_MUCH | {"of_training": 0}))
    assert moved == pytest.approx(np.sqrt(2), rel=0.1)  # twice the variance
    assert coverage(difference_over_folds, 0.4, overlap=overlap, **AS_MUCH) >= 0.95


def test_what_takes_overlapping_folds_as_independent_is_too_short():
    assert coverage(plain_t, 0.4, **AS_MUCH) < 0.9


def difference_of_folds(**spreads):
    """How far the differences of single folds lie apart, training sets without overlap."""
    drawn = experiments(0.0, overlap=False, **spreads)
    return np.std([(two - one).mean(axis=(1, 2))[0] for one, two in drawn])


def test_it_is_never_shorter_than_seeds_and_images_ask_for():
    for one, two in experiments(0.4, overlap=True, **WORLDS["seeds and images"]):
        found = difference_over_folds(one, two)
        by_image = (two - one).mean(axis=1)
        assert found.value == pytest.approx(by_image.mean())
        assert found.high - found.low > 2 * Z * by_image.std() / np.sqrt(by_image.size) * 0.99


def test_five_folds_tell_more_than_one():
    one, two = next(experiments(0.4, overlap=True, **WORLDS["seeds and images"]))
    wide, narrow = difference_over_answers(one[0], two[0]), difference_over_folds(one, two)
    assert narrow.high - narrow.low < 0.8 * (wide.high - wide.low)


def test_folds_that_differ_make_the_interval_long():
    """By hand: means 0.1, 0.2, 0.3, 0.4 and 0.5 have a variance of 0.025."""
    one = np.zeros((5, 2, 10))
    two = np.array([[np.arange(10) < fold + 1] * 2 for fold in range(5)])
    found = difference_over_folds(one, two)
    assert found.value == pytest.approx(0.3)
    wanted = 2 * 2.776 * np.sqrt(0.025 * (1 / 5 + 1 / 4))
    assert found.high - found.low == pytest.approx(wanted)


def test_seeds_that_differ_make_the_interval_long_where_folds_agree():
    """By hand: in each of two folds, means 0.2 and 0.4, so that two degrees of freedom are left."""
    one = np.zeros((2, 2, 1000))
    two = np.array([[np.arange(1000) < 200, np.arange(1000) < 400]] * 2)
    found = difference_over_folds(one, two)
    spread = np.sqrt(0.02 / 4)  # the variance in a fold is 0.02, and there are four runs
    assert found.high - found.low == pytest.approx(2 * 4.303 * spread, rel=0.01)


def test_exchanged_methods_mirror_the_interval():
    one, two = next(experiments(0.4, overlap=True, **WORLDS["seeds and images"]))
    there, back = difference_over_folds(one, two), difference_over_folds(two, one)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


def test_nothing_that_differs_is_not_certain():
    same = np.ones((5, 3, 20))
    found = difference_over_folds(same, same)
    assert found.value == 0
    assert -found.low == found.high > 0.01


@pytest.mark.parametrize(
    ("first", "second"),
    [((5, 3, 9), (5, 3, 8)), ((5, 9), (5, 9)), ((1, 3, 9), (1, 3, 9)), ((5, 1, 9), (5, 1, 9)),
     ((5, 3, 1), (5, 3, 1)), ((16, 2, 2), (16, 2, 2))],
)  # fmt: skip
def test_answers_of_another_shape_are_refused(first, second):
    with pytest.raises(ValueError, match=r"\(folds, seeds, images\).*got"):
        difference_over_folds(np.ones(first), np.ones(second))
