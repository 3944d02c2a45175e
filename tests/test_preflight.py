"""The preflight says what the methods do, names every layer it leaves out, and leaves no trace."""

import copy
import re

import pytest
import torch
from hypothesis import given, settings
from torch import nn
from torch.nn import functional as F

from labcode import preflight
from labcode.preflight import facts, reasons
from labcode.preflight.verdict import Verdict
from tests.examples import examples
from tests.odd_networks import SHAPE as ODD_SHAPE
from tests.odd_networks import Odd, built, odd_networks

QUICK = ["count", "prune weights", "cut filters", "fold batch norm", "int8", "share weights"]
SHAPE = (3, 8, 8)
INNER = re.compile("KeyError|AttributeError|IndexError|AssertionError|UnboundLocal")


class Kinds(nn.Module):
    """A layer of each particular kind."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.bn = nn.BatchNorm2d(8)
        self.twice = nn.Conv2d(8, 8, 1)
        self.alias = self.twice
        self.normed = nn.utils.parametrizations.weight_norm(nn.Conv2d(8, 8, 1))
        self.depth = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.up = nn.ConvTranspose2d(8, 8, 2)
        self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 8)
        self.b.weight = self.a.weight
        self.aux = nn.Linear(8, 2)
        self.idle = nn.Linear(3, 3)
        self.head = nn.Linear(8, 4)

    def forward(self, x):
        x = F.relu(self.bn(self.stem(x)))
        x = self.alias(F.relu(self.twice(x)))
        x = self.up(self.depth(self.normed(x))).mean((2, 3))
        if self.training:
            self.aux(x)
        return self.head(self.b(self.a(x)))


@pytest.fixture(scope="module")
def found():
    return preflight.check(Kinds().eval(), SHAPE, methods=QUICK)


def notes(found, name):
    return next(one.notes for one in found.layers if one.name == name)


@pytest.mark.slow
def test_what_is_particular_is_seen(found):
    assert notes(found, "twice") == ("runs 2 times", "is alias too")
    assert notes(found, "a") == ("shares weights with b",)
    assert notes(found, "aux") == ("runs in training alone",)
    assert notes(found, "idle") == ("never ran",)
    assert notes(found, "depth") == ("is depthwise",)
    assert notes(found, "up") == ("is transposed",)
    assert notes(found, "normed") == ("computes its weight anew in each pass",)
    assert notes(found, "head") == ()


def test_layers_stand_in_running_order_and_those_that_never_ran_last(found):
    names = [one.name for one in found.layers]
    assert names == [
        "stem",
        "bn",
        "twice",
        "normed",
        "depth",
        "up",
        "a",
        "b",
        "head",
        "aux",
        "idle",
    ]


def test_every_no_has_a_reason_that_is_not_a_shrug(found):
    for layer in found.layers:
        for verdict in layer.verdicts.values():
            assert verdict.answer == "yes" or verdict.reason
            assert verdict.reason != reasons.PASSED_OVER, (layer.name, verdict)


@pytest.mark.slow
@given(odd_networks(matrices=True))
@settings(max_examples=examples(15))
def test_networks_drawn_at_random_get_answers_and_no_inner_errors(drawn):
    program, seed = drawn
    found = preflight.check(built(Odd, program, seed), ODD_SHAPE, methods=QUICK)
    for layer in found.layers:
        for method, verdict in layer.verdicts.items():
            assert verdict.reason != reasons.PASSED_OVER, (method, layer)
            assert not INNER.search(verdict.reason), (method, layer)


def test_a_method_that_refuses_says_so_for_the_whole_network(found):
    assert found.verdicts["share weights"].answer == "no"
    assert "normed" in found.verdicts["share weights"].reason
    assert found.verdicts["prune weights"].answer == "no"
    assert found.verdicts["fold batch norm"].answer == "yes"


def test_the_network_is_left_as_it_was():
    model = Kinds().train()
    model.bn.eval()
    before = copy.deepcopy(model.state_dict())
    modes = [one.training for one in model.modules()]
    state = torch.random.get_rng_state()
    preflight.check(model, SHAPE, methods=QUICK)
    assert torch.equal(state, torch.random.get_rng_state())
    assert modes == [one.training for one in model.modules()]
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert not any(one._forward_hooks or one._forward_pre_hooks for one in model.modules())


@pytest.mark.slow
def test_a_verdict_is_what_the_method_does():
    plain = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 4)).eval()
    found = preflight.check(plain, SHAPE)
    answers = {name: verdict.answer for name, verdict in found.verdicts.items()}
    assert answers.pop("fold batch norm") == "nothing to do"  # there is none
    assert answers.pop("cut filters") == "in part"  # the answers stay
    assert set(answers.values()) == {"yes"}


def test_a_method_that_breaks_is_a_no_and_no_crash(monkeypatch):
    def broken(model, images):
        raise KeyError("inner")

    method = preflight.Method("broken", (nn.Module,), broken)
    monkeypatch.setitem(preflight.check.__globals__, "METHODS", (method,))
    found = preflight.check(nn.Sequential(nn.Linear(3, 2)), (3,))
    assert found.verdicts["broken"].answer == "no"
    assert "KeyError" in found.verdicts["broken"].reason


def test_what_cannot_be_looked_at_is_said():
    with pytest.raises(TypeError, match="model must be a"):
        preflight.check("resnet18")
    with pytest.raises(ValueError, match=r"does not run on images of \(4, 5, 8, 8\)"):
        preflight.check(Kinds(), (5, 8, 8))
    with pytest.raises(ValueError, match="methods must be among count, prune weights"):
        preflight.check(Kinds(), SHAPE, methods=["prune"])
    with pytest.raises(ValueError, match="needs a reason"):
        Verdict("no")


def test_scripted_modules_have_no_layers_to_change():
    scripted = torch.jit.script(nn.Sequential(nn.Linear(3, 2)))
    found = preflight.check(scripted, (3,), methods=["prune weights"])
    assert "is compiled" in found.verdicts["prune weights"].reason


def test_an_attentions_inner_layer_is_not_called_idle():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval()
    seen = facts.look(layer, lambda twin: twin(torch.rand(2, 5, 8)))
    inner = next(one for one in seen.layers if one.name == "self_attn.out_proj")
    assert inner.inside == "self_attn"
    assert reasons.particular(inner) == ("works inside self_attn",)


def test_it_reads_as_text_and_as_html(found):
    assert "fold batch norm" in str(found)
    html = found._repr_html_()
    assert html.count("<table") == 2  # the network, and all layers
    assert "computes its weight anew in each pass" in html
    assert len(found.rows()) == 1 + len(found.layers)


def test_layers_that_are_left_out_for_one_reason_share_a_row():
    left = [nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3)) for _ in range(6)]
    model = nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3), *left, nn.Conv2d(3, 4, 1)).eval()
    many = preflight.check(model, SHAPE, methods=["fold batch norm"])
    why = "no convolution or linear layer hands its output to it alone"
    assert many.verdicts["fold batch norm"].reason == "1 of 7 layers, 14% of their weights"
    for shown in (str(many), many._repr_html_().split("All layers")[0]):
        assert "2.1, 3.1, … 7.1 (6 layers)" in shown
        assert shown.count(why) == 1
    few = preflight.check(nn.Sequential(*model[:4]), SHAPE, methods=["fold batch norm"])
    assert [line.split()[0] for line in str(few).splitlines() if why in line] == ["2.1", "3.1"]


def test_the_table_of_all_layers_says_how_many_methods_take_each(found):
    layers = found._repr_html_().split("All ")[-1]
    for layer in found.layers:
        answers = [verdict.answer for verdict in layer.verdicts.values()]
        taken = sum(answer != "no" for answer in answers)
        row = layers.split(f">{layer.name}<")[1].split("</tr>")[0]
        assert f">{taken} of {len(answers)}<" in row


@pytest.mark.parametrize(("answers", "share"), [(1, "more than 99%"), (784, "50%")])
def test_a_part_of_the_weights_is_never_called_all_of_them(answers, share):
    model = nn.Sequential(nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, answers)).eval()
    found = preflight.check(model, (784,), methods=["cut filters"]).verdicts["cut filters"]
    assert found == Verdict("in part", f"1 of 2 layers, {share} of their weights")
