"""The bias of a digit that was never shown, and hints: against brute force."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix
from torch import nn

from labcode import data
from labcode.distillation import (
    best_bias,
    confusion,
    features,
    fit_hints,
    regressor,
    with_bias,
    without,
)
from labcode.models import student
from labcode.studies.distillation import unseen
from labcode.weights.baselines import load as load_baseline
from tests.examples import examples


@pytest.mark.slow
@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(0, 3))
@settings(max_examples=examples(40))
def test_no_other_bias_gets_more_images_right(seed, images, class_number):
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(images, 4, generator=generator)
    labels = torch.randint(4, (images,), generator=generator)

    def right(bias):
        return int((with_bias(logits, class_number, bias).argmax(dim=1) == labels).sum())

    found = right(best_bias(logits, labels, class_number))
    assert found >= max(right(bias) for bias in np.linspace(-25, 25, 301))


def test_of_equally_good_biases_the_middle_of_the_widest_step_is_taken():
    logits = torch.tensor([[1.0, 0.0], [3.0, 0.0], [9.0, 0.0], [20.0, 0.0]])
    # class 1 is right for the first two; from 9 on the third turns wrong: 3 to 9 is best
    assert best_bias(logits, torch.tensor([1, 1, 0, 0]), 1) == pytest.approx(6.0)


def test_the_bias_changes_one_column_of_a_copy():
    logits = torch.zeros(2, 3)
    changed = with_bias(logits, 1, 2.5)
    assert changed.tolist() == [[0.0, 2.5, 0.0]] * 2
    assert float(logits.abs().sum()) == 0
    for bad in (-1, 3):
        with pytest.raises(ValueError, match=f"class_number must be from 0 to 2, got {bad}"):
            best_bias(torch.randn(2, 3), torch.tensor([0, 1]), bad)
    with pytest.raises(ValueError, match=r"labels must have the shape \(2,\), got \(3,\)"):
        best_bias(torch.randn(2, 3), torch.tensor([0, 1, 2]), 0)


@given(st.integers(0, 10**6))
@settings(max_examples=examples(30))
def test_the_confusion_is_that_of_scikit_learn(seed):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(50, 6, generator=generator)
    labels = torch.randint(6, (50,), generator=generator)
    expected = confusion_matrix(labels, logits.argmax(dim=1), labels=range(6))
    assert confusion(logits, labels).tolist() == expected.tolist()


@pytest.mark.parametrize("digit", [7, 3])
def test_the_digit_is_in_no_image_that_the_student_sees(digit, monkeypatch):
    seen, small = [], data.load("mnist5k", n_train=200)
    real_train = unseen.train

    def watched(model, split, seed, **settings):
        seen.append(split)
        return real_train(model, split, seed, **settings | {"epochs": 2})

    monkeypatch.setattr(unseen, "train", watched)
    monkeypatch.setattr(unseen, "digits", lambda n: small)
    found = unseen.learn_without(digit, 0)
    assert len(seen[0]) == 180
    assert digit not in seen[0].labels
    row = unseen.unseen_trial(digit, "soft labels", 0)  # the same run again
    counts = found.confusion(corrected=True)
    assert counts.sum() == 1000
    assert row["bias"] == found.bias
    assert row["all_after"] == pytest.approx(float(counts.diag().sum()) / 1000)
    assert row["digit_after"] == pytest.approx(float(counts[digit, digit]) / 100)
    unseen.learn_without(digit, 0, shown=True)
    assert digit in seen[-1].labels


def test_the_shuffled_column_keeps_its_values_and_loses_their_places():
    logits = torch.randn(300, 10, generator=torch.Generator().manual_seed(0))
    mixed = unseen.shuffled_column(logits, 7, seed=1)
    others = [column for column in range(10) if column != 7]
    assert torch.equal(mixed[:, others], logits[:, others])
    assert torch.equal(mixed[:, 7].sort().values, logits[:, 7].sort().values)
    assert abs(float(torch.corrcoef(torch.stack([mixed[:, 7], logits[:, 7]]))[0, 1])) < 0.2


def test_unknown_lessons_and_digits_are_named():
    with pytest.raises(ValueError, match=r"lesson must be one of 'soft labels', .* got 'song'"):
        unseen.learn_without(7, 0, lesson="song")
    split = data.Split(torch.zeros(3, 1, 2, 2), torch.tensor([0, 1, 1]), "three")
    with pytest.raises(ValueError, match="class_number must be one of several in three, got 5"):
        without(split, 5)
    assert without(split, 0).labels.tolist() == [1, 1]


def test_features_are_what_the_layers_give():
    lenet, images = load_baseline("lenet5"), torch.rand(3, 1, 28, 28)
    with torch.no_grad():
        first = lenet.conv1(images)
    torch.testing.assert_close(features(lenet, "conv1", images), first)
    with pytest.raises(ValueError, match=r"layer must be one of .*conv1.*, got 'conv9'"):
        features(lenet, "conv9", images)


@pytest.mark.slow
def test_hints_train_the_lower_part_alone_and_come_nearer_to_the_teacher():
    train, lenet = data.load("mnist5k", n_train=200).train, load_baseline("lenet5")
    runs = []
    for state in (1, 2):  # the caller's random numbers must not matter
        torch.manual_seed(state)
        small = student(seed=0)
        history = fit_hints(small, "3", lenet, "pool2", train, epochs=25, seed=5)
        runs.append(small.state_dict())
    fresh = student(seed=0).state_dict()
    for name in ("5.weight", "5.bias"):  # behind the guided layer
        assert torch.equal(runs[0][name], fresh[name])
    assert not torch.equal(runs[0]["2.weight"], fresh["2.weight"])
    assert all(torch.equal(runs[0][name], runs[1][name]) for name in fresh)
    losses = [epoch.train_loss for epoch in history.epochs]
    assert losses[-1] < 0.9 * losses[0]


def test_the_regressor_maps_the_students_shape_to_the_teachers():
    for mine, theirs in (((2, 8, 4, 4), (2, 50, 4, 4)), ((2, 8, 4, 4), (2, 30)), ((2, 5), (2, 7))):
        layer = regressor(torch.zeros(mine), torch.zeros(theirs))
        assert layer(torch.zeros(mine)).shape == theirs
        assert isinstance(layer, nn.Conv2d) == (mine[2:] == theirs[2:] == (4, 4))
