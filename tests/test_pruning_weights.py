"""Scores, selection, schedules, tickets and DSD, against numpy and by hand."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from labcode import data, pruning
from labcode.models import lenet_300_100
from labcode.pruning.schedules import gradual, iterative, one_shot
from labcode.weights import baselines
from tests.examples import examples


def tiny(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))


@pytest.fixture(scope="module")
def digits():
    return data.load("digits", n_train=100)


def test_gradient_times_weight_predicts_what_removing_a_weight_does(digits):
    model = tiny().double()
    split = digits.train
    images, labels = split.images.double(), split.labels

    def loss(network):
        return nn.functional.cross_entropy(network(images), labels).item()

    weight = model[3].weight
    with torch.no_grad():
        weight.mul_(1e-4)  # small steps, so that the first order is all there is
    double = data.Split.__new__(data.Split)
    object.__setattr__(double, "images", images)
    object.__setattr__(double, "labels", labels)
    scores = pruning.gradient_times_weight(model, double)["3.weight"]
    before = loss(model)
    for place in [(0, 0), (3, 7), (9, 15)]:
        without = copy.deepcopy(model)
        with torch.no_grad():
            without[3].weight[place] = 0.0
        assert abs(loss(without) - before) == pytest.approx(scores[place].item(), rel=1e-2)


def test_reversed_and_random_scores():
    scores = pruning.magnitude(tiny())
    order = pruning.reversed_scores(scores)
    for name in scores:
        assert torch.equal(scores[name].flatten().argsort(), (-order[name].flatten()).argsort())
    first, again = pruning.random_scores(tiny(), seed=3), pruning.random_scores(tiny(), seed=3)
    assert all(torch.equal(first[n], again[n]) for n in first)
    assert not torch.equal(first["1.weight"], pruning.random_scores(tiny(), seed=4)["1.weight"])


@settings(max_examples=examples(50))
@given(st.integers(0, 10**6), st.integers(0, 1000), st.sampled_from(["global", "local"]))
def test_selection_keeps_the_largest_as_numpy_sorts_them(seed, thousandths, scope):
    model, kept = tiny(seed), thousandths / 1000
    scores = pruning.magnitude(model)
    masks = pruning.select(model, scores, kept, scope=scope)
    groups = [list(scores)] if scope == "global" else [[n] for n in scores]
    for names in groups:
        values = np.concatenate([scores[n].numpy().ravel() for n in names])
        inside = np.concatenate([masks[n].numpy().ravel() for n in names])
        count = -(-thousandths * len(values) // 1000)  # rounded up, in whole numbers
        assert inside.sum() == count
        if 0 < count < len(values):
            assert values[inside].min() >= np.sort(values)[-count]
            assert values[~inside].max() <= values[inside].min()


def test_what_was_pruned_stays_pruned():
    model = tiny()
    first = pruning.select(model, pruning.magnitude(model), 0.3)
    with torch.no_grad():
        for weight in pruning.prunable(model).values():
            weight.normal_()  # a training that makes everything anew
    second = pruning.select(model, pruning.magnitude(model), 0.1, within=first)
    assert all(bool((first[n] | ~second[n]).all()) for n in first)
    assert second.total_kept == -(-second.total_size // 10)


def test_selection_refuses_what_makes_no_sense():
    model = tiny()
    scores = pruning.magnitude(model)
    with pytest.raises(ValueError, match="kept must be from 0 to 1, got 2"):
        pruning.select(model, scores, 2)
    with pytest.raises(ValueError, match="scope must be one of 'global', 'local', got 'layer'"):
        pruning.select(model, scores, 0.5, scope="layer")
    scores["1.weight"][0, 0] = float("nan")
    with pytest.raises(ValueError, match=r"scores\['1.weight'\] holds NaN"):
        pruning.select(model, scores, 0.5)
    with pytest.raises(KeyError, match="counts names 'x'"):
        pruning.best_units({"a": torch.ones(3)}, {"x": 1})
    with pytest.raises(ValueError, match=r"counts\['a'\] must be at most 3, got 4"):
        pruning.best_units({"a": torch.ones(3)}, {"a": 4})


@settings(max_examples=examples(60))
@given(st.floats(0.001, 1), st.integers(1, 9), st.floats(0.1, 1), st.floats(0, 1), st.floats(0, 1))
def test_schedules_only_fall_and_end_where_they_should(kept, rounds, end, x, y):
    for schedule in (
        one_shot(kept),
        iterative(kept, rounds=rounds, end=end),
        gradual(kept, end=end),
    ):
        early, late = sorted((x, y))
        assert kept - 1e-9 <= schedule(late) <= schedule(early) <= 1
        assert schedule(1.0) == pytest.approx(kept)
        if late >= end + 1e-6:
            assert schedule(late) == pytest.approx(kept)


def test_rounds_have_equal_ratios():
    schedule = iterative(0.001, rounds=3, end=1.0)
    assert [schedule(t) for t in (0.0, 0.49, 0.5, 0.99, 1.0)] == [0.1, 0.1, 0.01, 0.01, 0.001]


def test_the_cubic_is_zhu_and_guptas():
    s_f, steps = 0.9, 10  # equation 1 with s_i = 0, t_0 = 0, n Δt = 10
    for t in range(steps + 1):
        sparsity = s_f + (0 - s_f) * (1 - t / steps) ** 3
        assert 1 - gradual(1 - s_f, end=1.0)(t / steps) == pytest.approx(sparsity)


@pytest.mark.parametrize("make", [one_shot, iterative, gradual])
def test_schedules_refuse_shares_that_are_none(make):
    for kept in (0.0, -0.1, 1.1):
        with pytest.raises(ValueError, match="kept must be"):
            make(kept)
    with pytest.raises(ValueError, match="start must be below end"):
        gradual(0.5, start=0.8)
    with pytest.raises(ValueError, match="end must be at most 1"):
        iterative(0.5, end=1.5)


@pytest.mark.parametrize("schedule", [one_shot(0.1), iterative(0.1, rounds=3), gradual(0.1)])
def test_pruning_while_training_ends_at_the_share_asked_for(digits, schedule):
    model, seen = tiny(), []
    masks = pruning.prune_and_train(model, digits.train, schedule, epochs=20, batch_size=25,
                                    lr=0.01, seed=1, device="cpu", progress=False)  # fmt: skip
    size = 64 * 16 + 16 * 10
    assert masks.total_kept == -(-size // 10)
    assert sum(int((p != 0).sum()) for p in pruning.prunable(model).values()) == masks.total_kept
    pruner = pruning.Pruner(tiny(), schedule, steps=80, every=1)
    for step in range(81):
        pruner.after_step(model, step)
        seen.append(pruner.kept)
    assert seen == sorted(seen, reverse=True)


def test_tickets_start_from_the_first_weights_and_are_nested():
    model = tiny()
    start, starts = pruning.weights_of(model), []

    def train(network, masks):
        starts.append(copy.deepcopy(network))
        with torch.no_grad():
            for weight in pruning.prunable(network).values():
                weight.add_(torch.randn_like(weight))
        if masks is not None:
            masks.apply(network)

    tickets = list(pruning.find_tickets(model, start, train, rounds=3))
    assert [t.round for t in tickets] == [0, 1, 2, 3]
    for ticket, begun in zip(tickets, starts, strict=True):
        for name, weight in pruning.prunable(begun).items():
            mask = ticket.masks[name] if ticket.masks else torch.ones_like(weight, dtype=torch.bool)
            assert torch.equal(weight[mask], start[name][mask])
            assert bool((weight[~mask] == 0).all())
    sizes = [[t.masks.kept[n] for t in tickets[1:]] for n in ("1.weight", "3.weight")]
    assert sizes[0] == [int(np.ceil(1024 * 0.8**r - 1e-9)) for r in (1, 2, 3)]
    assert sizes[1] == [int(np.ceil(160 * 0.9**r - 1e-9)) for r in (1, 2, 3)]
    for small, large in zip(tickets[2:], tickets[1:], strict=False):
        assert all(bool((large.masks[n] | ~small.masks[n]).all()) for n in large.masks)


def test_a_ticket_is_pruned_by_its_trained_weights():
    model = tiny()

    def train(network, masks):
        with torch.no_grad():
            network[1].weight.copy_(torch.arange(1024.0).view(16, 64))
        if masks is not None:
            masks.apply(network)

    ticket = list(pruning.find_tickets(model, pruning.weights_of(model), train, rounds=1))[1]
    assert not bool(ticket.masks["1.weight"].flatten()[:204].any())  # the smallest fifth is gone


def test_shuffled_masks_keep_each_layers_number():
    model = tiny()
    masks = pruning.select(model, pruning.magnitude(model), 0.2)
    mixed = pruning.shuffled(masks, seed=5)
    assert mixed.kept == masks.kept
    assert not torch.equal(mixed["1.weight"], masks["1.weight"])


def test_dsd_is_sparse_in_the_middle_and_dense_at_the_end(digits):
    model, steps = tiny(), []
    with torch.no_grad():
        model[1].bias.fill_(0.5)

    def watch(images, _):
        steps.append(float((model[1].weight == 0).float().mean()))
        return images

    masks = pruning.dense_sparse_dense(
        model, digits.train, sparsity=0.4, sparse_epochs=2, dense_epochs=2, batch_size=25,
        lr=0.01, device="cpu", progress=False,
        augment=watch,
    )  # fmt: skip
    assert masks.sparsities["1.weight"] == pytest.approx(0.4, abs=1e-3)
    assert steps[:9] == [pytest.approx(0.4, abs=1e-3)] * 9  # the dense part starts from zeros
    assert float((model[1].weight == 0).float().mean()) < 0.1
    with pytest.raises(ValueError, match="sparsity must be below 1"):
        pruning.dense_sparse_dense(model, digits.train, sparsity=1, sparse_epochs=1, dense_epochs=1)


def test_norms_and_activity_are_those_of_numpy():
    model, split = baselines.load("lenet_300_100", seed=0), data.load().validation
    weights = model.fc1.weight.detach().numpy().astype(float)
    norms = {p: pruning.unit_norms(model, p=p)["fc1"].numpy() for p in (1, 2)}
    np.testing.assert_allclose(norms[1], np.abs(weights).sum(1), rtol=1e-5)
    np.testing.assert_allclose(norms[2], np.sqrt((weights**2).sum(1)), rtol=1e-5)
    images = split.images.flatten(1).numpy().astype(float)
    answers = np.maximum(images @ weights.T + model.fc1.bias.detach().numpy(), 0)
    zeros = pruning.zero_share(model, split, ["fc1"])["fc1"].numpy()
    np.testing.assert_allclose(zeros, (answers == 0).mean(0), atol=0.005)  # a few at the edge
    means = pruning.mean_activation(model, split, ["fc1"])["fc1"].numpy()
    np.testing.assert_allclose(means, answers.mean(0), rtol=1e-4, atol=1e-6)


def test_activity_of_a_convolution_is_over_all_places(digits):
    model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(128, 10))
    with torch.no_grad():
        model[0].weight.fill_(1.0)
        model[0].bias.copy_(torch.tensor([0.0, -0.5]))
    expected = (digits.train.images > 0.5).float().mean().item()
    found = pruning.zero_share(model, digits.train, ["0"])["0"]
    assert 1 - found[1].item() == pytest.approx(expected, abs=1e-5)


def test_activity_names_the_layer():
    model, split = lenet_300_100(), data.load().validation
    with pytest.raises(KeyError, match="no layer 'fc7', only fc1, fc2, fc3"):
        pruning.zero_share(model, split, ["fc7"])
    model.idle = nn.Linear(1, 1)
    with pytest.raises(ValueError, match="'idle' did not run"):
        pruning.mean_activation(model, split, ["idle"])
    with pytest.raises(ValueError, match="p must be 1 or 2, got 3"):
        pruning.unit_norms(model, p=3)
