"""Masks: exact zeros through training, and errors that name the parameter."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import prune

from labcode import data
from labcode.models import lenet5
from labcode.pruning import Masks, prunable
from labcode.training import fit
from tests.examples import examples


def small_net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 36, 10)
    )


def random_masks(model, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return Masks.of(
        model,
        {n: torch.rand(p.shape, generator=generator) < 0.3 for n, p in prunable(model).items()},
    )


def test_weights_of_convolutions_and_linear_layers_can_be_pruned_and_nothing_else():
    assert list(prunable(small_net())) == ["0.weight", "4.weight"]


@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "sgd with decay"])
def test_pruned_weights_are_exactly_zero_after_each_step(optimizer):
    model, digits = small_net(), data.load("digits", n_train=50)
    masks, seen = random_masks(model), []
    masks.apply(model)

    def after_step(model, step):
        # The optimizer (momentum, decay) has moved pruned weights: the mask has work to do.
        seen.append(any(bool((p[~masks[n]] != 0).any()) for n, p in prunable(model).items()))
        masks.after_step(model, step)
        assert all(bool((p[~masks[n]] == 0).all()) for n, p in prunable(model).items())

    if optimizer == "sgd with decay":
        optimizer = lambda params: torch.optim.SGD(params, 0.1, momentum=0.9, weight_decay=0.1)  # noqa: E731
    fit(model, digits.train, epochs=2, lr=0.01, batch_size=10, weight_decay=0.1,
        optimizer=optimizer, after_step=after_step, device="cpu")  # fmt: skip
    assert len(seen) == 10
    assert any(seen)


def test_what_is_kept_trains_as_if_the_pruned_weights_were_not_there():
    # Oracle: a network whose forward multiplies by the mask gives pruned weights no gradient.
    digits = data.load("digits", n_train=50)
    model, twin = (
        nn.Sequential(nn.Flatten(), nn.Linear(64, 10)),
        nn.Sequential(nn.Flatten(), nn.Linear(64, 10)),
    )
    twin.load_state_dict(model.state_dict())
    masks = random_masks(model)
    masks.apply(model)
    settings = {"epochs": 3, "lr": 0.1, "optimizer": "sgd", "device": "cpu"}
    fit(model, digits.train, after_step=masks.after_step, **settings)
    prune.custom_from_mask(twin[1], "weight", masks["1.weight"])
    fit(twin, digits.train, **settings)
    twin(digits.train.images)  # PyTorch multiplies by the mask as it runs
    torch.testing.assert_close(model[1].weight, twin[1].weight)
    torch.testing.assert_close(model[1].bias, twin[1].bias)


@settings(max_examples=examples(30))
@given(st.integers(0, 10**6), st.floats(0, 1))
def test_counts_are_those_of_numpy(seed, part):
    generator = torch.Generator().manual_seed(seed)
    model = small_net()
    keep = {n: torch.rand(p.shape, generator=generator) < part for n, p in prunable(model).items()}
    masks = Masks.of(model, keep)
    masks.apply(model)
    counts = {n: int((mask.numpy() != 0).sum()) for n, mask in keep.items()}
    assert masks.kept == counts
    assert masks.total_kept == sum(counts.values())
    assert masks.sparsity == pytest.approx(1 - sum(counts.values()) / (27 + 1080))
    assert masks.sparsities["0.weight"] == pytest.approx(1 - counts["0.weight"] / 27)
    assert all(int((p != 0).sum()) == counts[n] for n, p in prunable(model).items())


def test_a_nan_that_is_pruned_is_gone():
    layer = nn.Linear(2, 1)
    layer.weight.data = torch.tensor([[float("nan"), 1.0]])
    Masks.of(layer, {"weight": torch.tensor([[False, True]])}).apply(layer)
    assert layer.weight.tolist() == [[0.0, 1.0]]


def test_without_masks_what_is_zero_is_pruned():
    layer = nn.Linear(3, 1)
    layer.weight.data = torch.tensor([[0.0, 1.0, -2.0]])
    assert Masks.of(layer)["weight"].tolist() == [[False, True, True]]


def test_thresholds():
    model = lenet5()
    masks = Masks.from_thresholds(model, {"fc2.weight": 0.01})
    assert list(masks) == ["fc2.weight"]
    expected = (model.fc2.weight.detach().numpy() ** 2 > 0.01**2).sum()
    assert abs(masks.total_kept - int(expected)) <= 1  # the square may round at the edge
    assert Masks.from_thresholds(model, 0.0).total_size == 431_080 - 580


def test_errors_name_the_parameter_and_the_shapes():
    layer = nn.Linear(3, 1)
    with pytest.raises(KeyError, match=r"no parameter 'fc9.weight'.*weight"):
        Masks.of(layer, {"fc9.weight": torch.ones(1, 3, dtype=torch.bool)})
    with pytest.raises(ValueError, match=r"'weight' must have its shape \(1, 3\), got \(3, 1\)"):
        Masks.of(layer, {"weight": torch.ones(3, 1, dtype=torch.bool)})
    with pytest.raises(
        TypeError, match=r"keep\['weight'\] must be a bool tensor, got torch.float32"
    ):
        Masks.of(layer, {"weight": torch.ones(1, 3)})
    with pytest.raises(TypeError, match="got list"):
        Masks.of(layer, {"weight": [True]})
    with pytest.raises(ValueError, match="at least one mask"):
        Masks.of(layer, {})
    with pytest.raises(ValueError, match=r"thresholds\['weight'\] must be a finite number"):
        Masks.from_thresholds(layer, -1.0)
    masks = Masks.of(layer)
    with pytest.raises(ValueError, match=r"its shape \(1, 4\), got \(1, 3\)"):
        masks.apply(nn.Linear(4, 1))


def test_masks_do_not_change_with_what_they_were_made_of():
    layer, mask = nn.Linear(3, 1), torch.ones(1, 3, dtype=torch.bool)
    masks = Masks.of(layer, {"weight": mask})
    mask[:] = False
    assert masks.total_kept == 3
