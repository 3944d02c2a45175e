"""A cut goes around what it cannot cut: which layers may lose filters is known by construction."""

import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

import labcode
from labcode import preflight
from labcode.pruning import cut, graph_plan, joint_plan, plan_cost, silenced, unit_norms
from labcode.pruning.joint import explained_plan
from tests import odd_networks
from tests.brought_networks import SHAPE, Net
from tests.examples import examples

WIDTH = 8


class Gain(nn.Module):
    """A factor for each channel, in no layer."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.rand(WIDTH, 1, 1) + 0.5)

    def forward(self, x):
        return x * self.factor


class Number(nn.Module):
    """One factor for all channels, in no layer."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(1.5))

    def forward(self, x):
        return x * self.factor


class Mixes(nn.Module):
    """A matrix in no layer."""

    def __init__(self):
        super().__init__()
        self.matrix = nn.Parameter(torch.rand(WIDTH, WIDTH))

    def forward(self, x):
        return torch.einsum("nchw,cd->ndhw", x, self.matrix)


PASSES = {
    "relu": nn.ReLU,
    "norm": lambda: nn.BatchNorm2d(WIDTH),
    "pool": lambda: nn.MaxPool2d(3, 1, 1),
    "depthwise": lambda: nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=WIDTH),
    "instance norm": lambda: nn.InstanceNorm2d(WIDTH),
    "number": Number,
}
STOPS = {
    "grouped": lambda: nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=2),
    "multiplier": lambda: nn.Sequential(
        nn.Conv2d(WIDTH, 2 * WIDTH, 1, groups=WIDTH), nn.Conv2d(2 * WIDTH, WIDTH, 1, groups=2)
    ),
    "transposed": lambda: nn.ConvTranspose2d(WIDTH, WIDTH, 3, padding=1),
    "group norm": lambda: nn.GroupNorm(2, WIDTH),
    "plain group norm": lambda: nn.GroupNorm(2, WIDTH, affine=False),
    "layer norm": lambda: nn.LayerNorm([WIDTH, 8, 8]),
    "prelu": lambda: nn.PReLU(WIDTH),
    "instance norm with scale": lambda: nn.InstanceNorm2d(WIDTH, affine=True),
    "sigmoid": nn.Sigmoid,
    "softmax": lambda: nn.Softmax(1),
    "shuffle": lambda: nn.ChannelShuffle(2),
    "gain": Gain,
    "matrix": Mixes,
}
BETWEEN = PASSES | STOPS


class Around(nn.Module):
    """Convolutions with a step behind each, some with a residual sum around the two."""

    def __init__(self, steps):
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv2d(WIDTH if n else 3, WIDTH, 3, padding=1) for n in range(len(steps))
        )
        self.between = nn.ModuleList(BETWEEN[kind]() for kind, _ in steps)
        self.sums = [around and n > 0 for n, (_, around) in enumerate(steps)]
        self.last = nn.Conv2d(WIDTH, 2, 1)

    def forward(self, x):
        for conv, step, around in zip(self.convs, self.between, self.sums, strict=True):
            y = step(conv(x))
            x = x + y if around else y
        return self.last(x)


def whole_ones(steps):
    """Numbers of the convolutions whose step stops a cut, or that a sum joins to one of those."""
    stops = [kind in STOPS for kind, _ in steps]
    changed = True
    while changed:
        changed = False
        for number, (_, around) in enumerate(steps):
            if around and number and stops[number] != stops[number - 1]:
                stops[number] = stops[number - 1] = changed = True
    return {n for n, stop in enumerate(stops) if stop}


STEPS = st.lists(st.tuples(st.sampled_from(sorted(BETWEEN)), st.booleans()), min_size=1, max_size=4)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@settings(max_examples=examples(60), deadline=None)
@given(STEPS, st.integers(0, 10**6), st.sampled_from([0.25, 0.5, 0.75]))
def test_what_may_lose_filters_loses_them_and_the_rest_stays(steps, seed, kept):
    torch.manual_seed(seed)
    model = Around(steps).eval()
    before = copy.deepcopy(model.state_dict())
    plan, why = explained_plan(model, unit_norms(model), kept, SHAPE)
    whole = whole_ones(steps)
    for number in range(len(steps)):
        name = f"convs.{number}"
        wanted = WIDTH if number in whole else math.ceil(kept * WIDTH)
        assert len(plan[name].outputs) == wanted, (name, why.get(name))
        assert (name in why) == (number in whole)
    smaller = cut(model, plan, SHAPE)
    images = torch.randn(3, *SHAPE)
    with torch.no_grad():
        torch.testing.assert_close(
            smaller(images), silenced(model, plan)(images), rtol=1e-4, atol=1e-4
        )
    smaller.train()(images)
    assert sum(p.numel() for p in smaller.parameters()) <= sum(
        p.numel() for p in model.parameters()
    )
    assert all(torch.equal(before[name], t) for name, t in model.state_dict().items())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", STOPS)
def test_the_preflight_names_each_layer_that_stays(kind):
    torch.manual_seed(0)
    model = Around([("relu", False), (kind, False), ("relu", False)]).eval()
    found = preflight.check(model, SHAPE, methods=["cut filters"])
    assert found.verdicts["cut filters"].answer == "in part"
    said = {one.name: one.verdicts["cut filters"] for one in found.layers if one.verdicts}
    assert {name for name, v in said.items() if v.answer == "yes"} == {"convs.0", "convs.2"}
    _, why = explained_plan(model, unit_norms(model), 0.5, SHAPE)
    for name, verdict in said.items():
        assert verdict.answer == "yes" or verdict.reason == why[name]


@pytest.mark.parametrize("kind", ["number", "depthwise"])
def test_what_lets_channels_pass_is_no_reason_to_stay(kind):
    torch.manual_seed(0)
    model = Around([("relu", False), (kind, True)]).eval()
    both = {"convs.0": range(4), "convs.1": range(4)}
    for plan in (
        joint_plan(model, unit_norms(model), 0.5, SHAPE),
        graph_plan(model, both, SHAPE),
    ):
        assert [len(plan[name].outputs) for name in both] == [4, 4]
        cut(model, plan, SHAPE)


def test_a_network_in_which_all_is_joined_to_groups_is_left_whole():
    model = Net(
        lambda self, x: self.g(self.a(x)), a=nn.Conv2d(3, 8, 1), g=nn.Conv2d(8, 4, 1, groups=4)
    )
    plan, why = explained_plan(model, unit_norms(model), 0.5, SHAPE)
    assert plan == joint_plan(model, unit_norms(model), 1.0, SHAPE)
    assert why == {
        "a": "it is joined to 'g', which has groups=4 and must stay whole",
        "g": "it has groups=4 and must stay whole",
    }


def test_costs_of_a_cut_around_groups_are_those_of_the_cut_network():
    torch.manual_seed(0)
    model = Around([("relu", False), ("grouped", False), ("depthwise", False)]).eval()
    plan = joint_plan(model, unit_norms(model), 0.5, SHAPE)
    spent, counted = plan_cost(model, plan, SHAPE), labcode.count(cut(model, plan, SHAPE), SHAPE)
    assert (spent.params, spent.macs) == (counted.params, counted.macs)
    assert spent.macs < labcode.count(model, SHAPE).macs


def test_half_of_the_channels_go_to_groups():
    """A layer whose output is split: one half of it is joined to a grouped convolution."""

    def run(self, x):
        h = self.a(x)
        return self.o(torch.cat([self.g(h[:, :4]), F.relu(h[:, 4:])], 1))

    model = Net(
        run, a=nn.Conv2d(3, 8, 1), g=nn.Conv2d(4, 4, 1, groups=2), o=nn.Conv2d(8, 2, 1)
    ).eval()
    plan, why = explained_plan(model, unit_norms(model), 0.5, SHAPE)
    assert len(plan["a"].outputs) == 8
    assert "a" in why
    cut(model, plan, SHAPE)


def test_a_reshape_that_multiplies_channels_without_end_is_said():
    """Followed as torch-pruning does it, its channels would fill any memory."""
    program = [("own linear", "tied"), ("bare matrix", "tied"), ("bare matrix", "tied")]
    model = odd_networks.built(odd_networks.Odd, program, 500)
    plan, why = explained_plan(model, unit_norms(model), 0.5, odd_networks.SHAPE)
    assert len(plan["0"].outputs) == 6  # all of them
    assert "'0' is joined to could not be followed: a reshape behind it" in why["0"]
