"""Networks of several inputs and answers: folded as they are, or told in one sentence."""

from dataclasses import dataclass

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from labcode import quantization, runtime
from tests.examples import examples

SHAPES = [(3, 8, 8), (1, 6, 5), (2, 4, 4)]


@dataclass
class Found:
    logits: Tensor
    features: Tensor


class Mapped(dict):
    """A dict that PyTorch does not know."""


KINDS = {
    "tuple": lambda a, b: (a, b),
    "list": lambda a, b: [a, b],
    "dict": lambda a, b: {"logits": a, "features": b},
    "nested": lambda a, b: {"both": (a, {"b": b})},
    "with None": lambda a, b: (a, None, b),
    "with a number": lambda a, b: (a, 3.0, b),
    "tensor": lambda a, b: a + b.sum(1, keepdim=True),
    "dataclass": Found,
    "own dict": lambda a, b: Mapped(logits=a, features=b),
}
UNKNOWN = {"dataclass": "Found", "own dict": "Mapped"}


class Joined(nn.Module):
    """A convolution and a norm for each input, and two layers that answer."""

    def __init__(self, shapes, kind, shared=False):
        super().__init__()
        self.kind = KINDS[kind]
        self.stems = nn.ModuleList(nn.Conv2d(shape[0], 4, 3, bias=False) for shape in shapes)
        norms = [nn.BatchNorm2d(4) for _ in shapes]
        self.norms = nn.ModuleList(norms[:1] * len(shapes) if shared else norms)
        self.one, self.two = nn.Linear(4, 3), nn.Linear(4, 2)
        for norm in norms:
            nn.init.uniform_(norm.running_mean, -0.5, 0.5)
            nn.init.uniform_(norm.running_var, 0.3, 2)

    def forward(self, *images):
        parts = zip(self.stems, self.norms, images, strict=True)
        h = sum(F.relu(norm(stem(x))).mean((2, 3)) for stem, norm, x in parts)
        return self.kind(self.one(h), self.two(h))


def made(number, kind, **more):
    torch.manual_seed(number)
    return Joined(SHAPES[:number], kind, **more).eval()


def inputs(number, batch=3):
    generator = torch.Generator().manual_seed(5)
    return [torch.randn(batch, *shape, generator=generator) for shape in SHAPES[:number]]


def tensors(answer):
    if isinstance(answer, Tensor):
        return [answer]
    parts = answer.values() if isinstance(answer, dict) else answer
    return [t for part in parts if not isinstance(part, float | None) for t in tensors(part)]


def norms_in(model):
    return sum(isinstance(module, nn.BatchNorm2d) for module in model.modules())


@pytest.mark.slow
@settings(max_examples=examples(30), deadline=None)
@given(st.integers(1, 3), st.sampled_from(sorted(set(KINDS) - set(UNKNOWN))), st.booleans())
def test_folding_takes_several_inputs_and_answers(number, kind, shared):
    model = made(number, kind, shared=shared and number > 1)
    shapes = SHAPES[:number] if number > 1 else SHAPES[0]
    folded = quantization.fold_batch_norm(model, shapes)
    left = quantization.left_unfolded(model, shapes)
    if shared and number > 1:
        assert left == {"norms.0": "it runs after several layers"}
    else:
        assert (norms_in(folded), left) == (0, {})
    with torch.no_grad():
        wanted, got = (tensors(m(*inputs(number))) for m in (model, folded))
    assert len(wanted) == (1 if kind == "tensor" else 2)
    for one, other in zip(wanted, got, strict=True):
        torch.testing.assert_close(other, one, rtol=1e-4, atol=1e-5)


def test_a_wrong_fold_of_a_second_input_is_not_handed_over(monkeypatch):
    from labcode.quantization import folding

    right = folding.folded_weights
    monkeypatch.setattr(
        folding,
        "folded_weights",
        lambda a, n: [2 * t if a.in_channels == 1 else t for t in right(a, n)],
    )
    with pytest.raises(ValueError, match="the folded Joined does not answer as Joined does"):
        quantization.fold_batch_norm(made(2, "dict"), SHAPES[:2])


@pytest.mark.parametrize("kind", UNKNOWN)
def test_an_answer_in_which_nobody_finds_the_tensors(kind):
    said = f"Joined's answer is a {UNKNOWN[kind]}, which cannot be compared: let it return tensors"
    for method in (quantization.fold_batch_norm, quantization.left_unfolded):
        with pytest.raises(ValueError, match=said):
            method(made(1, kind), SHAPES[0])
    with pytest.raises(runtime.ExportError, match=said):
        runtime.to_int8(made(1, kind), inputs(1)[0])


@pytest.mark.parametrize(
    ("kind", "returned", "key"),
    [
        ("tuple", "tuple of Tensor, Tensor", 0),
        ("list", "list", 0),
        ("dict", "dict", "'logits'"),
        ("with None", "tuple of Tensor, NoneType, Tensor", 0),
        ("dataclass", "Found", "'logits'"),
    ],
)
def test_a_file_with_one_answer_says_how_to_choose_it(kind, returned, key):
    said = (
        f"Joined must return one tensor, but returned {returned}: "
        f"own.OneAnswer(model, {key}) is a network with one of its answers"
    )
    with pytest.raises(runtime.ExportError) as caught:
        runtime.to_onnx(made(1, kind), SHAPES[0])
    assert str(caught.value) == said
    if kind in UNKNOWN:
        return
    with pytest.raises(runtime.ExportError) as caught:
        runtime.to_int8(made(1, kind), inputs(1)[0])
    assert str(caught.value) == said


class ByName(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(3, 4, 3)

    def forward(self, batch):
        return self.layer(batch["image"])


METHODS = {
    "fold": lambda model, x: quantization.fold_batch_norm(model, x.shape[1:]),
    "unfolded": lambda model, x: quantization.left_unfolded(model, x.shape[1:]),
    "chain": lambda model, x: quantization.chain(model, x.shape[1:]),
    "quantize": quantization.quantize_model,
    "int8 file": runtime.to_int8,
    "file": lambda model, x: runtime.to_onnx(model, x.shape[1:]),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("model", "why"),
    [
        (lambda: made(2, "tensor"), "zip.. argument 3 is shorter"),
        (ByName, ""),
        (lambda: nn.Conv2d(5, 4, 3), "expected input"),
    ],
)
def test_what_does_not_run_on_one_tensor_is_told_with_the_tensor(method, model, why):
    images = inputs(1)[0]
    with pytest.raises(
        ValueError, match=rf" does not run on one tensor, \(\d, 3, 8, 8\): .*{why}"
    ) as caught:
        METHODS[method](model().eval(), images)
    assert "\n" not in str(caught.value)


def test_several_inputs_where_one_is_wanted():
    said = "the network has 2 inputs, and this method is for networks with one"
    model = made(2, "tensor")
    for method in (
        lambda: quantization.quantize_model(model, inputs(2)),
        lambda: quantization.chain(model, SHAPES[:2]),
        lambda: runtime.to_int8(model, inputs(2)),
        lambda: runtime.to_onnx(model, SHAPES[:2]),
    ):
        with pytest.raises(ValueError, match=said):
            method()


def test_shapes_by_name_are_refused():
    named = {"image": (3, 8, 8), "depth": (1, 6, 5)}
    with pytest.raises(ValueError, match="got a dict of 'image', 'depth': inputs by name are not"):
        quantization.fold_batch_norm(made(2, "tensor"), named)
