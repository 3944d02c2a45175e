"""Straight-through training, signs as weights, and the chapter's trials."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from labcode import studies
from labcode.data import load
from labcode.quantization import (
    FakeQuantizer,
    SignQuantizer,
    affine_params,
    binary,
    integer_weights,
    quant_layers,
    quantize_model,
    straight_through,
    symmetric_params,
    ternary,
)
from labcode.studies.quantization import trials
from labcode.training import evaluate, fit
from labcode.weights import baselines
from tests.examples import examples

seeds = st.integers(0, 2**31)


def normal(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@settings(max_examples=examples(25))
@given(seeds, st.integers(2, 8))
def test_a_fake_quantizer_gives_the_values_of_its_integers(seed, bits):
    weight = normal(seed, 4, 3, 3, 3)
    per_channel = symmetric_params(weight.abs().amax((1, 2, 3)) * 0.8, bits, axis=0)
    whole = affine_params(float(weight.min()) * 0.7, float(weight.max()), bits)
    for params in (per_channel, whole):
        for learned in (False, True):
            fake = FakeQuantizer(params, learned=learned)
            torch.testing.assert_close(
                fake(weight), params.approximate(weight), rtol=1e-5, atol=1e-6
            )
            assert torch.equal(fake.params.quantize(weight), params.quantize(weight))


def test_the_gradient_passes_inside_and_stops_outside():
    fake = FakeQuantizer(affine_params(-1.0, 1.0, 8))
    x = torch.tensor([-3.0, -0.5, 0.0, 0.7, 3.0], requires_grad=True)
    fake(x).sum().backward()
    assert x.grad.tolist() == [0, 1, 1, 1, 0]
    y = torch.tensor([0.4, -1.6], requires_grad=True)
    (straight_through(y, y.round()) * torch.tensor([2.0, 3.0])).sum().backward()
    assert y.grad.tolist() == [2, 3]


@pytest.mark.slow
@settings(max_examples=examples(25))
@given(seeds)
def test_the_gradient_of_a_learned_scale_is_that_of_the_paper(seed):
    """Esser et al., equation 3: −v/s + round(v/s) inside, the ends outside, times g."""
    values = normal(seed, 50)
    params = symmetric_params(1.5, 3)
    fake = FakeQuantizer(params, learned=True)
    fake(values).sum().backward()
    place = values / params.scale
    inside = (place > params.low) & (place < params.high)
    each = torch.where(inside, place.round() - place, place.clamp(params.low, params.high))
    g = 1 / (values.numel() * params.high) ** 0.5
    torch.testing.assert_close(fake.scale.grad, each.sum() * g, rtol=1e-3, atol=1e-4)


@settings(max_examples=examples(25))
@given(seeds)
def test_the_binary_scale_has_the_least_error(seed):
    weight = normal(seed, 3, 2, 3, 3)
    signs, scale = binary(weight)
    assert set(signs.unique().tolist()) <= {-1.0, 1.0}
    assert torch.equal(signs, torch.where(weight >= 0, 1.0, -1.0))
    for row, sign, own in zip(weight, signs, scale, strict=True):
        best = torch.linalg.lstsq(sign.reshape(-1, 1), row.reshape(-1, 1)).solution
        torch.testing.assert_close(own, best[0, 0])


@settings(max_examples=examples(25))
@given(seeds)
def test_ternary_weights_are_near_the_best_threshold(seed):
    weight = normal(seed, 2, 400)
    values, scale = ternary(weight)
    assert set(values.unique().tolist()) <= {-1.0, 0.0, 1.0}

    def error(threshold: float, row: torch.Tensor) -> float:
        kept = row.abs() > threshold
        own = row.abs()[kept].mean()
        return (row - row.sign() * kept * own).square().sum().item()

    for row, value, own in zip(weight, values, scale, strict=True):
        mine = (row - value * own).square().sum().item()
        best = min(error(t / 50, row) for t in range(1, 100))
        assert best * 0.999 <= mine <= best * 1.1  # 0.7 is the paper's rule of thumb


def test_a_quantized_copy_leaves_the_model_and_the_random_numbers():
    model = baselines.load("lenet5")
    images = torch.rand(20, 1, 28, 28)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    for bits in (8, 1):
        quantized = quantize_model(model, images, weight_bits=bits, learned=True)
        assert not any(module.training for module in quantized.modules())
    assert torch.get_rng_state().equal(state)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert [type(layer).__name__ for layer in quant_layers(quantized).values()] == [
        *("QuantConv2d", "QuantConv2d", "QuantLinear", "QuantLinear"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("bits", [8, 4, 2, 1])
def test_activations_take_as_many_values_as_their_bits_allow(bits):
    model = baselines.load("lenet5")
    quantized = quantize_model(
        model, torch.rand(20, 1, 28, 28), weight_bits=bits, activation_bits=bits
    )
    for name, layer in quant_layers(quantized).items():
        most = 256 if name == "conv1" else 2**bits  # the image keeps its 8 bits
        assert layer.input_quantizer is not None
        values = layer.input_quantizer(torch.linspace(-300, 300, 500_000)).unique()
        assert len(values) == most
        integers = integer_weights(layer)
        assert len(integers.integers.unique()) <= 2**bits
        assert integers.bits == bits


@pytest.mark.slow
def test_fewer_bits_lose_more_and_training_wins_back():
    data = load("mnist5k", n_train=500)
    model = baselines.load("lenet5")
    images = data.train.images[:200]
    losses = {
        bits: evaluate(quantize_model(model, images, weight_bits=bits), data.validation).loss
        for bits in (8, 4, 2, 1)
    }
    plain = evaluate(model, data.validation).loss
    assert losses[8] == pytest.approx(plain, abs=0.01)
    assert losses[8] < losses[2] < losses[1]
    trained = quantize_model(model, images, weight_bits=1, learned=True)
    fit(trained, data.train, epochs=2, lr=1e-3, seed=0, device="cpu")
    assert evaluate(trained, data.validation).loss < losses[1] / 2
    for layer in quant_layers(trained).values():  # still one bit
        assert integer_weights(layer).integers.unique().tolist() == [-1, 1]


def test_learned_scales_are_trained_and_fixed_ones_stay():
    data = load("mnist5k", n_train=100)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    for learned in (True, False):
        quantized = quantize_model(model, data.train.images, weight_bits=2, learned=learned)
        (layer,) = quant_layers(quantized).values()
        before = layer.weight_quantizer.params.scale.clone()
        fit(quantized, data.train, epochs=1, lr=1e-2, seed=0, device="cpu")
        assert torch.equal(before, layer.weight_quantizer.params.scale) != learned


def test_bad_arguments_are_named():
    model, images = nn.Sequential(nn.Linear(3, 2)), torch.rand(4, 3)
    with pytest.raises(ValueError, match="weight_bits must be at most 8, got 9"):
        quantize_model(model, images, weight_bits=9)
    with pytest.raises(ValueError, match="activation_bits must be at least 1, got 0"):
        quantize_model(model, images, activation_bits=0)
    with pytest.raises(ValueError, match="has no Conv2d or Linear layer to quantize"):
        quantize_model(nn.ReLU(), images)
    with pytest.raises(ValueError, match="kind must be 'binary' or 'ternary', got 'four'"):
        SignQuantizer("four")
    with pytest.raises(ValueError, match=r"method must be one of 'k-means', .*, got 'magic'"):
        trials.approximated("lenet5", "magic", 4, 0)
    with pytest.raises(ValueError, match="technique must be one of 'int8"):
        trials.scoreboard_trial("lenet5", "magic", 0)


@pytest.fixture
def quick(monkeypatch):
    """Let trials train for one epoch on a hundred digits."""
    monkeypatch.setattr(trials, "EPOCHS", 1)
    monkeypatch.setattr(trials, "digits", lambda: load("mnist5k", n_train=100))


@pytest.mark.slow
@pytest.mark.parametrize("method", [*trials.METHODS, "ternary", "float32, trained on"])
def test_a_method_has_as_many_different_weights_as_its_bits_allow(quick, method):
    model = trials.approximated("lenet5", method, 2, 0)
    layers = quant_layers(model)
    if "float32" in method:
        assert not layers
        return
    for name in ("conv1", "fc2"):
        layer = model.get_submodule(name)
        weight = layer.weight_quantizer(layer.weight) if layers else layer.weight
        rows = [weight.flatten()] if not layers else list(weight.flatten(1))  # own scales
        assert max(len(row.unique()) for row in rows) <= (3 if method == "ternary" else 4)
    if layers:
        assert (model.conv2.input_quantizer is None) == ("activations" not in method)


@pytest.mark.slow
def test_a_trial_repeats_itself(quick):
    first = trials.bits_trial("lenet5", "QAT, weights", 2, 1)
    assert first == trials.bits_trial("lenet5", "QAT, weights", 2, 1)
    assert first != trials.bits_trial("lenet5", "QAT, weights", 2, 2)


@pytest.mark.slow
def test_a_stored_point_is_what_the_code_gives():
    table = studies.table("quantization_bits")
    for network, bits in (("lenet5", 4), ("small_cnn", 8)):
        method = "PTQ, weights and activations"
        row = table.query(
            "network == @network and method == @method and bits == @bits and seed == 1"
        )
        now = trials.bits_trial(network, method, bits, 1)
        # No training: another processor may turn two close calls over at most.
        assert abs(now["test_accuracy"] - row["test_accuracy"].item()) <= 0.002
