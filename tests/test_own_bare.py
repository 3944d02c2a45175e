"""Parameters that a module uses without a layer: pruned by name, or said in one sentence."""

import copy
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from labcode import coding, preflight, pruning, quantization
from labcode._bare import BareWarning, bare_parameters
from tests.brought_networks import SHAPE
from tests.examples import examples

WIDTH = 6
SHAPES = {
    "vector": (WIDTH,),
    "factor": (1, WIDTH, 1, 1),
    "matrix": (WIDTH, WIDTH),
    "filter": (WIDTH, WIDTH, 3, 3),
    "number": (1,),
}
USES = {
    "vector": lambda x, p: x * p.view(-1, 1, 1),
    "factor": lambda x, p: x * p,
    "matrix": lambda x, p: (x.transpose(1, 3) @ p).transpose(1, 3),
    "filter": lambda x, p: F.conv2d(x, p, padding=1),
    "number": lambda x, p: x * p,
}
HOLDERS = ("itself", "list", "dict", "block", "layer")


class Holder(nn.Module):
    """A module that holds one parameter."""

    def __init__(self, parameter):
        super().__init__()
        self.inner = parameter


class Scaled(nn.Conv2d):
    """A layer with a parameter of its own besides."""

    def __init__(self, parameter):
        super().__init__(WIDTH, WIDTH, 1)
        self.own = parameter


class Bare(nn.Module):
    """A convolution and a linear layer, and between them parameters in different places."""

    def __init__(self, places):
        super().__init__()
        self.first, self.last = nn.Conv2d(3, WIDTH, 3, padding=1), nn.Linear(WIDTH, 4)
        self.steps = []
        for number, (kind, holder) in enumerate(places):
            parameter = nn.Parameter(torch.rand(SHAPES[kind]) + 0.5)
            name = f"p{number}"
            setattr(self, name, parameter if holder == "itself" else self.held(holder, parameter))
            inside = {"itself": "", "list": ".0", "dict": ".k", "block": ".inner", "layer": ".own"}
            self.steps.append((name + inside[holder], kind, holder))

    @staticmethod
    def held(holder, parameter):
        return {
            "list": lambda: nn.ParameterList([parameter]),
            "dict": lambda: nn.ParameterDict({"k": parameter}),
            "block": lambda: Holder(parameter),
            "layer": lambda: Scaled(parameter),
        }[holder]()

    def forward(self, x):
        x = F.relu(self.first(x))
        for name, kind, holder in self.steps:
            x = USES[kind](x, self.get_parameter(name))
            if holder == "layer":
                x = self.get_submodule(name.rpartition(".")[0])(x)
        return self.last(x.mean((2, 3)))


@st.composite
def bare_networks(draw):
    place = st.tuples(st.sampled_from(sorted(SHAPES)), st.sampled_from(HOLDERS))
    torch.manual_seed(draw(st.integers(0, 999)))
    return Bare(draw(st.lists(place, max_size=4))).eval()


def expected(model, taken):
    """What must be said to be left: the test's own record of what it put where."""
    return {
        name for name, kind, holder in model.steps if kind != "number" and not taken(kind, holder)
    }


def said(call):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        made = call()
    return made, [str(one.message) for one in found if issubclass(one.category, BareWarning)]


def named_in(sentences):
    return {
        part for text in sentences for part in text.partition(" in no layer")[0].split("'")[1::2]
    }


@settings(max_examples=examples(60), deadline=None)
@given(bare_networks())
def test_pruning_takes_what_it_does_not_say_and_says_what_it_does_not_take(model):
    before = copy.deepcopy(model.state_dict())
    masks, sentences = said(lambda: pruning.select(model, pruning.magnitude(model), 0.5))
    left = expected(model, lambda kind, holder: holder == "layer" and kind != "vector")
    assert set(pruning.passed_over(model).values()) == set(sentences)
    assert named_in(sentences) == left
    assert not set(masks) & left
    masks.apply(model)
    for name in left:
        assert torch.equal(model.state_dict()[name], before[name])
    zeros = {name for name, p in model.named_parameters() if not p.all()}
    assert zeros <= set(masks)
    scores = pruning.magnitude(model) | {n: model.get_parameter(n).abs() for n in left}
    by_name, nothing = said(lambda: pruning.select(model, scores, 0.5))
    assert not nothing
    assert left <= set(by_name)


@settings(max_examples=examples(60), deadline=None)
@given(bare_networks())
def test_sharing_takes_what_it_does_not_say_and_says_what_it_does_not_take(model):
    before = copy.deepcopy(model.state_dict())
    shared, sentences = said(lambda: quantization.share_weights(model, 2))
    left = expected(model, lambda kind, holder: kind != "vector")
    assert named_in(sentences) == left
    for name, parameter in model.named_parameters():
        if parameter.ndim > 1:
            assert name in shared.codebooks
            assert len(parameter.unique()) <= 5
        else:
            assert torch.equal(parameter, before[name])
    named, nothing = said(lambda: quantization.share_weights(model, dict.fromkeys(left, 2)))
    assert not nothing
    assert set(named.codebooks) == left


@pytest.mark.slow
@settings(max_examples=examples(8), deadline=None)
@given(bare_networks())
def test_the_preflight_says_the_same(model):
    found = preflight.check(model, SHAPE, methods=["prune weights", "share weights", "count"])
    assert found.verdicts["count"].answer == "yes"
    by_name = {one.name: one.verdicts for one in found.layers}
    for method, said_so in (
        ("prune weights", pruning.passed_over(model)),
        ("share weights", quantization.left_unshared(model)),
    ):
        for owner, sentence in said_so.items():
            if isinstance(model.get_submodule(owner), nn.Conv2d):
                continue  # its weight was taken
            assert by_name[owner][method].answer == "no"
            assert by_name[owner][method].reason == sentence
        left = [owner for owner in by_name if str(by_name[owner].get(method, ""))[:2] == "no"]
        assert set(left) <= set(said_so)


@settings(max_examples=examples(30), deadline=None)
@given(bare_networks())
def test_a_packed_file_holds_them_all(model):
    twin = copy.deepcopy(model)
    for parameter in twin.parameters():
        nn.init.zeros_(parameter)
    coding.unpack(coding.pack(model), twin)
    for name, parameter in model.named_parameters():
        assert torch.equal(twin.get_parameter(name), parameter)


PRODUCTS = {
    "matmul": lambda x, p: x.transpose(1, 3) @ p,
    "linear": lambda x, p: F.linear(x.transpose(1, 3), p),
    "einsum": lambda x, p: torch.einsum("nchw,cd->ndhw", x, p),
    "tensordot": lambda x, p: torch.tensordot(x, p, ([1], [0])),
    "inner": lambda x, p: torch.inner(x.transpose(1, 3), p),
    "linalg_matmul": lambda x, p: torch.linalg.matmul(x.transpose(1, 3), p.T),
    "dot": lambda x, p: torch.dot(x.mean((0, 2, 3)), p[0]),
}


@pytest.mark.parametrize("function", PRODUCTS)
def test_no_product_goes_past_the_quantized_layers(function):
    class Multiplies(nn.Module):
        def __init__(self):
            super().__init__()
            self.c, self.p = nn.Conv2d(3, WIDTH, 1), nn.Parameter(torch.rand(WIDTH, WIDTH))

        def forward(self, x):
            return PRODUCTS[function](self.c(x), self.p)

    reason = f"the model cannot be quantized: its {function} with 'p' is not a layer of its own"
    with pytest.raises(ValueError, match=reason):
        quantization.quantize_model(Multiplies(), torch.rand(2, *SHAPE))


def test_what_a_layer_holds_too_is_the_layers():
    model = nn.Sequential(nn.Linear(3, 3), nn.PReLU(3), nn.LSTM(3, 3), nn.MultiheadAttention(4, 2))
    model.tied, model.number = model[0].weight, nn.Parameter(torch.ones(()))
    assert bare_parameters(model) == {}


def test_many_names_are_shortened_and_none_at_all_is_said():
    model = nn.Module()
    model.p = nn.ParameterList([nn.Parameter(torch.ones(2)) for _ in range(9)])
    said_so = "'p.0', 'p.1', 'p.2', … and 'p.8' are in no layer: pruning takes"
    assert pruning.passed_over(model)["p"].startswith(said_so)
    with pytest.raises(ValueError, match=r"has no weights of layers to prune; 'p\.0', 'p\.1'"):
        pruning.select(model, pruning.magnitude(model), 0.5)
