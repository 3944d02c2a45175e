"""Inputs of every kind, and what a model may ask of them; each against a sum done by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.ao.quantization as tq
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence
from torch.utils.flop_counter import FlopCounterMode, register_flop_formula

from labcode import compare, count
from tests.examples import examples


class Fn(nn.Module):
    """A model that is one function of its parts and its inputs."""

    def __init__(self, function: Callable[..., Any], *parts: nn.Module) -> None:
        super().__init__()
        self.parts, self.function = nn.ModuleList(parts), function

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, *self.parts, **kwargs)


class Packed(nn.Module):
    """A recurrent layer on sequences of different length."""

    def __init__(self, kind: type[nn.RNNBase]) -> None:
        super().__init__()
        self.inner = kind(4, 5, batch_first=True)

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(self.inner(packed)[0], batch_first=True)[0]


@pytest.mark.parametrize(("kind", "gates"), [(nn.LSTM, 4), (nn.GRU, 3), (nn.RNN, 1)])
@settings(max_examples=examples(10), deadline=None)
@given(lengths=st.lists(st.integers(1, 7), min_size=1, max_size=4))
def test_a_packed_sequence_costs_its_steps(
    kind: type[nn.RNNBase], gates: int, lengths: list[int]
) -> None:
    cost = count(Packed(kind), inputs=(torch.zeros(len(lengths), 7, 4), torch.tensor(lengths)))
    assert cost.macs == sum(lengths) * gates * 5 * (4 + 5)
    assert cost.input_shape == ()


def test_a_packed_sequence_is_an_input() -> None:
    packed = pack_sequence([torch.zeros(3, 4), torch.zeros(2, 4)])
    assert count(nn.LSTM(4, 5), inputs=(packed,)).macs == 5 * 4 * 5 * 9


def _tokens(ids: torch.Tensor, embedding: nn.Module, linear: nn.Module, mask: Any = None) -> Any:
    x = embedding(ids)  # (N, T, 8)
    return linear(x) if mask is None or mask.all() else x


@pytest.mark.parametrize("n", [2, 400])  # 2,800 tokens are read at once, 5,600 on a second run
def test_tokens_and_masks_keep_their_values(n: int) -> None:
    model = Fn(_tokens, nn.Embedding(30, 8), nn.Linear(8, 2))
    ids, mask = torch.zeros(n, 14, dtype=torch.long), torch.ones(n, 14, dtype=torch.bool)
    assert count(model, inputs=ids).macs == n * 14 * 16
    assert count(model, inputs=ids, kwargs={"mask": mask}).macs == n * 14 * 16
    mask[0, 0] = False
    assert count(model, inputs=ids, kwargs={"mask": mask}).macs == 0
    cost = count(model, inputs=ids)
    assert cost.inputs == f"{n} × 14 int64"
    assert f"inputs as given ({n} × 14 int64)" in str(cost)


def test_keywords_alone_dicts_lists_types_and_batches() -> None:
    linear = nn.Linear(8, 2)
    named = Fn(lambda part, x, scale=1: part(x) * scale, linear)
    assert count(named, kwargs={"x": torch.zeros(3, 8)}).macs == 3 * 16
    nested = Fn(lambda d, part: part(d["x"]) + d["y"][0], linear)
    inputs = {"x": torch.zeros(3, 8), "y": [torch.zeros(3, 2)]}
    assert count(nested, inputs=inputs).macs == 3 * 16
    assert count(nn.Linear(8, 2).double(), inputs=torch.zeros(5, 8).double()).macs == 5 * 16
    flagged = Fn(lambda x, part, twice=False: part(part(x)) if twice else part(x), nn.Linear(4, 4))
    assert count(flagged, (4,), kwargs={"twice": True}).macs == 32
    image = nn.Conv2d(3, 4, 3)
    one = count(image, (3, 8, 8)).macs
    assert count(image, inputs=torch.zeros(6, 3, 8, 8)).macs == 6 * one


def test_wrong_inputs_are_told_without_their_numbers() -> None:
    with pytest.raises(ValueError, match="not both"):
        count(nn.Linear(2, 2), (2,), inputs=torch.zeros(1, 2))
    with pytest.raises(TypeError, match="kwargs must be a dict"):
        count(nn.Linear(2, 2), kwargs=[1])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"the inputs given \(3 × 9 float32\): layer") as caught:
        count(nn.Linear(2, 2), inputs=torch.zeros(3, 9))
    assert "expects 2 input features, got 9" in str(caught.value)
    for wrong in (torch.zeros(1, 40), [torch.zeros(2, 40)], torch.zeros(3, 4).numpy()):
        with pytest.raises(TypeError, match="input_shape must be") as given_tensor:
            count(nn.Linear(2, 2), wrong)
        assert len(str(given_tensor.value)) < 160


ENCODER = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), 2)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_padding_mask_saves_nothing() -> None:
    mask = torch.tensor([[False] * 5 + [True] * 2])
    cost = count(ENCODER, inputs=torch.zeros(1, 7, 16), kwargs={"src_key_padding_mask": mask})
    assert cost.macs == count(ENCODER, (7, 16)).macs
    assert torch.backends.mha.get_fastpath_enabled()


def _cast(x: torch.Tensor, part: nn.Module, **settings: Any) -> torch.Tensor:
    with torch.autocast(device_type=x.device.type, **settings):
        return part(x.float())


@pytest.mark.parametrize("settings", [{"enabled": False}, {}, {"dtype": torch.bfloat16}])
def test_autocast_on_the_device_of_the_input(settings: dict[str, Any]) -> None:
    assert count(Fn(lambda x, part: _cast(x, part, **settings), nn.Linear(4, 4)), (4,)).macs == 16


CONSTANTS: list[Callable[[torch.Tensor], Any]] = [
    lambda x: torch.ones(70, 70).all(),
    lambda x: torch.ones(2000, 1000).sum() == 2_000_000,
    lambda x: torch.arange(10_000, device=x.device).max().item() == 9_999,
    lambda x: (torch.zeros(300, 300) + torch.eye(300)).nonzero().shape[0] == 300,
    lambda x: x.new_ones(90, 90).all(),
    lambda x: torch.ones_like(x).all(),
    lambda x: torch.arange(3.0).type_as(x).sum() == 3,
    lambda x: torch.arange(3).to(x).sum() == 3,
    lambda x: (torch.ones(3, 3) @ torch.ones(3, 3)).sum() == 27,
]


@pytest.mark.parametrize("function", CONSTANTS)
def test_constants_of_any_size_keep_their_values(function: Callable[..., Any]) -> None:
    model = Fn(lambda x, part: part(x) if function(x) else x, nn.Linear(4, 4))
    assert count(model, (4,)).macs >= 16


class Scales(nn.Module):
    """A buffer or parameter of floats decides how often a layer works."""

    def __init__(self, scales: torch.Tensor) -> None:
        super().__init__()
        self.scales, self.linear = scales, nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x.repeat(int((self.scales * 2).max().item()), 1))


@pytest.mark.parametrize("make", [torch.tensor, lambda v: nn.Parameter(torch.tensor(v))])
def test_small_floats_of_the_model_keep_their_values(make: Callable[..., Any]) -> None:
    assert count(Scales(make([1.0, 2.0])), (4,)).macs == 4 * 16


def _branch(condition: Callable[..., Any], other: Callable[..., Any]) -> nn.Module:
    def forward(x: torch.Tensor, part: nn.Module) -> torch.Tensor:
        return torch.cond(condition(x), lambda y: part(y), lambda y: other(part, y), (x,))

    return Fn(forward, nn.Linear(4, 4))


def test_a_condition_on_data_has_one_cost_only_if_both_sides_have_it() -> None:
    same = count(_branch(lambda x: x.sum() > 0, lambda part, y: part(-y)), (4,))
    assert (same.macs, same.operations[0].calls) == (16, 1)
    known = count(_branch(lambda x: torch.ones(3).sum() > 0, lambda part, y: -y), (4,))
    assert known.macs == 16
    with pytest.raises(ValueError, match="branches of different cost: 16 and 0 multiply-adds"):
        count(_branch(lambda x: x.sum() > 0, lambda part, y: -y), (4,))


EYE = torch.eye(100)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("function", "macs"),
    [
        (lambda x: EYE.to_sparse_csr() @ x, 700),
        (lambda x: EYE.to_sparse() @ x, 700),
        (lambda x: EYE.to_sparse_csc() @ x, 700),
        (lambda x: EYE.to_sparse_bsr((10, 10)) @ x, 7000),  # blocks are stored whole
        (lambda x: torch.sparse.mm(EYE.to_sparse(), x), 700),
        (lambda x: EYE.to_sparse_csr().t() @ x, 700),
        (lambda x: EYE.to_sparse_csr() @ x[:, 0], 100),
        (lambda x: F.linear(x.t(), EYE.to_sparse_csr()), 700),
        (lambda x: x.t() @ EYE.to_sparse_csr(), 700),
        (lambda x: EYE.to_sparse().to_dense() @ x, 70_000),
    ],
)
def test_a_sparse_product_costs_what_is_stored(function: Callable[..., Any], macs: int) -> None:
    class Sparse(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return function(x[0])  # (100, 7)

    assert count(Sparse(), (100, 7)).macs == macs


def test_two_sparse_factors_have_no_formula() -> None:
    cost = count(Fn(lambda x: (EYE.to_sparse() @ EYE.to_sparse()).to_dense() @ x[0]), (100, 7))
    assert cost.macs == 70_000
    assert "two sparse tensors" in next(iter(cost.uncounted))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("dtype", [torch.qint8, torch.float16])
def test_a_dynamically_quantized_layer_counts_as_before(dtype: torch.dtype) -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
    before = count(model, (4,))
    cost = count(tq.quantize_dynamic(model, {nn.Linear}, dtype=dtype), (4,))
    assert (cost.macs, cost.params) == (before.macs, before.params) == (32, 40)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_other_quantized_layers_are_named() -> None:
    model = tq.quantize_dynamic(nn.Sequential(nn.LSTM(8, 3)), {nn.LSTM}, dtype=torch.qint8)
    with pytest.raises(ValueError, match=r"layer '0' \(LSTM\) computes in integers"):
        count(model, (4, 8))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_frozen_scripted_model_is_counted() -> None:
    scripted = torch.jit.script(nn.Sequential(nn.Conv2d(3, 4, 3)).eval())
    assert count(torch.jit.freeze(scripted), (3, 8, 8)).macs == 108 * 36


def test_an_operation_without_shapes_is_named() -> None:
    with pytest.raises(ValueError, match=r"calls aten::geqrf, an operation") as caught:
        count(Fn(lambda x: torch.geqrf(x)[0]), (4, 4))
    assert "depends on its data" not in str(caught.value)


@pytest.mark.parametrize(
    ("model", "shape"),
    [(nn.Conv2d(3, 4, 3), (3, 8, 8)), (nn.LSTM(4, 5), (7, 4)), (nn.Conv1d(3, 4, 3), (3, 9))],
)
def test_a_batch_given_by_mistake_is_told(model: nn.Module, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="one input without the batch") as caught:
        count(model, (1, *shape))
    assert f"input_shape={shape} works" in str(caught.value)


def test_a_formula_registered_between_two_counts_is_seen() -> None:
    @torch.library.custom_op("labcode_test::mm", mutates_args=())
    def mm(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return a @ b

    mm.register_fake(lambda a, b: a.new_empty(a.shape[0], b.shape[1]))
    model = Fn(lambda x, part: mm(x, part.weight.t()), nn.Linear(4, 5))
    assert count(model, (4,)).uncounted == {"labcode_test::mm": 1}

    @register_flop_formula(torch.ops.labcode_test.mm)
    def flops(a: Any, b: Any, out_shape: Any = None, **kwargs: Any) -> int:
        return 2 * a[0] * a[1] * b[1]

    cost = count(model, (4,))
    assert (cost.macs, cost.uncounted) == (20, {})


POINTWISE: list[Callable[[torch.Tensor], Any]] = [
    lambda x: F.logsigmoid(x) + x // 2,
    lambda x: x.abs_().eq_(1).floor_divide_(2),
    lambda x: torch._foreach_exp([x, x])[0],
    lambda x: F.binary_cross_entropy_with_logits(x, x) + F.soft_margin_loss(x, x),
    lambda x: torch.rsub(x, 1) + torch.xlogy(x, x) + torch.heaviside(x, x),
]


@pytest.mark.parametrize("function", POINTWISE)
def test_pointwise_work_is_free(function: Callable[..., Any]) -> None:
    cost = count(Fn(function), (3, 4))
    assert (cost.macs, cost.uncounted) == (0, {})


def test_a_layer_that_works_inside_another_is_not_idle() -> None:
    cost = count(nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), (7, 16))
    rows = {row.name: row for row in cost.layers}
    assert rows["self_attn.out_proj"].inside == "self_attn"
    assert "in self_attn" in str(cost)
    model = Fn(lambda x, used, idle: used(x), nn.Linear(4, 4), nn.Linear(4, 4))
    assert [row.inside for row in count(model, (4,)).layers] == ["", ""]


def test_compare_names_who_failed_and_says_where_inputs_differ() -> None:
    conv = nn.Conv2d(3, 4, 3)
    with pytest.raises(ValueError, match=r"candidates\['second'\]: cannot count Conv2d"):
        compare({"first": conv, "second": nn.Conv2d(4, 4, 3)}, input_shape=(3, 8, 8))
    both = compare({"small": count(conv, (3, 8, 8)), "large": count(conv, (3, 9, 9))})
    assert "The inputs differ: small: 3 × 8 × 8; large: 3 × 9 × 9" in str(both)
    same = compare({"a": conv, "b": conv}, inputs=torch.zeros(2, 3, 8, 8))
    assert [entry.macs for entry in same.entries] == [2 * 108 * 36] * 2
    assert "differ" not in str(same)


def test_the_plot_has_one_scale() -> None:
    small, large = nn.Linear(4, 4), nn.Linear(1000, 2000)
    left, right = compare({"a": count(small, (4,)), "b": count(large, (1000,))}).plot()
    assert right.get_xlabel() == "MACs for one image (M)"
    assert [text.get_text() for text in right.texts] == ["0.000016", "2"]
    assert left.get_xlabel() == "Parameters (M)"


@settings(max_examples=examples(15), deadline=None)
@given(
    batch=st.integers(1, 3),
    channels=st.integers(1, 4),
    size=st.integers(3, 6),
    pad=st.integers(0, 2),
)
def test_a_batch_with_hooks_agrees_with_pytorch(
    batch: int, channels: int, size: int, pad: int
) -> None:
    model = nn.Sequential(nn.Conv2d(channels, 2, 3), nn.Flatten(), nn.LazyLinear(3)).eval()
    model[0].register_forward_pre_hook(lambda m, args: F.pad(args[0], (pad,) * 4))
    x = torch.zeros(batch, channels, size, size)
    model(x)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(x)
    assert count(model, inputs=x).flops == counter.get_total_flops()
