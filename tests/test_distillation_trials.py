"""The experiments on a small scale: fair pairs, and tables that the code still makes."""

import pytest
import torch

from labcode import data, studies
from labcode.distillation import logits_of
from labcode.models import student, wide_student
from labcode.studies.distillation import ensembles, trials
from labcode.studies.protocol import digits
from labcode.training import cross_entropy, evaluate


@pytest.fixture
def few_steps(monkeypatch):
    monkeypatch.setattr(trials, "STEPS", 40)


def test_students_start_alike_and_leave_the_callers_random_numbers_alone():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    for make in (student, wide_student):
        first, again, other = make(0), make(0), make(1)
        for (name, one), two in zip(first.state_dict().items(), again.parameters(), strict=True):
            assert torch.equal(one, two), name
        assert not torch.equal(next(first.parameters()), next(other.parameters()))
    assert torch.equal(torch.rand(1), expected)
    images = torch.rand(9, 1, 28, 28)
    spoiled = student(0, relu_on_logits=True)(images)
    assert torch.equal(spoiled, torch.relu(student(0)(images)))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["labels", "label smoothing", "teacher"])
def test_every_method_sees_the_same_batches(method, few_steps, monkeypatch):
    """Only the loss may differ between two students of one seed."""
    orders, real = [], trials.loss_of

    def spied(name, n_train, seed, **knobs):
        loss_fn = real(name, n_train, seed, **knobs) or cross_entropy

        def watched(model, batch):
            orders[-1].append(batch.places.tolist())
            return loss_fn(model, batch)

        return watched

    monkeypatch.setattr(trials, "loss_of", spied)
    for name in ("labels", method):
        orders.append([])
        trials.trained_student(name, 200, seed=4)
    assert orders[0] == orders[1]
    assert len(orders[0]) == 40


@pytest.mark.slow
def test_a_trial_is_the_same_each_time_and_counts_what_it_says(few_steps):
    first = trials.method_trial("teacher", 200, 0)
    assert first == trials.method_trial("teacher", 200, 0)
    model = trials.trained_student("teacher", 200, 0)
    test = digits(200).test
    right = (model(test.images).argmax(dim=1) == test.labels).double().mean()
    assert first["test_accuracy"] == pytest.approx(float(right))
    assert first["params"] == 4 * 26 + 8 * 101 + 10 * 129  # filters and their biases, by hand


@pytest.mark.slow
@pytest.mark.parametrize("method", ["labels", "teacher"])
def test_a_rate_of_its_own_is_the_rate_that_is_taken(few_steps, method):
    usual = trials.method_trial(method, 200, 0)
    assert trials.own_rate_trial(method, 200, trials.LR, 0) == usual
    assert trials.own_rate_trial(method, 200, trials.LR / 10, 0) != usual


@pytest.mark.slow
def test_the_ensembles_rows_are_those_of_its_networks(few_steps, monkeypatch):
    monkeypatch.setattr(ensembles, "N_ALL", 300)
    rows = {row["network"]: row for row in ensembles.ensemble_trial(0, n_train=200)}
    split, members = digits(200).test, ensembles.members(0, 200)
    answers = torch.stack([logits_of(model, split.images) for model in members])
    voted = answers.mean(dim=0)
    assert rows["ensemble"]["test_accuracy"] == evaluate(_Fixed(voted), split).accuracy
    assert rows["ensemble"]["as_the_ensemble"] == 1
    alone = [float((a.argmax(dim=1) == split.labels).double().mean()) for a in answers]
    assert rows["member"]["test_accuracy"] == pytest.approx(sum(alone) / 5)
    pupils = set(rows) - {"member", "ensemble"}
    assert len(pupils) == 5
    # each was taught something else, so no two of them are the same network
    assert len({rows[name]["test_loss"] for name in pupils}) == 5


class _Fixed(torch.nn.Module):
    """Gives the rows of a tensor one after the other, as a network that was asked before."""

    def __init__(self, logits):
        super().__init__()
        self.logits, self.place = logits, 0
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, images):
        part = self.logits[self.place : self.place + len(images)]
        self.place += len(images)
        return part


def test_unknown_methods_are_named():
    for call in (lambda: trials.method_trial("magic", 200, 0), lambda: trials.loss_of("m", 200, 0)):
        with pytest.raises(ValueError, match="method must be one of 'labels', 'label smoothing',"):
            call()
    with pytest.raises(ValueError, match=r"method must be one of 'labels', .* got 'teacher'"):
        trials.augmented_trial("teacher", 0)


def test_the_tables_hold_every_setting_once():
    methods = studies.table("distillation_methods")
    assert not methods.duplicated(["n_train", "method", "seed"]).any()
    seeds = methods.groupby(["n_train", "method"])["seed"].agg(set)
    for size in trials.SIZES:
        for method in ("labels", "label smoothing", "teacher"):
            assert seeds[size, method] == set(range(5))
    board = studies.table("scoreboard_distillation")
    plain = methods.query("n_train == 3500 and method == 'labels'")["test_accuracy"]
    named = board.query("technique == 'labels'")["test_accuracy"]
    assert named.tolist() == plain.tolist()


def test_the_chosen_settings_are_the_best_on_the_validation_split():
    """By mean accuracy over both sizes; ties of 500 images are told apart by the loss."""

    def means(table, by):
        return table.groupby(by)[["validation_accuracy", "validation_loss"]].mean()

    labels = studies.table("distillation_labels")
    rates = means(labels.query("method == 'labels'"), ["lr", "weight_decay"])
    assert rates["validation_accuracy"].idxmax() == (trials.LR, trials.WEIGHT_DECAY)
    smoothing = means(labels.query("method == 'label smoothing'"), "smoothing")
    assert smoothing["validation_accuracy"].idxmax() == trials.SMOOTHING
    warm = means(studies.table("distillation_temperature"), "temperature")
    assert warm["validation_accuracy"].idxmax() == trials.TEMPERATURE
    weights = means(studies.table("distillation_weight"), "soft_weight")
    assert weights["validation_accuracy"].nlargest(2).index[0] in (0.3, trials.SOFT_WEIGHT)


def test_the_small_networks_parts_are_the_digits_own():
    few, many = digits(500).train, data.load("mnist5k").train
    places = {image.numpy().tobytes() for image in many.images}
    assert all(image.numpy().tobytes() in places for image in few.images)
