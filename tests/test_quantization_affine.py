"""Scales, zero points, ranges and errors, against torch, numpy, scipy and brute force."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from scipy.stats import entropy as kullback_leibler

from labcode.quantization import (
    METHODS,
    QuantParams,
    affine_params,
    find_range,
    integer_range,
    quant_error,
    symmetric_params,
    weight_magnitudes,
)
from labcode.quantization.ranges import BINS, divergence
from tests.examples import examples

ends = st.floats(-100, 100, width=32)
bits_ = st.integers(1, 8)
seeds = st.integers(0, 2**31)


def normal(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("bits", range(1, 17))
def test_integer_ranges_hold_two_to_the_bits(bits):
    for signed in (False, True):
        low, high = integer_range(bits, signed=signed)
        assert high - low + 1 == 2**bits
        assert (low < 0) == signed
    if bits in (8, 16):
        limits = np.iinfo(f"int{bits}")
        assert integer_range(bits, signed=True) == (limits.min, limits.max)


@settings(max_examples=examples(100))
@given(ends, ends, bits_, seeds)
def test_values_in_the_range_move_by_half_a_step_at_most(low, high, bits, seed):
    low, high = min(low, high), max(low, high)
    params = affine_params(low, high, bits)
    least, most = min(low, 0.0), max(high, 0.0)
    values = least + (most - least) * torch.rand(200, generator=torch.Generator().manual_seed(seed))
    step = float(params.scale)
    # The zero point is a whole number, which moves the ends by half a step more.
    assert float((params.approximate(values) - values).abs().max()) <= step * 1.001 + 1e-30
    inside = values[(values >= least + step / 2) & (values <= most - step / 2)]
    if len(inside):
        assert float((params.approximate(inside) - inside).abs().max()) <= step * 0.501
    assert params.approximate(torch.zeros(1)).item() == 0  # zero is exact, for padding and ReLU


@settings(max_examples=examples(60))
@given(ends, ends, seeds)
def test_it_is_torchs_own_quantization(low, high, seed):
    params = affine_params(min(low, high), max(low, high), 8)
    values = normal(seed, 50) * 60
    theirs = torch.fake_quantize_per_tensor_affine(
        values, float(params.scale), int(params.zero_point), params.low, params.high
    )
    # torch multiplies by 1 / scale where we divide: at a tie the neighbour may be taken.
    off = (theirs - params.approximate(values)).abs() / params.scale
    assert off.max() <= 1.001
    assert (off < 0.001).double().mean() > 0.9


def test_it_is_onnx_runtimes_quantize_linear():
    values = normal(0, 4, 3, 5, 5) * 3
    per_channel = symmetric_params(values.abs().amax((0, 2, 3)), 8, axis=1)
    node = helper.make_node("QuantizeLinear", ["x", "s", "z"], ["y"], axis=1)
    graph = helper.make_graph(
        [node],
        "q",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(values.shape))],
        [helper.make_tensor_value_info("y", TensorProto.INT8, list(values.shape))],
        [
            onnx.numpy_helper.from_array(per_channel.scale.numpy(), "s"),
            onnx.numpy_helper.from_array(np.zeros(3, np.int8), "z"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=10)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (theirs,) = session.run(None, {"x": values.numpy()})
    assert np.array_equal(theirs, per_channel.quantize(values).numpy())


@settings(max_examples=examples(50))
@given(st.integers(2, 8), seeds)
def test_symmetric_weights_keep_their_sign(bits, seed):
    rows = normal(seed, 5, 40)
    params = symmetric_params(rows.abs().amax(1), bits, axis=0)
    assert torch.equal(params.quantize(-rows), -params.quantize(rows))
    assert params.quantize(rows).abs().amax(1).tolist() == [2 ** (bits - 1) - 1] * 5
    assert bool((params.zero_point == 0).all())


def test_a_channel_of_its_own_scale_is_never_worse():
    rows = normal(0, 6, 500) * torch.tensor([0.01, 0.1, 1, 2, 5, 10])[:, None]
    one = quant_error(rows, symmetric_params(rows.abs().max(), 8)).total
    each = quant_error(rows, symmetric_params(rows.abs().amax(1), 8, axis=0)).total
    assert each < one / 2


@settings(max_examples=examples(40))
@given(bits_, seeds, st.floats(0.1, 1.0))
def test_errors_add_up_and_are_split_where_the_range_ends(bits, seed, shrink):
    values = normal(seed, 400)
    params = affine_params(float(values.min()) * shrink, float(values.max()) * shrink, bits)
    error = quant_error(values, params)
    whole = (params.approximate(values).double() - values.double()).square().mean().item()
    assert error.total == pytest.approx(whole, rel=1e-9)
    step, zero = float(params.scale), int(params.zero_point)
    first, last = (params.low - zero) * step, (params.high - zero) * step
    beyond = (values < first - step / 2) | (values > last + step / 2)
    assert error.clipped == pytest.approx(float(beyond.double().mean()), abs=0.003)


@pytest.mark.parametrize("bits", [4, 6, 8])
def test_rounding_costs_a_twelfth_of_the_squared_step(bits):
    values = torch.rand(200_000, generator=torch.Generator().manual_seed(0))
    params = affine_params(0.0, 1.0, bits)
    expected = float(params.scale) ** 2 / 12  # the variance of a uniform rounding error
    # At the two ends only half a step rounds; that is 1 / 2^bits of all values.
    assert quant_error(values, params).total == pytest.approx(expected, rel=0.02)


def test_min_max_and_percentile_are_those_of_numpy():
    values = normal(0, 1000)
    assert find_range(values, "min-max", 8) == (float(values.min()), float(values.max()))
    low, high = find_range(values, "percentile", 8)
    expected = np.percentile(values.numpy(), [0.05, 99.95])
    assert (low, high) == pytest.approx(tuple(expected), rel=1e-5)


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_least_squares_finds_the_best_of_all_shrunken_ranges(bits):
    values = torch.cat([normal(0, 5000), torch.tensor([12.0, -9.0])])
    low, high = find_range(values, "mse", bits)

    def error(factor: float) -> float:
        params = affine_params(-9.0 * factor, 12.0 * factor, bits)
        return (params.approximate(values) - values).double().square().mean().item()

    best = min(error(step / 100) for step in range(1, 101))
    assert quant_error(values, affine_params(low, high, bits)).total == pytest.approx(best)
    assert best <= quant_error(values, affine_params(-9.0, 12.0, bits)).total


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_the_best_range_of_weights_is_found_for_each_channel(bits):
    rows = normal(1, 3, 600) * torch.tensor([0.1, 1, 7])[:, None]
    found = weight_magnitudes(rows, "mse", bits)
    for row, magnitude in zip(rows, found, strict=True):
        largest = row.abs().max()
        tried = [largest * step / 100 for step in range(1, 101)]
        errors = [quant_error(row, symmetric_params(one, bits)).total for one in tried]
        mine = quant_error(row, symmetric_params(magnitude, bits)).total
        assert mine == pytest.approx(min(errors), rel=1e-5)


def test_the_divergence_is_scipys():
    counts = np.random.default_rng(0).integers(1, 50, 64).astype(float)
    stop, levels = 40, 8
    p = counts[:stop].copy()
    p[-1] += counts[stop:].sum()
    q = np.repeat(counts[:stop].reshape(levels, 5).mean(1), 5)  # no bin is empty here
    assert divergence(counts, stop, levels) == pytest.approx(kullback_leibler(p, q))
    assert divergence(counts, 64, 64) == pytest.approx(0)


def test_entropy_clips_an_outlier_and_not_a_flat_histogram():
    flat = torch.linspace(0, 1, 50_000)
    assert find_range(flat, "kl", 8)[1] == pytest.approx(1, abs=2 / BINS)
    low, high = find_range(torch.cat([normal(0, 50_000), torch.tensor([100.0])]), "kl", 8)
    assert 2 < high < 20
    assert low == pytest.approx(float(normal(0, 50_000).min()), abs=3)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_zeros_do_not_narrow_the_range_of_the_entropy(bits):
    """After a ReLU most values are zero, which every range holds exactly."""
    values = normal(0, 60_000).clamp(min=0)
    low, high = find_range(values, "kl", bits)
    assert (low, high) == (0, find_range(values[values > 0], "kl", bits)[1])
    best = find_range(values, "mse", bits)[1]
    assert best / 2 < high <= float(values.max())  # not a sliver beside zero


@pytest.mark.parametrize("bits", [3, 4, 6, 8])
def test_a_spike_does_not_narrow_the_range_of_the_entropy_to_a_sliver(bits):
    """A black background makes one small value frequent, which no level should live for."""
    values = torch.cat([normal(0, 40_000).abs(), torch.full((20_000,), 0.05)])
    assert find_range(values, "kl", bits)[1] > find_range(values, "mse", bits)[1] / 2


@pytest.mark.parametrize("method", METHODS)
def test_ranges_hold_for_what_is_constant_and_for_much(method):
    assert find_range(torch.zeros(10), method, 8) == (0, 0)
    low, high = find_range(normal(0, 300_000), method, 8)  # thinned out
    assert -6 < low < -2 < 2 < high < 6
    params = affine_params(*find_range(torch.zeros(10), method, 8), 8)
    assert params.approximate(torch.zeros(3)).tolist() == [0, 0, 0]


def test_bad_arguments_are_named():
    values = torch.ones(3)
    with pytest.raises(ValueError, match=r"method must be one of 'min-max', .*, got 'best'"):
        find_range(values, "best", 8)
    with pytest.raises(ValueError, match="method must be 'min-max' or 'mse' for weights"):
        weight_magnitudes(values[None], "kl", 8)
    with pytest.raises(ValueError, match="values must be finite"):
        find_range(torch.tensor([float("nan")]), "mse", 8)
    with pytest.raises(ValueError, match="values must be finite numbers, at least one"):
        find_range(torch.empty(0), "min-max", 8)
    with pytest.raises(ValueError, match="bits must be at most 16, got 17"):
        integer_range(17, signed=True)
    with pytest.raises(ValueError, match="bits must be at least 2, got 1"):
        symmetric_params(1.0, 1)
    with pytest.raises(ValueError, match="largest must be at least 0"):
        symmetric_params(-1.0, 8)
    with pytest.raises(ValueError, match="low must be at most high"):
        affine_params(2.0, 1.0, 8)
    with pytest.raises(TypeError, match=r"bits must be an integer, got 8\.0"):
        affine_params(0.0, 1.0, 8.0)  # type: ignore[arg-type]
    zero = torch.tensor(0, dtype=torch.int32)
    with pytest.raises(ValueError, match="scale must be positive and finite"):
        QuantParams(torch.tensor(0.0), zero, 0, 255)
    with pytest.raises(ValueError, match="zero_point must have the shape of scale"):
        QuantParams(torch.ones(2), zero, 0, 255, axis=0)
    with pytest.raises(ValueError, match="scale must be one number without an axis"):
        QuantParams(torch.ones(2), zero.expand(2), 0, 255)
    with pytest.raises(ValueError, match="zero_point must be from 0 to 255"):
        QuantParams(torch.tensor(1.0), zero - 1, 0, 255)
