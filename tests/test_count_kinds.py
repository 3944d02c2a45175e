"""Every way a model can compute is counted, or named; checked against sums done by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations, prune, weight_norm
from torchvision.ops import deform_conv2d

from labcode import count


class Fn(nn.Module):
    """A model that is one function of its parts and its input."""

    def __init__(self, function: Callable[..., Any], *parts: nn.Module) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.function = function

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(x, *self.parts)


CONV = 4 * 3 * 3 * 3 * 6 * 6  # Conv2d(3, 4, 3) on 8 x 8: C_out K K C_in H_out W_out
ATTENTION = 7 * 8 * 24 + 2 * 7 * 7 * 8 + 7 * 8 * 8  # in-projection, Q K^T and A V, out-projection


def _conv() -> nn.Conv2d:
    return nn.Conv2d(3, 4, 3)


def _pruned() -> nn.Module:
    return prune.l1_unstructured(_conv(), "weight", 0.5)


def _weight_norm() -> nn.Module:
    return weight_norm(_conv())


def _square(x: torch.Tensor) -> torch.Tensor:
    return x @ x


COUNTED: list[tuple[str, Callable[[], nn.Module], tuple[int, ...], int, int]] = [
    ("conv1d", lambda: nn.Conv1d(3, 4, 3), (3, 9), 40, 4 * 3 * 3 * 7),
    ("conv3d", lambda: nn.Conv3d(3, 4, 3), (3, 5, 5, 5), 328, 4 * 3 * 27 * 27),
    ("conv same", lambda: nn.Conv2d(3, 4, 3, padding="same"), (3, 5, 5), 112, 108 * 25),
    (
        "conv reflect",
        lambda: nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect"),
        (3, 5, 5),
        112,
        108 * 25,
    ),
    ("grouped", lambda: nn.Conv2d(4, 8, 3, groups=4), (4, 5, 5), 80, 8 * 9 * 9),
    # A transposed convolution works once per input position.
    ("transposed", lambda: nn.ConvTranspose2d(3, 4, 3, stride=2), (3, 5, 5), 112, 108 * 25),
    ("linear on rows", lambda: nn.Linear(4, 5), (7, 4), 25, 7 * 20),
    ("bilinear", lambda: Fn(lambda x, m: m(x, x), nn.Bilinear(4, 4, 6)), (4,), 102, 6 * 4 * 5),
    ("functional", lambda: Fn(lambda x, m: F.conv2d(x, m.weight), _conv()), (3, 8, 8), 112, CONV),
    ("matmul", lambda: Fn(lambda x: x @ x), (3, 8, 8), 0, 3 * 8**3),
    ("matrix-vector", lambda: Fn(lambda x: x[0] @ x[0, 0]), (5, 5), 0, 25),
    ("dot", lambda: Fn(lambda x: x[0] @ x[0]), (5,), 0, 5),
    ("addmm", lambda: Fn(lambda x: torch.addmm(x[0], x[0], x[0])), (5, 5), 0, 125),
    ("baddbmm", lambda: Fn(lambda x: torch.baddbmm(x, x, x)), (5, 5), 0, 125),
    (
        "einsum",
        lambda: Fn(lambda x, m: torch.einsum("bchw,oc->bohw", x, m.weight), nn.Linear(3, 4)),
        (3, 5, 5),
        16,
        12 * 25,
    ),
    ("sdpa", lambda: Fn(lambda x: F.scaled_dot_product_attention(x, x, x)), (2, 7, 8), 0, 2 * 784),
    (
        "attention",
        lambda: Fn(lambda x, m: m(x, x, x)[0], nn.MultiheadAttention(8, 2, batch_first=True)),
        (7, 8),
        288,
        ATTENTION,
    ),
    (
        "attention with weights shown",
        lambda: Fn(lambda x, m: m(x, x, x), nn.MultiheadAttention(8, 2, batch_first=True)),
        (7, 8),
        288,
        ATTENTION,
    ),
    (
        "encoder layer",
        lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
        (7, 8),
        600,
        ATTENTION + 2 * 7 * 8 * 16,
    ),
    (
        "embedding is a look-up",
        lambda: Fn(lambda x, m: m(x.argmax(1)), nn.Embedding(10, 6)),
        (10, 3),
        60,
        0,
    ),
    # Four gates, each a matrix on the input (4) and on the state (5), at each of 7 steps.
    ("lstm", lambda: nn.LSTM(4, 5, batch_first=True), (7, 4), 220, 7 * 4 * 5 * (4 + 5)),
    (
        "deep two-way lstm",
        lambda: nn.LSTM(4, 5, 2, bidirectional=True),
        (7, 4),
        1120,
        7 * 2 * 4 * 5 * ((4 + 5) + (10 + 5)),
    ),
    ("gru", lambda: nn.GRU(4, 5), (7, 4), 165, 7 * 3 * 5 * 9),
    ("rnn", lambda: nn.RNN(4, 5), (7, 4), 55, 7 * 5 * 9),
    ("lstm cell", lambda: Fn(lambda x, m: m(x)[0], nn.LSTMCell(4, 5)), (4,), 220, 4 * 5 * 9),
    ("pruned", _pruned, (3, 8, 8), 112, CONV),
    ("weight norm", _weight_norm, (3, 8, 8), 116, CONV),
    ("parametrized", lambda: parametrizations.weight_norm(_conv()), (3, 8, 8), 116, CONV),
    (
        # In evaluation mode, the norm is u (W v): a matrix (4, 27) on a vector, then a dot.
        "spectral norm",
        lambda: parametrizations.spectral_norm(_conv()),
        (3, 8, 8),
        112,
        CONV + 4 * 27 + 4,
    ),
    ("scripted", lambda: torch.jit.script(nn.Sequential(_conv())), (3, 8, 8), 112, CONV),
    ("compiled", lambda: torch.compile(_conv()), (3, 8, 8), 112, CONV),
    ("compiled inside", lambda: nn.Sequential(torch.compile(_conv())), (3, 8, 8), 112, CONV),
    ("compiled function", lambda: Fn(torch.compile(_square)), (8, 8), 0, 512),
    ("data parallel", lambda: nn.DataParallel(_conv()), (3, 8, 8), 112, CONV),
    ("on meta", lambda: nn.Conv2d(3, 4, 3, device="meta"), (3, 8, 8), 112, CONV),
    ("half precision", lambda: _conv().half(), (3, 8, 8), 112, CONV),
    ("double precision", lambda: _conv().double(), (3, 8, 8), 112, CONV),
    ("frozen", lambda: _conv().requires_grad_(False), (3, 8, 8), 112, CONV),
    (
        "checkpointed",
        lambda: Fn(
            lambda x, m: torch.utils.checkpoint.checkpoint(m, x, use_reentrant=False), _conv()
        ),
        (3, 8, 8),
        112,
        CONV,
    ),
    (
        "a large weight made in the forward",
        lambda: Fn(lambda x: F.linear(x, torch.rand(300, 100))),
        (100,),
        0,
        30_000,
    ),
]


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("make", "shape", "params", "macs"), [c[1:] for c in COUNTED], ids=[c[0] for c in COUNTED]
)
def test_counts(
    make: Callable[[], nn.Module], shape: tuple[int, ...], params: int, macs: int
) -> None:
    cost = count(make(), shape)
    assert (cost.params, cost.macs, cost.flops) == (params, macs, 2 * macs)
    assert cost.uncounted == {}
    assert sum(row.params for row in cost.layers) == params
    assert sum(row.macs for row in cost.layers) == macs


FREE: list[Callable[[torch.Tensor], Any]] = [
    lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
    lambda x: F.max_pool2d(F.pad(x, (1, 1)), 2).flatten(1).softmax(1),
    lambda x: torch.cat([x.roll(1), x.flip(1)], 1).sort(-1).values.topk(2).values,
    lambda x: F.group_norm(F.instance_norm(x), 1).sum((2, 3)).argmax(1),
    lambda x: x.unfold(2, 2, 1).permute(0, 2, 1, 3, 4).contiguous().cumsum(-1),
    lambda x: F.pixel_shuffle(x.repeat(1, 4, 1, 1), 2).std() + x.norm() + x.logsumexp(1).exp(),
    lambda x: F.mish(F.prelu(x, torch.ones(1))) * torch.var_mean(torch.rand_like(x).clamp(0, 1))[0],
    lambda x: torch.where(x > 0, x, 0).masked_fill(x < 0, 1).index_select(1, torch.arange(2)),
]


@pytest.mark.parametrize("function", FREE)
def test_pointwise_views_norms_pools_and_indexing_are_free(function: Callable[..., Any]) -> None:
    cost = count(Fn(function), (3, 8, 8))
    assert (cost.macs, cost.uncounted) == (0, {})


def _deformed(x: torch.Tensor, offsets: nn.Module, convolution: nn.Module) -> torch.Tensor:
    return deform_conv2d(x, offsets(x), convolution.weight, padding=1)


UNKNOWN: list[tuple[Fn, str]] = [
    (Fn(lambda x: torch.fft.fft2(x).real), "aten::_fft_c2c"),
    (Fn(_deformed, nn.Conv2d(3, 18, 3, padding=1), _conv()), "torchvision::deform_conv2d"),
    (
        Fn(lambda x: F.grid_sample(x, torch.zeros(1, 2, 2, 2), align_corners=False)),
        "aten::grid_sampler_2d",
    ),
    (Fn(lambda x: torch.cdist(x, x)), "aten::_cdist_forward"),
    (Fn(lambda x: torch.linalg.inv(x)), "aten::linalg_inv_ex"),
]


@pytest.mark.parametrize(("model", "name"), UNKNOWN, ids=[name for _, name in UNKNOWN])
def test_what_has_no_formula_is_named_in_every_display(model: Fn, name: str) -> None:
    cost = count(model, (3, 8, 8))
    assert cost.uncounted == {name: 1}
    assert name in str(cost)
    assert name in repr(cost)
    assert name in cost._repr_html_()
    assert [row.uncounted for row in cost.layers if row.uncounted] == [(name,)]
    assert cost.to_frame()["uncounted"].map(len).sum() == 1


def test_a_custom_operation_is_named_as_often_as_it_ran() -> None:
    @torch.library.custom_op("labcode_test::twice", mutates_args=())
    def twice(x: torch.Tensor) -> torch.Tensor:
        raise AssertionError("counting must not run it")

    twice.register_fake(torch.empty_like)
    model = nn.Sequential(_conv(), Fn(lambda x: twice(twice(x))), Fn(twice))
    cost = count(model, (3, 8, 8))
    assert cost.uncounted == {"labcode_test::twice": 3}
    assert cost.macs == CONV
    assert "ran 3×" in str(cost)


def test_a_custom_operation_that_cannot_tell_its_shape_is_a_clear_error() -> None:
    @torch.library.custom_op("labcode_test::opaque", mutates_args=())
    def opaque(x: torch.Tensor) -> torch.Tensor:
        return x.clone()

    with pytest.raises(ValueError, match=r"'1' \(Fn\).*labcode_test::opaque|register_fake"):
        count(nn.Sequential(_conv(), Fn(opaque)), (3, 8, 8))


class Reused(nn.Module):
    """One convolution at two sizes, a tied weight, and a layer that never runs."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, bias=False)
        self.again = self.conv
        self.tied = nn.Conv2d(3, 3, 3, bias=False)
        self.tied.weight = self.conv.weight
        self.unused = nn.Linear(2, 2)
        self.token = nn.Parameter(torch.zeros(5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.tied(self.again.forward(self.conv(x)))


def test_reused_shared_and_unused_layers() -> None:
    cost = count(Reused(), (3, 8, 8))
    rows = {row.name: row for row in cost.layers}
    assert list(rows) == ["(model)", "conv", "tied", "unused"]
    assert (rows["conv"].calls, rows["conv"].macs) == (2, 81 * (36 + 16))
    assert rows["conv"].output_shape == (3, 6, 6)
    assert (rows["tied"].params, rows["tied"].macs, rows["tied"].calls) == (0, 81 * 4, 1)
    assert (rows["unused"].params, rows["unused"].calls) == (6, 0)
    assert rows["unused"].output_shape is None
    assert (rows["(model)"].params, rows["(model)"].macs) == (5, 0)
    assert cost.params == 81 + 6 + 5 == sum(p.numel() for p in Reused().parameters())


def test_a_parameter_twice_in_one_module_is_counted_once() -> None:
    layer = nn.Linear(3, 3, bias=False)
    layer.alias = layer.weight
    assert count(layer, (3,)).params == 9


def test_buffers_are_not_parameters() -> None:
    assert count(nn.BatchNorm2d(4), (4, 2, 2)).params == 8


def test_functional_work_belongs_to_the_module_that_does_it() -> None:
    inner = Fn(lambda x, m: F.conv2d(x, m.weight), _conv())
    cost = count(nn.Sequential(nn.ReLU(), inner), (3, 8, 8))
    assert {row.name: row.macs for row in cost.layers} == {"0": 0, "1": CONV, "1.parts.0": 0}


@pytest.mark.slow
def test_small_constants_of_the_forward_keep_their_values() -> None:
    def forward(x: torch.Tensor) -> torch.Tensor:
        steps = int(torch.arange(4, device=x.device).sum().item())  # 6
        sizes = torch.tensor([1, 2, steps]).tolist()  # [1, 2, 6]
        table = torch.zeros(3)
        table[1] = 5
        assert (steps, sizes, table.tolist()) == (6, [1, 2, 6], [0, 5, 0])
        return torch.ones(1, sizes[2], 2) @ torch.ones(2, 3) + x

    assert count(Fn(forward), (3,)).macs == 6 * 2 * 3


def test_an_index_keeps_its_values_after_it_met_the_image() -> None:
    class Indexed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("order", torch.tensor([2, 0]))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            own = torch.arange(2)
            x = x[:, self.order] + x[:, own]
            steps = int(self.order.sum().item()) + int(own.sum().item())  # 2 + 1
            return x.repeat(1, steps)

    cost = count(nn.Sequential(Indexed(), nn.Linear(6, 5)), (3,))
    assert cost.macs == 6 * 5
