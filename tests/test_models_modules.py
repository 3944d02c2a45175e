"""Shuffle, squeeze-and-excitation and low rank: what they compute, against other code."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from labcode.models import (
    SEResidual,
    ShuffleUnit,
    SqueezeExcite,
    break_even_rank,
    channel_shuffle,
    low_rank_linear,
    truncated_svd,
)
from labcode.models.resnet import BasicBlock, Bottleneck
from labcode.models.squeezenet import Bypass, Fire
from tests.examples import examples

# --- shuffle ----------------------------------------------------------------------------------


@given(groups=st.integers(1, 8), each=st.integers(1, 6))
def test_channel_shuffle_is_pytorchs_and_undoes_itself(groups, each):
    x = torch.arange(2.0 * groups * each * 6).reshape(2, groups * each, 2, 3)
    shuffled = channel_shuffle(x, groups)
    assert torch.equal(shuffled, F.channel_shuffle(x, groups))
    assert torch.equal(channel_shuffle(shuffled, each), x)


def seen_groups(shuffle: bool) -> torch.Tensor:
    """Return which input channels (columns) each output channel (rows) of two units depends on."""
    torch.manual_seed(0)
    units = [ShuffleUnit(48, 48, 1, 3, first_groups=3, shuffle=shuffle) for _ in range(2)]
    model = nn.Sequential(*units).eval()
    x = torch.randn(1, 48, 3, 3, requires_grad=True)
    out = model(x).sum((0, 2, 3))
    (rows,) = torch.autograd.grad(out, x, torch.eye(48), is_grads_batched=True)
    return rows.abs().sum((1, 3, 4)) > 0  # (outputs, 1, inputs, 3, 3) -> (outputs, inputs)


def test_without_the_shuffle_outputs_see_only_their_own_group():
    own = torch.block_diag(*[torch.ones(16, 16)] * 3) > 0
    alone = seen_groups(shuffle=False)
    assert not (alone & ~own).any()
    mixed = seen_groups(shuffle=True)
    groups = mixed.reshape(48, 3, 16).any(2)  # (outputs, groups of inputs)
    assert groups.all()


@pytest.mark.parametrize("stride", [1, 2])
def test_a_shuffle_unit_is_its_layers_in_turn(stride):
    torch.manual_seed(0)
    unit = ShuffleUnit(12, 24 if stride == 2 else 12, stride, 3, first_groups=3).eval()
    x = torch.randn(2, 12, 8, 8)
    branch = nn.Sequential(
        unit.conv1,
        unit.bn1,
        nn.ReLU(),
        nn.ChannelShuffle(3),
        unit.depthwise,
        unit.bn2,
        unit.conv3,
        unit.bn3,
    )
    around = x if stride == 1 else nn.AvgPool2d(3, 2, 1)(x)
    joined = branch(x) + x if stride == 1 else torch.cat([around, branch(x)], 1)
    torch.testing.assert_close(unit(x), joined.relu())


def test_channel_shuffle_refuses_what_does_not_divide():
    with pytest.raises(ValueError, match="groups must divide the channels, got groups=4 and 6"):
        channel_shuffle(torch.zeros(1, 6, 2, 2), 4)
    with pytest.raises(ValueError, match=r"\(N, C, H, W\), got \(6, 2, 2\)"):
        channel_shuffle(torch.zeros(6, 2, 2), 2)
    with pytest.raises(TypeError, match="groups"):
        channel_shuffle(torch.zeros(1, 6, 2, 2), 2.0)


# --- Fire -------------------------------------------------------------------------------------


def test_a_fire_module_is_two_convolutions_side_by_side():
    torch.manual_seed(0)
    fire, x = Fire(8, 3, 4, 5), torch.randn(2, 8, 6, 7)
    squeezed = F.relu(fire.squeeze(x))
    left = F.relu(F.conv2d(squeezed, fire.expand1x1.weight, fire.expand1x1.bias))
    right = F.relu(F.conv2d(squeezed, fire.expand3x3.weight, fire.expand3x3.bias, padding=1))
    torch.testing.assert_close(fire(x), torch.cat([left, right], 1))
    simple = Bypass(9, Fire(9, 3, 4, 5), convolve=False)
    y = torch.randn(2, 9, 6, 7)
    torch.testing.assert_close(simple(y), y + simple.fire(y))
    complex_ = Bypass(8, fire, convolve=True)
    torch.testing.assert_close(complex_(x), complex_.conv(x) + fire(x))


# --- squeeze-and-excitation -------------------------------------------------------------------

NUMPY_GATES = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "hard_sigmoid": lambda z: np.clip(z / 6 + 0.5, 0, 1),
}


@pytest.mark.parametrize("squeeze", ["average", "maximum"])
@pytest.mark.parametrize("gate", NUMPY_GATES)
def test_squeeze_excite_is_what_numpy_computes(squeeze, gate):
    torch.manual_seed(0)
    layer = SqueezeExcite(12, reduction=4, squeeze=squeeze, gate=gate)
    x = torch.randn(3, 12, 5, 4)
    state = {name: value.numpy() for name, value in layer.state_dict().items()}
    maps = x.numpy()
    z = maps.mean((2, 3)) if squeeze == "average" else maps.max((2, 3))
    hidden = np.maximum(z @ state["fc1.weight"].T + state["fc1.bias"], 0)
    weights = NUMPY_GATES[gate](hidden @ state["fc2.weight"].T + state["fc2.bias"])
    np.testing.assert_allclose(layer.weights(x).detach(), weights, rtol=1e-4, atol=1e-6)
    expected = maps * weights[:, :, None, None]
    np.testing.assert_allclose(layer(x).detach(), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("make", [BasicBlock, Bottleneck])
@pytest.mark.parametrize("stride", [1, 2])
def test_each_placement_is_where_figure_5_has_it(make, stride):
    torch.manual_seed(0)
    block = make(32, 8 if make is Bottleneck else 32, stride).eval()
    x = torch.randn(2, 32, 6, 6)
    figure = {
        "standard": lambda se: F.relu(se(block.branch(x)) + block.shortcut(x)),
        "pre": lambda se: F.relu(block.branch(se(x)) + block.shortcut(x)),
        "post": lambda se: se(F.relu(block.branch(x) + block.shortcut(x))),
        "identity": lambda se: F.relu(block.branch(x) + se(block.shortcut(x))),
    }
    for place, expected in figure.items():
        wrapped = SEResidual(block, place, reduction=4)
        torch.testing.assert_close(wrapped(x), expected(wrapped.excite))
        assert not torch.allclose(wrapped(x), block(x))
    assert torch.equal(block(x), F.relu(block.branch(x) + block.shortcut(x)))


# --- low rank ---------------------------------------------------------------------------------


@settings(max_examples=examples(50))
@given(n=st.integers(1, 60), m=st.integers(1, 60), rank=st.integers(1, 60))
def test_only_a_rank_below_the_break_even_saves_weights(n, m, rank):
    if rank > min(n, m):
        with pytest.raises(ValueError, match=f"rank must be at most {min(n, m)}"):
            low_rank_linear(in_features=n, out_features=m, rank=rank)
        return
    layer = low_rank_linear(in_features=n, out_features=m, rank=rank, bias=False)
    weights = sum(p.numel() for p in layer.parameters())
    full = nn.Linear(n, m, bias=False).weight.numel()
    assert (weights < full) == (rank < break_even_rank(n, m))
    assert (weights == full) == (rank == break_even_rank(n, m))
    # At the break-even both have as many weights, though it is mostly no whole rank.
    assert break_even_rank(n, m) * (n + m) == pytest.approx(full)


@settings(max_examples=examples(20))
@given(n=st.integers(2, 30), m=st.integers(2, 30), seed=st.integers(0, 99))
def test_truncated_svd_leaves_the_error_of_eckart_and_young(n, m, seed):
    torch.manual_seed(seed)
    layer = nn.Linear(n, m)
    before = layer.weight.detach().clone()
    values = np.linalg.svd(before.numpy(), compute_uv=False)
    for rank in (1, min(n, m) // 2 or 1, min(n, m)):
        thin = truncated_svd(layer, rank)
        error = float(((thin.weight - before) ** 2).sum().detach())
        assert error == pytest.approx((values[rank:] ** 2).sum(), rel=1e-3, abs=1e-5)
        assert np.linalg.matrix_rank(thin.weight.detach().numpy(), tol=1e-5) <= rank
        assert torch.equal(thin.second.bias, layer.bias)
    assert torch.equal(layer.weight, before)


def test_low_rank_layers_keep_the_variance_at_the_start():
    torch.manual_seed(0)
    layer = low_rank_linear(in_features=784, out_features=300, rank=200)
    out = layer(torch.randn(2000, 784))
    assert float(out.detach().std()) == pytest.approx(1, rel=0.1)
    assert not layer.second.bias.any()


def test_low_rank_refuses_nonsense():
    with pytest.raises(TypeError, match=r"layer must be a torch.nn.Linear, got Conv2d"):
        truncated_svd(nn.Conv2d(1, 1, 1), 1)
    with pytest.raises(ValueError, match="rank must be at most 10"):
        truncated_svd(nn.Linear(20, 10), 11)
    with pytest.raises(TypeError, match="rank"):
        truncated_svd(nn.Linear(20, 10), 2.0)
    with pytest.raises(ValueError, match="in_features"):
        break_even_rank(0, 5)
