"""labcode.training: it learns, repeats itself, stops when it must, and leaves no traces."""

import copy
import random

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from labcode.data import RandomAffine, Split, load
from labcode.models import lenet5, lenet_300_100
from labcode.training import TrainingDiverged, cross_entropy, evaluate, fit


def blobs(n: int = 120, seed: int = 0) -> Split:
    """Return three classes of 4x4 images, each bright in a row of its own."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 3
    images = torch.rand(n, 1, 4, 4, generator=generator) * 0.5
    images[torch.arange(n), 0, labels] += 0.4
    return Split(images, labels, "blobs")


def small(seed: int = 0, dropout: float = 0.0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Flatten(), nn.Linear(16, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(12, 3),
    )  # fmt: skip


def weights(model: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def run(model: nn.Module, **settings):
    return fit(model, blobs(), **{"epochs": 2, "batch_size": 16, "device": "cpu", **settings})


def test_it_learns_real_digits():
    data = load("digits")
    torch.manual_seed(0)
    model = lenet_300_100(input_size=8)
    before = evaluate(model, data.validation)
    history = fit(model, data.train, epochs=8, validation=data.validation, device="cpu")
    after = evaluate(model, data.validation)
    assert before.accuracy < 0.4
    assert after.accuracy > 0.93
    last = history.epochs[-1]
    assert (last.validation_accuracy, last.validation_loss) == (after.accuracy, after.loss)
    assert last.train_loss < history.epochs[0].train_loss
    assert [epoch.epoch for epoch in history.epochs] == list(range(1, 9))


@pytest.mark.slow
@pytest.mark.parametrize("make", [lambda: lenet5(), lambda: lenet_300_100()])
def test_the_same_seed_gives_identical_weights(make):
    train = load("mnist5k", n_train=100).train

    def trained(seed: int) -> torch.Tensor:
        torch.manual_seed(7)
        model = make()
        torch.manual_seed(random.randrange(1000))  # what the caller drew does not matter
        fit(model, train, epochs=2, batch_size=32, augment=RandomAffine(), seed=seed, device="cpu")
        return weights(model)

    first = trained(0)
    assert torch.equal(first, trained(0))
    assert not torch.equal(first, trained(1))


def test_dropout_follows_the_seed_too():
    results = []
    for seed in (3, 3, 4):
        model = small(dropout=0.5)
        torch.manual_seed(random.randrange(1000))
        run(model, seed=seed)
        results.append(weights(model))
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])


def test_the_callers_random_numbers_and_data_stay():
    train = blobs()
    images = train.images.clone()
    model = small(dropout=0.5)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    fit(model, train, epochs=1, augment=RandomAffine(), device="cpu")
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(train.images, images)


@pytest.mark.parametrize("training", [True, False])
def test_every_part_keeps_its_mode(training):
    model = small()
    model.train(training)
    model[2].eval()  # one part on its own
    modes = [module.training for module in model.modules()]
    run(model, validation=blobs(30, seed=1))
    evaluate(model, blobs())
    assert [module.training for module in model.modules()] == modes

    def broken(model, batch):
        logits = model(batch.images)
        return logits, logits.sum() * float("nan")

    with pytest.raises(TrainingDiverged):
        run(model, loss_fn=broken)
    assert [module.training for module in model.modules()] == modes


def test_evaluation_runs_in_evaluation_mode_and_training_in_training_mode():
    seen = []

    class Spy(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(16, 3)

        def forward(self, x):
            seen.append((self.training, torch.is_grad_enabled()))
            return self.layer(x.flatten(1))

    model = Spy()
    run(model, epochs=1, batch_size=120)
    assert seen == [(True, True)]
    seen.clear()
    evaluate(model, blobs())
    assert set(seen) == {(False, False)}


def test_every_image_is_used_once_an_epoch_in_batches_of_even_size():
    sizes, places = [], []

    def loss_fn(model, batch):
        sizes.append(len(batch.places))
        places.extend(batch.places.tolist())
        assert torch.equal(batch.labels, blobs(33).labels[batch.places])
        assert torch.equal(batch.images, blobs(33).images[batch.places])
        return cross_entropy(model, batch)

    history = fit(small(), blobs(33), epochs=2, batch_size=16, loss_fn=loss_fn, device="cpu")
    assert sizes == [11, 11, 11] * 2  # not 16, 16, 1: batch norm cannot train on one image
    assert sorted(places[:33]) == sorted(places[33:]) == list(range(33))
    assert places[:33] != places[33:]
    assert history.steps == 6


def test_the_loss_sees_the_images_as_the_network_does():
    seen = []

    def loss_fn(model, batch):
        seen.append(batch.images)
        return cross_entropy(model, batch)

    change = lambda images, generator: 1 - images  # noqa: E731
    fit(small(), blobs(30), epochs=1, batch_size=30, augment=change, loss_fn=loss_fn, device="cpu")
    sums = lambda images: images.flatten(1).sum(1).sort().values  # noqa: E731
    torch.testing.assert_close(sums(seen[0]), sums(1 - blobs(30).images))


def test_logits_that_do_not_fit_the_labels_are_refused_whatever_the_loss():
    def loss_fn(model, batch):
        logits = model(batch.images)[:, :2]  # of three classes
        return logits, logits.square().mean()

    with pytest.raises(ValueError, match="the model has 2 outputs, but a label is 2"):
        run(small(), loss_fn=loss_fn)


def test_one_step_is_the_step_that_pytorch_takes():
    """Plain gradient descent on the whole split, by hand."""
    model = small()
    twin = copy.deepcopy(model)
    train = blobs(30)
    plain = lambda params: torch.optim.SGD(params, lr=0.1)  # noqa: E731
    history = fit(
        model, train, epochs=1, batch_size=30, optimizer=plain, schedule="constant", device="cpu"
    )
    loss = F.cross_entropy(twin.train()(train.images), train.labels)
    loss.backward()
    with torch.no_grad():
        expected = torch.cat([(p - 0.1 * p.grad).flatten() for p in twin.parameters()])
    torch.testing.assert_close(weights(model), expected)
    assert history.epochs[0].train_loss == pytest.approx(float(loss), rel=1e-5)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", [0.4, 0.4, 0.4, 0.4]),
        ("linear", [0.4, 0.3, 0.2, 0.1]),
        ("cosine", [0.4, 0.2 + 0.2 * 0.5**0.5, 0.2, 0.2 - 0.2 * 0.5**0.5]),
        (lambda done: done, [0.0, 0.1, 0.2, 0.3]),
    ],
)
def test_the_learning_rate_follows_its_schedule(schedule, expected):
    history = run(small(), epochs=4, batch_size=120, lr=0.4, optimizer="sgd", schedule=schedule)
    assert [epoch.lr for epoch in history.epochs] == pytest.approx(expected)


def test_after_step_sees_every_step_and_can_hold_weights_at_zero():
    model = small()
    mask = torch.rand(12, 16) < 0.5
    steps = []

    def prune(module: nn.Module, step: int) -> None:
        steps.append(step)
        with torch.no_grad():
            module[1].weight.mul_(mask)

    run(model, after_step=prune)
    assert steps == list(range(1, 17))
    assert not model[1].weight[~mask].any()
    assert model[1].weight[mask].all()


def test_weight_decay_shrinks_the_weights():
    free, held = small(), small()
    run(free, epochs=5)
    run(held, epochs=5, lr=1e-2, weight_decay=5.0)
    assert float(held[1].weight.detach().norm()) < 0.5 * float(free[1].weight.detach().norm())


def test_frozen_parameters_stay():
    model = small()
    model[1].weight.requires_grad_(False)
    before = model[1].weight.clone()
    run(model)
    assert torch.equal(model[1].weight, before)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    with pytest.raises(ValueError, match="no parameter that can be trained"):
        run(model)


def test_a_loss_that_is_not_finite_stops_with_its_place():
    def loss_fn(model, batch):
        loss_fn.calls += 1
        logits, loss = cross_entropy(model, batch)
        return logits, loss * (float("inf") if loss_fn.calls == 11 else 1)

    loss_fn.calls = 0
    message = r"the loss became inf in epoch 2 of 3, after 10 of 24 steps, with lr 0\.02"
    with pytest.raises(TrainingDiverged, match=message):
        run(small(), epochs=3, loss_fn=loss_fn, lr=0.02, schedule="constant")


def test_a_learning_rate_that_is_far_too_high_stops():
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 50), nn.Linear(50, 3))
    with pytest.raises(TrainingDiverged, match="try a smaller lr"):
        run(model, epochs=30, lr=1e6, optimizer="sgd")


def test_weights_broken_by_the_last_step_are_not_handed_back():
    def spoil(module: nn.Module, step: int) -> None:
        if step == 16:
            with torch.no_grad():
                module[5].bias[0] = float("nan")

    with pytest.raises(TrainingDiverged, match=r"5\.bias became NaN .*after 16 of 16 steps"):
        run(small(), after_step=spoil)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs must be at least 1, got 0"),
        ({"epochs": 1.5}, TypeError, r"epochs must be an integer, got 1\.5"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
        ({"lr": 0}, ValueError, "lr must be a finite number, more than 0, got 0"),
        ({"lr": float("nan")}, ValueError, "lr must be a finite number"),
        ({"lr": "fast"}, TypeError, "lr must be a number, got 'fast'"),
        ({"weight_decay": -1}, ValueError, "weight_decay .*at least 0, got -1"),
        ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
        ({"seed": None}, TypeError, "seed must be an integer, got None"),
        ({"schedule": "step"}, ValueError, "constant, linear, cosine or a function, got 'step'"),
        ({"optimizer": "lion"}, ValueError, "optimizer must be 'adamw', 'sgd' .* got 'lion'"),
        ({"validation": load}, TypeError, "validation must be a labcode.data.Split, got function"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, error, message):
    with pytest.raises(error, match=message):
        run(small(), **settings)


def test_a_whole_data_set_is_no_split():
    data = load("digits")
    with pytest.raises(
        TypeError, match=r"train must be a labcode\.data\.Split, such as data\.train"
    ):
        fit(small(), data, epochs=1)
    with pytest.raises(TypeError, match=r"split must be a labcode\.data\.Split"):
        evaluate(small(), data)


def test_logits_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"logits of shape \(100, classes\), got \(100, 4, 4\)"):
        evaluate(nn.Flatten(1, 2), blobs())
    few = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
    with pytest.raises(ValueError, match="the model has 2 outputs, but a label is 2"):
        run(few)


def test_the_history_as_a_table():
    table = run(small(), validation=blobs(30, seed=1)).to_frame()
    assert list(table.index) == [1, 2]
    assert table.notna().all().all()
