"""Features, losses and inputs of networks that users bring; modes that come back; NaN measures."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from labcode import search
from labcode.data import Split
from labcode.distillation import distillation_loss, features, fit_hints, hints, soft_loss
from labcode.low_rank import layer_inputs, output_svd
from labcode.models import slimmable_cnn
from tests.examples import examples

SPLIT = Split(torch.rand(16, 3, 8, 8), torch.arange(16) % 4)
HALF = (torch.bfloat16, torch.float16)


class InPlace(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4, 4)

    def forward(self, x):
        h = self.conv(x)
        h *= 2.0
        h = F.relu_(h)
        v = h.mean((2, 3))
        w = self.fc(v)
        v += 100
        return w


NETS = (
    (lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(True)), "1"),
    (lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.Hardswish(True), nn.ReLU6(True)), "0"),
    (lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.Identity(), nn.LeakyReLU(0.1, True)), "1"),
    (InPlace, "conv"),
)


@pytest.mark.parametrize(("make", "layer"), NETS)
def test_features_are_what_left_the_layer(make, layer):
    model = make().eval()
    parts = [model.conv] if layer == "conv" else list(model)[: int(layer) + 1]
    expected = nn.Sequential(*parts)(SPLIT.images).detach()
    assert float(expected.min()) < 0
    assert torch.equal(features(model, layer, SPLIT.images), expected)


def test_hints_teach_what_left_the_layer():
    model = NETS[0][0]().train()
    with hints._listening(model, "1") as heard:
        model(SPLIT.images)
    assert heard[0].min().item() < 0
    heard[0].sum().backward()
    assert model[1].bias.grad is not None
    fit_hints(model, "1", copy.deepcopy(model), "1", SPLIT, epochs=1)


def twice():
    layer = nn.Linear(4, 4)
    return nn.Sequential(nn.Flatten(), nn.Linear(192, 4), layer, nn.ReLU(), layer)


def test_layers_that_do_not_run_once_are_named():
    with pytest.raises(ValueError, match="layer '2' ran 2 times: name one that runs once"):
        features(twice(), "2", SPLIT.images)
    model = nn.Sequential(nn.Flatten(2), nn.LSTM(64, 3, batch_first=True))
    with pytest.raises(ValueError, match="layer '1' must give a tensor, got a tuple"):
        features(model, "1", SPLIT.images)
    model = InPlace()
    model.unused = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="layer 'unused' did not run"):
        features(model, "unused", SPLIT.images)
    with pytest.raises(ValueError, match="layer 'unused' does not run in evaluation mode"):
        layer_inputs(model, "unused", SPLIT.images)


def test_inputs_are_what_came_in_and_those_of_all_runs():
    model = InPlace().eval()
    expected = F.relu(2 * model.conv(SPLIT.images)).mean((2, 3)).detach()
    torch.testing.assert_close(layer_inputs(model, "fc", SPLIT.images), expected)
    model = twice().eval()
    first = model[1](SPLIT.images.flatten(1))
    second = F.relu(model[2](first))
    both = torch.cat([first, second]).detach()
    torch.testing.assert_close(layer_inputs(model, "2", SPLIT.images), both)
    with pytest.raises(ValueError, match=r"layer must be a torch\.nn\.Linear, got a Conv2d"):
        output_svd(nn.Conv2d(3, 3, 1), torch.rand(4, 3), 1)
    half = nn.Linear(6, 4).bfloat16()
    assert output_svd(half, torch.rand(9, 6).bfloat16(), 4).first.weight.dtype == torch.bfloat16


@settings(max_examples=examples(20))
@given(st.lists(st.booleans(), min_size=4, max_size=4))
def test_every_part_gets_its_own_mode_back(modes):
    model = nn.Sequential(nn.Flatten(), nn.Linear(192, 8), nn.BatchNorm1d(8), nn.Linear(8, 4))
    model.training = modes[0]
    for layer, mode in zip(list(model)[1:], modes[1:], strict=True):
        layer.training = mode
    before = [module.training for module in model.modules()]
    layer_inputs(model, "3", SPLIT.images)
    features(model, "1", SPLIT.images)
    assert [module.training for module in model.modules()] == before


def test_frozen_norms_of_a_slimmable_network_stay_frozen():
    model = slimmable_cnn()
    frozen = next(module for module in model.modules() if isinstance(module, nn.BatchNorm2d))
    frozen.eval()
    before = [module.training for module in model.modules()]
    model.measure_statistics(torch.rand(8, 1, 28, 28))
    assert [module.training for module in model.modules()] == before


@settings(max_examples=examples(80))
@given(
    st.integers(0, 10**6), st.sampled_from(HALF), st.sampled_from([1.0, 2.0, 4.0, 20.0]),
    st.booleans(), st.sampled_from([0.0, 0.001, 0.3, 3.0]),
)  # fmt: skip
def test_the_loss_of_half_precise_logits_is_that_of_their_values(seed, dtype, heat, logs, apart):
    generator = torch.Generator().manual_seed(seed)
    teacher = torch.randn(32, 10, generator=generator)
    student = (teacher + apart * torch.randn(32, 10, generator=generator)).to(dtype)
    teacher = teacher.to(dtype)
    found = soft_loss(student, teacher, heat, log_target=logs)
    p = (teacher.double() / heat).softmax(1)
    gap = p * (p.log() - (student.double() / heat).log_softmax(1))
    expected = float(heat**2 * gap.sum(1).mean())
    assert float(found) == pytest.approx(expected, rel=1e-3, abs=1e-6 * heat**2)
    assert float(found) >= 0
    both = distillation_loss(student, teacher, torch.arange(32) % 10, temperature=heat)
    hard = float(F.cross_entropy(student.double(), torch.arange(32) % 10))
    assert float(both) == pytest.approx(0.9 * expected + 0.1 * hard, rel=1e-3, abs=1e-4)


@settings(max_examples=examples(80))
@given(st.integers(0, 10**6), st.sampled_from([torch.float32, torch.float64, *HALF]))
def test_the_loss_is_never_below_zero_and_keeps_its_gradient(seed, dtype):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(16, 10, generator=generator).to(dtype)
    student = (logits + 1e-4 * torch.randn(16, 10, generator=generator)).to(dtype)
    student.requires_grad_(True)
    loss = soft_loss(student, logits, 4.0)
    loss.backward()
    wide = student.detach().float() if dtype in HALF else student.detach()
    bare = wide.clone().requires_grad_(True)
    target = ((logits.float() if dtype in HALF else logits) / 4.0).log_softmax(1)
    distance = F.kl_div((bare / 4.0).log_softmax(1), target, log_target=True, reduction="batchmean")
    (16.0 * distance).backward()
    assert float(loss) == max(float(16.0 * distance.detach()), 0.0)
    assert torch.equal(student.grad, bare.grad.to(dtype))


NOT_NUMBERS = (
    (float("nan"), "got nan"), (np.float32("nan"), "got nan"), (torch.tensor(torch.nan), "got nan"),
    (None, "got None"), ("high", "got 'high'"), ([1.0], r"got \[1\.0\]"), (1j, "got 1j"),
)  # fmt: skip


@pytest.mark.parametrize(("value", "got"), NOT_NUMBERS)
@pytest.mark.parametrize("sampler", search.explore.__globals__["SAMPLERS"])
def test_a_measure_without_a_number_ends_the_search_with_its_setting(value, got, sampler):
    calls = []
    problem = search.Problem(
        {"a": (1, 2)}, {"loss": "minimize"}, lambda a: calls.append(a) or {"loss": value}
    )
    with pytest.raises(ValueError, match=rf"{got} for \['loss'\] at the setting {{'a': [12]}}"):
        search.explore(problem, n_trials=2, sampler=sampler)
    assert len(calls) == 1


def test_a_measure_of_other_kinds_is_refused_with_its_setting():
    aims = {"loss": "minimize"}
    with pytest.raises(TypeError, match=r"got a float at the setting {'a': 1}"):
        search.explore(search.Problem({"a": (1,)}, aims, lambda a: 1.0), n_trials=1)
    with pytest.raises(KeyError, match=r"no loss at the setting {'a': 1}"):
        search.explore(search.Problem({"a": (1,)}, aims, lambda a: {"x": 1.0}), n_trials=1)
    study = search.explore(
        search.Problem({"a": (1,)}, aims, lambda a: {"loss": float("inf")}), n_trials=1
    )
    assert study.trials[0].values == [float("inf")]
