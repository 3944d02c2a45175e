"""Integer arithmetic against torch's and ONNX Runtime's, and batch norm folded away."""

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_weights
from torchvision.models import resnet18

from labcode.data import load
from labcode.models import small_cnn
from labcode.quantization import (
    IntegerLayer,
    IntegerNetwork,
    affine_params,
    chain,
    fixed_point,
    fold_batch_norm,
    folded_weights,
    quantize_model,
    rescale,
    to_integer,
)
from labcode.quantization.integer import convolve, max_pool
from labcode.runtime import onnx_logits, read_qdq, saturates, to_int8, trace_int8
from labcode.weights import baselines
from tests.examples import examples

SHAPE = (1, 28, 28)
BATCH = 50
# A float32 product may fall on the other side of a half than the exact one: one step, rarely.
MOST_ONE_STEP_OFF = 0.001


@pytest.fixture(scope="module")
def data():
    return load("mnist5k")


@pytest.fixture(scope="module", params=["lenet5", "small_cnn"])
def case(request, data):
    """A baseline, its batch norm folded, with ONNX Runtime's int8 file of it.

    The weights have 7 bits: with 8, not every processor computes the sums right.
    """
    torch.set_num_threads(1)
    model = fold_batch_norm(baselines.load(request.param), SHAPE)
    images = data.train.images[:100]
    return model, to_int8(model, images, batch=BATCH)


@pytest.mark.slow
@settings(max_examples=examples(200))
@given(st.integers(-(2**31) + 1, 2**31 - 1), st.floats(1e-9, 1.0))
def test_rescaling_is_multiplication_in_exact_arithmetic(value, factor):
    from fractions import Fraction

    mantissa, shift = fixed_point(torch.tensor([factor], dtype=torch.float64))
    exact = value * Fraction(int(mantissa), 2 ** int(shift))
    # Halves go up, so it is the largest integer of exact + 1/2.
    assert int(rescale(torch.tensor([value]), mantissa, shift)) == int(
        (exact + Fraction(1, 2)) // 1
    )
    assert abs(Fraction(int(mantissa), 2 ** int(shift)) / Fraction(factor) - 1) <= Fraction(
        1, 2**31
    )


def test_a_factor_out_of_range_is_refused():
    for factor in (0.0, -1.0, float("nan"), 2.0**30):
        with pytest.raises(ValueError, match="factor must be from"):
            fixed_point(torch.tensor([factor]))


def test_a_sum_that_32_bits_do_not_hold_becomes_the_nearest_that_they_do() -> None:
    sums = torch.tensor([2**31 - 1, -(2**31)], dtype=torch.int32)
    assert rescale(sums, *fixed_point(torch.tensor([4.0]))).tolist() == [2**31 - 1, -(2**31)]


@settings(max_examples=examples(40))
@given(
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(1, 2),
    st.integers(0, 99),
)
def test_the_integer_convolution_is_torchs(groups, per_group, kernel, stride, padding, gap, seed):
    torch.manual_seed(seed)
    x = torch.randint(-255, 256, (2, groups * per_group, 11, 13), dtype=torch.int32)
    weight = torch.randint(-128, 128, (groups * 2, per_group, kernel, kernel), dtype=torch.int32)
    settings_ = {"stride": stride, "padding": padding, "dilation": gap, "groups": groups}
    expected = F.conv2d(x.double(), weight.double(), **settings_)  # exact: far below 2^53
    assert torch.equal(convolve(x, weight, **settings_).double(), expected)


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(2, None, 0), (3, 2, 1), ((3, 2), 1, 0)])
def test_the_integer_pooling_is_torchs(kernel, stride, padding):
    x = torch.randint(-9, 9, (2, 3, 9, 8), dtype=torch.int32)
    expected = F.max_pool2d(x.double(), kernel, stride, padding)
    assert torch.equal(max_pool(x, kernel, stride, padding).double(), expected)


@pytest.mark.slow
def test_with_onnx_runtimes_scales_the_integers_are_onnx_runtimes(case, data):
    """Fused, the runtime computes in integers; else in floating point between rounded values."""
    _, onnx_file = case
    images = data.test.images[:BATCH]
    ours = read_qdq(onnx_file).trace(images)
    for fused in (True, False):
        for name, theirs in trace_int8(onnx_file, images, fused=fused).items():
            off = (ours[name] - theirs).abs()
            assert off.max() <= 1, name
            assert (off > 0).double().mean() <= MOST_ONE_STEP_OFF, name
            assert len(theirs.unique()) > 5  # not all at one end


@pytest.mark.slow
def test_with_weights_of_8_bits_they_are_where_the_processor_does_not_saturate(case, data):
    model, safe = case
    full = to_int8(model, data.train.images[:100], batch=BATCH, reduce_range=False)
    largest = [max(int(x.weight.abs().max()) for x in read_qdq(f).layers) for f in (safe, full)]
    assert largest[0] <= 64 < 127 <= largest[1]
    images = data.test.images[:BATCH]
    ours = read_qdq(full).trace(images)
    for fused in (True, False):
        off = {
            name: ((ours[name] - theirs).abs() > 0).double().mean().item()
            for name, theirs in trace_int8(full, images, fused=fused).items()
        }
        # Not fused, the runtime adds in floating point, which no processor cuts off.
        assert (max(off.values()) <= MOST_ONE_STEP_OFF) == (not (fused and saturates())), off


@pytest.mark.slow
def test_a_shifted_product_differs_by_one_step_at_most(case, data):
    _, onnx_file = case
    images = data.test.images[:BATCH]
    floats, shifts = (read_qdq(onnx_file, rescaling=r).trace(images) for r in ("float", "fixed"))
    for name in list(floats)[:-1]:
        off = (floats[name] - shifts[name]).abs()
        assert off.max() <= 1
        assert (off > 0).double().mean() <= MOST_ONE_STEP_OFF


@pytest.mark.slow
def test_end_to_end_it_answers_as_onnx_runtime_does(case, data):
    """Our own scales, found by our own calibration, beside the runtime's own."""
    model, onnx_file = case
    test = data.test
    quantized = quantize_model(model, data.train.images[:100])
    network = to_integer(quantized, SHAPE)
    images, labels = test.images[:200], test.labels[:200]
    ours, theirs = network(images), onnx_logits(onnx_file, images, BATCH)
    with torch.no_grad():
        plain = model(images)
    assert (ours.argmax(1) == theirs.argmax(1)).double().mean() >= 0.985
    for logits in (ours, theirs):
        assert (logits - plain).abs().mean() < 0.03 * plain.abs().max()
        assert (logits.argmax(1) == labels).double().mean() >= 0.97
    exact = read_qdq(onnx_file)(images)
    assert (exact - theirs).abs().mean() < 1e-3  # the very same but for a rare step


@pytest.mark.slow
def test_integers_are_what_the_quantized_model_simulates(case, data):
    """They differ where the bias is rounded too, and where a sum falls on a half."""
    model, _ = case
    quantized = quantize_model(model, data.train.images[:100])
    images = data.test.images[:BATCH]
    for rescaling in ("fixed", "float"):
        network = to_integer(quantized, SHAPE, rescaling=rescaling)
        with torch.no_grad():
            simulated = quantized(images)
        assert (network(images) - simulated).abs().max() < 0.01 * simulated.abs().max()
        assert all(layer.weight.dtype == torch.int8 for layer in network.layers)
        trace = network.trace(images)
        assert all(v.dtype == torch.int32 for v in list(trace.values())[:-1])


def test_relu_stops_at_the_zero_point_and_not_at_the_lowest_integer():
    steps = affine_params(0.0, 255.0, 8)  # each integer is itself
    shifted = affine_params(-10.0, 245.0, 8)  # integer 10 is zero
    weight = torch.tensor([[1], [-1]], dtype=torch.int8)
    layer = IntegerLayer(
        "linear", "fc", {}, weight, torch.ones(2), torch.zeros(2).int(), steps, shifted, relu=True
    )
    x = torch.tensor([[4], [20]], dtype=torch.int32)
    for rescaling in ("fixed", "float"):
        assert layer.run(x, rescaling).tolist() == [[14, 10], [30, 10]]
        plain = dataclasses.replace(layer, relu=False)
        assert plain.run(x, rescaling).tolist() == [[14, 6], [30, 0]]  # 0 is the lowest


def test_an_overflowing_sum_is_refused():
    layer = nn.Linear(70_000, 1)
    with torch.no_grad():
        layer.weight.fill_(1.0)
    model = quantize_model(nn.Sequential(layer), torch.rand(4, 70_000))
    with pytest.raises(ValueError, match=r"0: a sum may reach .* more than an int32 holds"):
        to_integer(model, (70_000,))


def test_what_is_not_supported_is_named():
    with pytest.raises(ValueError, match=r"aten\.sigmoid\.default \(sigmoid\) is not supported"):
        chain(nn.Sequential(nn.Linear(3, 2), nn.Sigmoid()), (3,))
    with pytest.raises(ValueError, match=r"aten\.batch_norm\.default .* is not supported"):
        chain(small_cnn(), SHAPE)

    class Skip(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Linear(3, 3), nn.Linear(3, 3)

        def forward(self, x):
            self.two(x)
            return self.one(x)

    with pytest.raises(ValueError, match=r"^one \(linear_1\) does not take the output of the op"):
        chain(Skip(), (3,))
    with pytest.raises(ValueError, match="model must come from quantize_model"):
        to_integer(nn.Sequential(nn.Linear(3, 2)), (3,))
    with pytest.raises(ValueError, match="rescaling must be 'fixed' or 'float', got 'no'"):
        IntegerNetwork([], affine_params(0, 1, 8), None, "no")
    with pytest.raises(ValueError, match="ranges must be one of 'min-max', 'percentile', 'kl'"):
        to_int8(small_cnn(), torch.rand(4, *SHAPE), ranges="mse")
    with pytest.raises(ValueError, match="images must be at least one batch of 8, got 4"):
        to_int8(small_cnn(), torch.rand(4, *SHAPE), batch=8)


def test_steps_run_as_the_network_does():
    model = baselines.load("lenet5")
    x = torch.rand(3, *SHAPE)
    y = x
    with torch.no_grad():
        for step in chain(model, SHAPE):
            y = step.run(y)
        torch.testing.assert_close(y, model(x))


def uneven(model: nn.Module) -> nn.Module:
    """Give batch norms statistics and weights that are not those of the start."""
    for norm in model.modules():
        if isinstance(norm, nn.BatchNorm2d):
            nn.init.uniform_(norm.running_mean, -1, 1)
            nn.init.uniform_(norm.running_var, 0.3, 3)
            nn.init.uniform_(norm.weight, -2, 2)
            nn.init.uniform_(norm.bias, -1, 1)
    return model.eval()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("build", "shape"), [(small_cnn, SHAPE), (lambda: resnet18(weights=None), (3, 64, 64))]
)
def test_a_folded_network_has_the_same_outputs(build, shape):
    torch.manual_seed(0)
    model = uneven(build())
    before = {name: value.clone() for name, value in model.state_dict().items()}
    folded = fold_batch_norm(model, shape)
    x = torch.rand(2, *shape)
    with torch.no_grad():
        torch.testing.assert_close(folded(x), model(x), rtol=1e-3, atol=1e-3)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])  # the model itself stays


def test_folded_weights_are_torchs():
    norm = uneven(nn.BatchNorm2d(4))
    conv = nn.Conv2d(3, 4, 3)
    expected = fuse_conv_bn_weights(
        conv.weight,
        conv.bias,
        norm.running_mean,
        norm.running_var,
        norm.eps,
        norm.weight,
        norm.bias,
    )
    for mine, theirs in zip(folded_weights(conv, norm), expected, strict=True):
        torch.testing.assert_close(mine, theirs)
    with pytest.raises(ValueError, match="norm must have running statistics"):
        folded_weights(conv, nn.BatchNorm2d(4, track_running_stats=False))


def test_a_batch_norm_after_something_else_stays():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.BatchNorm2d(2))
    assert isinstance(fold_batch_norm(model, (1, 8, 8))[2], nn.BatchNorm2d)


def test_an_integer_network_is_shown_without_its_numbers():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    network = to_integer(quantize_model(model, torch.rand(8, 1, 8, 8)), (1, 8, 8))
    assert repr(network) == (
        "IntegerNetwork(IntegerLayer('0': conv2d, 4 × 1 × 3 × 3 integers), flatten, "
        "IntegerLayer('3': linear, 2 × 144 integers))"
    )
