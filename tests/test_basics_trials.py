"""The experiments of the chapter: fair, repeatable, and the same as their stored tables."""

import pytest
import torch

from labcode.basics.poolings import POOLINGS
from labcode.counting import count_parameters
from labcode.models import pooled_network
from labcode.models.first_layer_network import FIRST_LAYERS
from labcode.studies import protocol
from labcode.studies.basics import lessons, tables, trials


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial of one short epoch."""
    monkeypatch.setattr(lessons, "EPOCHS", 1)
    monkeypatch.setattr(lessons, "N_TRAIN", 100)


@pytest.mark.slow
def test_a_trial_repeats_with_its_seed_and_leaves_the_random_state() -> None:
    state = torch.get_rng_state()
    first = trials.pooling_trial("max", False, 3)
    assert first == trials.pooling_trial("max", False, 3)
    assert first != trials.pooling_trial("max", False, 4)
    assert torch.get_rng_state().equal(state)


@pytest.mark.slow
def test_an_unmoved_image_changes_nothing() -> None:
    still, *moved = trials.pooling_trial("mean", True, 0)
    assert (still["distance"], still["changed"], still["feature_change"]) == (0, 0, 0)
    assert all(row["feature_change"] > 0 for row in moved)


def test_all_poolings_of_a_group_have_equal_parameters() -> None:
    for group in (2, 3, 4):
        kinds = [kind for kind in POOLINGS if group == 2 or kind in ("drop", "mean", "max")]
        models = {kind: pooled_network(kind, group) for kind in kinds}
        params = {kind: sum(p.numel() for p in m.parameters()) for kind, m in models.items()}
        assert params.pop("none", 10**6) > 100_000
        assert len(set(params.values())) == 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", FIRST_LAYERS)
def test_first_layers_have_the_parameters_of_the_formula(kind: str) -> None:
    from labcode import cost

    row = trials.sharing_trial(kind, 0)
    first = {
        "dense": cost.linear(784, 4608),
        "local": cost.locally_connected2d(1, 8, 5, 28, bias=True),
        "convolution": cost.conv2d(1, 8, 5, 28, bias=True),
    }[kind]
    assert row["params"] == first.params + cost.linear(288, 10).params


def test_full_images_train_the_network_that_all_droppings_test() -> None:
    rows = trials.dropping_trial("full", 0)
    assert [row["tested_on"] for row in rows] == list(lessons.DROPPINGS)
    (own,) = trials.dropping_trial(lessons.SMALL, 0)
    assert own["tested_on"] == lessons.SMALL


@pytest.mark.parametrize("name", lessons.DROPPINGS)
def test_droppings_keep_the_size(name: str) -> None:
    images = torch.rand(3, 1, 28, 28)
    assert lessons.DROPPINGS[name](images).shape == images.shape


def test_digits_on_the_canvas_keep_their_ink() -> None:
    images = torch.rand(20, 1, 28, 28)
    for seed in (None, 0):
        placed = lessons.on_canvas(images, seed)
        torch.testing.assert_close(placed.sum(), images.sum())
        assert placed.shape[-2:] == (lessons.CANVAS, lessons.CANVAS)


def test_places_and_fields_give_a_row_for_each_point() -> None:
    rows = trials.place_trial("dense", True, 0)
    assert [row["move"] for row in rows] == list(trials.MOVES)
    assert trials.field_trial(3, 0)["params"] == count_parameters(lessons.field(3).build())


def test_a_second_group_of_two_leaves_more_to_the_end() -> None:
    twice = trials.group_trial("mean", 4, True, 0)
    once = trials.group_trial("mean", 4, False, 0)
    conv = 8 * 25 + 8 + 16 * 8 * 25 + 16
    assert (twice["params"], once["params"]) == (conv + 16 * 10 + 10, conv + 16 * 9 * 10 + 10)


def test_a_lesson_trains_as_long_as_it_says_at_the_rate_it_is_given(monkeypatch) -> None:
    seen = []
    monkeypatch.setattr(protocol, "train", lambda model, *_, **how: seen.append(how) or model)
    lessons.pooling("max", augmented=True).learned(0, lr=0.01)
    lessons.group("max", 3, twice=True).learned(0, lr=0.02)
    assert [(how["lr"], how["epochs"]) for how in seen] == [(0.01, 1), (0.02, 3)]
    assert seen[0]["augment"].max_shift == 4
    assert seen[1]["augment"] is None


@pytest.mark.parametrize(("trial", "setting"), tables.RATED)
def test_what_is_searched_is_what_is_measured(trial: str, setting: dict, monkeypatch) -> None:
    """The search scores the lesson's own validation images, no test image."""
    scored = []
    monkeypatch.setattr(lessons.Lesson, "learned", lambda *_: "a network")
    monkeypatch.setattr(protocol, "scores", lambda *given: scored.append(given) or {})
    lessons.rate_row(trial, lr=0.01, seed=1, **setting)
    ((network, images, splits),) = scored
    assert (network, splits) == ("a network", ("validation",))
    own = lessons.TRIALS[trial](**setting).seen(1)
    assert torch.equal(images.validation.images, own.validation.images)
    assert not torch.equal(images.validation.images, own.test.images)
    assert images.validation.images.shape[1:] == images.train.images.shape[1:]


def test_digits_that_stand_everywhere_are_searched_and_trained_so() -> None:
    middle, everywhere = (lessons.places("dense", spread) for spread in (False, True))
    for part in ("train", "validation"):
        one, other, again = (
            getattr(lesson.seen(seed), part).images
            for lesson, seed in ((middle, 0), (everywhere, 0), (everywhere, 1))
        )
        assert not torch.equal(one, other)
        assert not torch.equal(other, again)
        torch.testing.assert_close(one.sum(), other.sum())
    assert torch.equal(middle.seen(0).test.images, everywhere.seen(0).test.images)


def test_an_unknown_trial_is_named() -> None:
    with pytest.raises(ValueError, match=r"trial must be one of .*, got 'pool'"):
        lessons.rate_row("pool", 0.01, 0)
