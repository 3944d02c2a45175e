"""Kinds of networks that users bring: right, or refused in one sentence that names the layer."""

import re
from collections.abc import Callable

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from labcode.quantization import (
    chain,
    find_range,
    fold_batch_norm,
    integer_weights,
    left_unfolded,
    pack_model,
    quant_layers,
    quantize_model,
    to_integer,
    unpack_model,
)
from labcode.quantization.integer import max_pool
from labcode.quantization.layers import layer_inputs
from tests.examples import examples
from tests.odd_networks import SHAPE, Chain, NormAct, Odd, OwnLinear, built, chains, odd_networks


def images(seed: int, count: int = 32) -> Tensor:
    return torch.rand(count, *SHAPE, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def gap(wanted: Tensor, got: Tensor) -> float:
    """Root mean square of the difference, as a part of that of what was wanted."""
    return float((got - wanted).norm() / wanted.norm().clamp(min=1e-12))


@pytest.mark.slow
@settings(max_examples=examples(25))
@given(odd_networks())
def test_folding_leaves_every_answer(drawn) -> None:
    program, seed = drawn
    model = built(Odd, program, seed)
    folded = fold_batch_norm(model, SHAPE)
    x = images(seed)
    assert gap(model(x), folded(x)) < 1e-4
    assert gap(built(Odd, program, seed)(x), model(x)) == 0  # the model itself stays


class Elsewhere(nn.Module):
    """A layer whose weight another operation takes as well."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.norm = nn.Linear(4, 4), nn.BatchNorm1d(4)
        nn.init.uniform_(self.norm.weight, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.fc(x)) + F.linear(x, self.fc.weight)


def test_a_layer_whose_weight_is_used_elsewhere_is_not_folded() -> None:
    model, x = Elsewhere().eval(), torch.rand(9, 4)
    folded = fold_batch_norm(model, (4,))
    assert isinstance(folded.norm, nn.BatchNorm1d)
    assert gap(model(x), folded(x)) < 1e-6


@pytest.mark.slow
@settings(max_examples=examples(60))
@given(odd_networks())
def test_eight_bits_are_nearly_the_network(drawn) -> None:
    program, seed = drawn
    model, x = built(Odd, program, seed), images(seed)
    quantized = quantize_model(model, x, weights="min-max", activations="min-max")
    assert gap(model(x), quantized(x)) < 0.1
    layers = [m for m in quantized.modules() if hasattr(m, "weight") and m.weight is not None]
    left = {
        type(layer).__name__ for layer in layers if layer not in quant_layers(quantized).values()
    }
    assert left <= {"BatchNorm2d", "NormAct", "GroupNorm"}
    assert gap(built(Odd, program, seed)(x), model(x)) == 0


@pytest.mark.slow
@settings(max_examples=examples(40))
@given(odd_networks(), st.sampled_from([1, 4, 8]))
def test_a_packed_network_is_the_network(drawn, bits) -> None:
    program, seed = drawn
    x = images(seed)
    quantized = quantize_model(built(Odd, program, seed), x, weight_bits=bits)
    back = unpack_model(pack_model(quantized), built(Odd, program, seed + 1))
    for name, layer in quant_layers(quantized).items():
        mine, own = (integer_weights(one) for one in (layer, quant_layers(back)[name]))
        torch.testing.assert_close(own.values, mine.values, rtol=1e-4, atol=1e-7)
    assert gap(quantized(x), back(x)) < (0.02 if bits == 8 else 0.2)  # a tie may fall otherwise


@pytest.mark.slow
@settings(max_examples=examples(25))
@given(chains())
def test_integers_are_what_the_quantized_network_simulates(drawn) -> None:
    program, seed, pool = drawn
    program = [*program, ("pool", "plain")]
    model, x = built(Chain, program, seed, pool=pool), images(seed)
    quantized = quantize_model(model, x)
    network = to_integer(quantized, SHAPE)
    assert gap(quantized(x), network(x)) < 0.02
    assert gap(model(x), network(x)) < 0.1
    runs = sum(2 if how == "twice" else 1 for kind, how in program if kind != "pool")
    runs -= sum(kind in ("relu", "relu in place", "dropout") for kind, _ in program)
    assert len(network.layers) == runs + 1  # and the head
    assert len(network.trace(x)) == len(network.layers) + 1  # a run each, and the image


@settings(max_examples=examples(200))
@given(
    *(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2), st.integers(1, 3)),
    *(st.booleans(), st.integers(5, 12), st.integers(5, 12)),
)
def test_pooling_is_torchs(kernel, stride, padding, dilation, ceil_mode, height, width) -> None:
    padding = min(padding, kernel // 2)
    x = torch.randint(-99, 99, (2, 3, height, width), dtype=torch.int32)
    how = (kernel, stride, padding, dilation, ceil_mode)
    if dilation * (kernel - 1) + 1 > min(height, width) + 2 * padding:
        return  # torch itself refuses
    expected = F.max_pool2d(x.double(), *how)
    assert torch.equal(max_pool(x, *how).double(), expected)


@pytest.mark.slow
@settings(max_examples=examples(60))
@given(
    st.sampled_from(["min-max", "percentile", "mse", "kl"]),
    st.integers(-90, 90),
    st.integers(2, 8),
    st.integers(0, 99),
)
def test_ranges_follow_the_values_however_small_they_are(method, exponent, bits, seed) -> None:
    values = torch.randn(500, generator=torch.Generator().manual_seed(seed))
    plain = find_range(values, method, bits)
    scaled = find_range(values * 2.0**exponent, method, bits)
    found = torch.tensor([end * 2.0**-exponent for end in scaled], dtype=torch.float64)
    torch.testing.assert_close(
        found, torch.tensor(plain, dtype=torch.float64), rtol=1e-3, atol=1e-6
    )


@pytest.mark.slow
@settings(max_examples=examples(40))
@given(st.integers(-60, 60), st.integers(0, 99))
def test_tiny_and_huge_weights_are_rounded_like_others(exponent, seed) -> None:
    torch.manual_seed(seed)
    layer, x = nn.Linear(8, 4, bias=False), torch.rand(50, 8)
    wanted = quantize_model(layer, x, weight_bits=4).double()(x.double())
    layer.weight.data *= 2.0**exponent
    got = quantize_model(layer, x, weight_bits=4).double()(x.double())
    assert gap(wanted, got * 2.0**-exponent) < 0.02


def test_a_filter_without_weights_keeps_its_bias() -> None:
    model, x = nn.Linear(4, 2), torch.rand(50, 4)
    model.weight.data[0], model.bias.data[0] = 0.0, 0.01
    quantized = quantize_model(model, x)
    assert to_integer(quantized, (4,))(x)[:, 0] == pytest.approx(0.01, rel=1e-4)


@pytest.mark.slow
@settings(max_examples=examples(30))
@given(st.integers(-25, 0), st.floats(-50, 50), st.integers(0, 99), st.sampled_from([2, 4, 8]))
@example(0, 0.0, 31, 2)  # nothing comes through the first layer: a range without width
@example(-25, 50.0, 64, 2)  # one channel far above the others: wide steps
def test_a_bias_of_any_size_is_right_in_integers(exponent, bias, seed, bits) -> None:
    """A channel of tiny weights, such as a dead one with its batch norm folded."""
    torch.manual_seed(seed)
    model, x = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)), torch.rand(50, 4)
    model[0].weight.data[0] *= 10.0**exponent
    model[0].bias.data[0] = bias
    model[2].weight.data[:, 1] *= 10.0**exponent
    quantized = quantize_model(model, x, weight_bits=bits)
    network = to_integer(quantized, (4,))
    assert gap(quantized(x), network(x)) < 0.05
    for layer in network.layers:
        steps = layer.input.scale.double() * layer.weight_scale.double()
        real = layer.bias.double() * steps
        own = model.get_submodule(layer.name).bias.detach().double()
        # Half a step, and what float32 leaves of a large quotient.
        assert bool(((real - own).abs() <= 0.51 * steps + own.abs() * 2.0**-22).all())


def test_all_runs_of_a_layer_give_its_range_when_they_happen() -> None:
    class Runs(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc, self.one = nn.Linear(4, 4), nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            y = self.fc(100 * x) + self.fc(input=x)
            z = x * 1
            z += self.one(z) + 1000  # written over after the layer saw it
            return y + z

    x = torch.rand(64, 4)
    seen = layer_inputs(Runs(), x)
    assert torch.equal(seen["fc"], torch.cat([100 * x.flatten(), x.flatten()]))
    assert torch.equal(seen["one"], x)
    quantized = quantize_model(Runs(), x, activations="min-max")
    scale = float(quantized.fc.input_quantizer.scale)
    assert scale == pytest.approx(100 * float(x.max()) / 255, rel=1e-5)


def test_the_image_has_eight_bits_wherever_its_layer_is_defined() -> None:
    class Order(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc, self.side, self.conv = nn.Linear(8, 5), nn.Conv2d(3, 8, 1), nn.Conv2d(3, 8, 3)

        def forward(self, x: Tensor) -> Tensor:
            y = F.relu(self.conv(x)).mean((2, 3)) + F.relu(self.side(x)).mean((2, 3))
            return self.fc(y)

    quantized = quantize_model(Order(), torch.rand(8, 3, 8, 8), activation_bits=4)
    bits = {name: m.input_quantizer.high for name, m in quant_layers(quantized).items()}
    assert bits == {"fc": 15, "side": 255, "conv": 255}


class Functional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(F.relu(self.fc(x)), self.fc.weight)


class Bare(nn.Module):
    """Multiplies with a matrix of its own, or with what a function makes of it."""

    def __init__(self, made: Callable[[Tensor], Tensor] = lambda matrix: matrix) -> None:
        super().__init__()
        self.fc, self.matrix, self.made = nn.Linear(4, 4), nn.Parameter(torch.eye(4)), made

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) @ self.made(self.matrix)


class Table(nn.Module):
    """Adds rows of a parameter, and multiplies what came of images alone."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.rows = nn.Linear(4, 4), nn.Parameter(torch.ones(3, 4))

    def forward(self, x: Tensor) -> Tensor:
        h = self.fc(x) + self.rows[torch.tensor([0, 2])].sum(0)
        return h @ x.t()


class OwnConv(nn.Conv2d):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * super().forward(x)


class Linear(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).abs()


class Doubled(nn.BatchNorm2d):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * super().forward(x)


class Auxiliary(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.aux = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) + self.aux(x) if self.training else self.fc(x)


@pytest.mark.filterwarnings("ignore")  # of PyTorch: old ways that users still have
@pytest.mark.parametrize(
    ("build", "said"),
    [
        (
            lambda: nn.Sequential(nn.Linear(4, 4).half()),
            r"0\.weight is torch\.float16.*model\.float\(\)",
        ),
        (lambda: nn.Linear(4, 4).bfloat16(), r"weight is torch\.bfloat16"),
        (
            lambda: nn.Sequential(nn.Linear(4, 4), nn.LazyLinear(3)),
            "'1' is a LazyLinear, which has no weights before",
        ),
        (
            lambda: torch.jit.script(nn.Sequential(nn.Linear(4, 4))),
            "the network itself is compiled",
        ),
        (lambda: torch.ao.nn.quantized.Linear(4, 4), "the network itself is quantized already"),
        (
            lambda: quantize_model(nn.Linear(4, 4), torch.rand(9, 4)),
            "the model .* is quantized already",
        ),
        (
            lambda: nn.Sequential(nn.Linear(4, 4), nn.LSTM(4, 4)),
            "1 cannot .* a LSTM is not supported",
        ),
        (
            lambda: nn.Sequential(nn.Linear(4, 4), nn.Bilinear(4, 4, 4)),
            "1 cannot .* a Bilinear is not",
        ),
        (lambda: nn.TransformerEncoderLayer(4, 2, 8), "TransformerEncoderLayer is not supported"),
        (lambda: nn.MultiheadAttention(4, 2), "MultiheadAttention is not supported"),
        (
            lambda: nn.Sequential(OwnConv(4, 4, 1)),
            "0 cannot .* OwnConv computes otherwise than a Conv2d",
        ),
        (
            lambda: Functional(),
            r"fc cannot .* used where the layer does not run \(by linear in the model",
        ),
        (lambda: nn.Sequential(nn.Linear(4, 4), Bare()), "1 cannot be quantized: its (__)?matmul"),
        (
            lambda: nn.Sequential(Linear(4, 4)),
            r"0 cannot .* a tests\.test_quantization_kinds\.Linear computes otherwise than",
        ),
        *(
            (lambda made=made: Bare(made), "the model cannot be quantized: its (__)?matmul")
            for made in (
                *(torch.t, lambda m: m.T, lambda m: m.view(2, 8).reshape(4, 4)),
                *(lambda m: F.normalize(m).t(), lambda m: torch.stack([m, m]).mean(0)),
            )
        ),
        (lambda: Auxiliary(), "aux cannot be quantized: it did not run on the images"),
    ],
)
def test_what_cannot_be_quantized_is_named(build, said) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        quantize_model(build(), torch.rand(9, 4))
    assert "\n" not in str(caught.value)


def test_a_linear_layer_with_a_forward_that_does_nothing_else_is_one() -> None:
    torch.manual_seed(0)
    layer, x = OwnLinear(4, 3), torch.rand(9, 4)
    assert list(quant_layers(quantize_model(nn.Sequential(layer), x))) == ["0"]
    torch.testing.assert_close(quantize_model(layer, x)(x), layer(x), rtol=0.02, atol=0.02)


@pytest.mark.parametrize("act", [nn.ReLU(inplace=True), nn.Hardswish(), nn.Identity()])
def test_a_norm_that_holds_its_activation_is_folded_and_the_activation_stays(act) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), NormAct(4, act), nn.Conv2d(4, 4, 1), NormAct(4, act))
    for norm in (model[1], model[3]):
        nn.init.uniform_(norm.running_mean, -1, 1)
        nn.init.uniform_(norm.running_var, 0.3, 2)
    model.eval()
    folded = fold_batch_norm(model, (3, 8, 8))
    assert not any(isinstance(m, nn.BatchNorm2d) for m in folded.modules())
    x = torch.randn(5, 3, 8, 8)
    torch.testing.assert_close(folded(x), model(x), rtol=1e-4, atol=1e-5)
    assert left_unfolded(model, (3, 8, 8)) == {}


def test_a_norm_that_does_more_stays_with_its_reason() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), Doubled(4)).eval()
    x = torch.randn(5, 3, 8, 8)
    torch.testing.assert_close(fold_batch_norm(model, (3, 8, 8))(x), model(x))
    said = "a Doubled does more than normalize and run the modules in it"
    assert left_unfolded(model, (3, 8, 8)) == {"1": said}


def test_a_table_that_is_added_is_no_product() -> None:
    assert list(quant_layers(quantize_model(Table(), torch.rand(9, 4)))) == ["fc"]


def test_what_is_named_stays_in_float() -> None:
    x = torch.rand(9, 4)
    for inner in (Functional(), Bare(), Auxiliary(), nn.TransformerEncoderLayer(4, 2, 8)):
        model = nn.Sequential(nn.Linear(4, 4), inner).eval()
        quantized = quantize_model(model, x, in_float=["1"])
        assert list(quant_layers(quantized)) == ["0"]
        back = unpack_model(pack_model(quantized), model)
        torch.testing.assert_close(back(x), quantized(x), rtol=1e-3, atol=1e-3)
    with pytest.raises(ValueError, match="in_float must name modules of the model, got 'two'"):
        quantize_model(nn.Linear(4, 4), x, in_float=["two"])


@pytest.mark.slow
@settings(max_examples=examples(20))
@given(odd_networks(), st.sampled_from([torch.float64, torch.float16]))
def test_a_file_of_float32_takes_no_other_numbers(drawn, dtype) -> None:
    program, seed = drawn
    quantized = quantize_model(built(Odd, program, seed), images(seed)).to(dtype)
    name = next(iter(quant_layers(quantized)))
    said = f"{name}.weight is {dtype}, but the file holds float32: call model.float() first"
    with pytest.raises(ValueError, match=re.escape(said)):
        pack_model(quantized)


def test_numbers_that_are_none_are_refused_by_name() -> None:
    x = torch.rand(9, 4)
    for bad in ("nan", "inf", "-inf"):
        y = x.clone()
        y[6, 2] = float(bad)
        with pytest.raises(ValueError, match="image 6 of images holds NaN or infinity"):
            quantize_model(nn.Linear(4, 4), y)
        model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
        model[1].weight.data[0, 0] = float(bad)
        with pytest.raises(
            ValueError, match="1 cannot be quantized: its weight holds NaN or infinity"
        ):
            quantize_model(model, x)
        model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
        model[0].bias.data[0] = float(bad)
        with pytest.raises(ValueError, match="0 cannot be quantized: its bias holds NaN or inf"):
            quantize_model(model, x)
    for factor, what in ((1e-35, "input"), (1.0, "weight")):
        model = nn.Sequential(nn.Linear(4, 4, bias=False))
        model[0].weight.data *= 1.0 if what == "input" else 1e-35
        with pytest.raises(ValueError, match=f"0 cannot be quantized: its largest {what}"):
            quantize_model(model, x * factor)


class Rows(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.view(-1, 2)


class Branches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) if x.sum() > 0 else x


def test_what_cannot_be_traced_or_calibrated_is_said_in_one_sentence(capfd) -> None:
    for method in (fold_batch_norm, chain):
        with pytest.raises(ValueError, match=r"^Branches cannot be traced: ") as caught:
            method(Branches(), (4,))
        assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
    with pytest.raises(ValueError, match="images must hold at least one image"):
        quantize_model(nn.Linear(4, 4), torch.empty(0, 4))
    with pytest.raises(TypeError, match="images must be a tensor, got NoneType"):
        quantize_model(nn.Linear(4, 4), None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"weight is torch\.complex64, but must be float32"):
        quantize_model(nn.Linear(4, 4, dtype=torch.complex64), torch.rand(9, 4))


def test_what_is_no_chain_is_named() -> None:
    x = torch.rand(9, 4)
    for model, said in [
        (nn.Sequential(nn.Linear(4, 4), nn.Sigmoid()), "aten.sigmoid.*not supported in 1"),
        (
            nn.Sequential(nn.Linear(4, 4), nn.Unflatten(1, (2, 2))),
            "aten.unflatten.* supported in 1",
        ),
        (nn.Sequential(nn.Unflatten(1, (1, 4)), nn.Linear(4, 4)), "unflatten.*supported in 0"),
        (nn.Sequential(nn.Linear(4, 4), Rows()), r"aten.view.*in 1: it makes \(4, 2\) of \(2, 4\)"),
        (nn.Sequential(nn.ReLU(), nn.Linear(4, 4)), "relu must follow a layer with weights"),
    ]:
        with pytest.raises(ValueError, match=said) as caught:
            to_integer(quantize_model(model, x), (4,))
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match=r"_weight_norm.*not supported in 0"):
        chain(nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(4, 4))), (4,))
