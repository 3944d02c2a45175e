"""Networks that users bring to the structured cut: each is cut rightly, or refused by name."""

import copy

import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torchvision.models import shufflenet_v2_x0_5

import labcode
from labcode.pruning import cut, full_plan, graph_plan, joint_plan, plan_cost, silenced, unit_norms
from labcode.pruning.joint import explained_plan
from tests.brought_networks import SHAPE, Net
from tests.examples import examples


def conv(inputs, outputs, kernel=1, **settings):
    return nn.Conv2d(inputs, outputs, kernel, **settings)


def with_auxiliary_head(width):
    def run(self, x):
        h = F.relu(self.bn(self.c(x)))
        return (self.out(h), {"aux": self.aux(h)}) if self.training else self.out(h)

    return Net(
        run, c=conv(3, width), bn=nn.BatchNorm2d(width), aux=conv(width, 5), out=conv(width, 5)
    )


def run_twice(width):
    def run(self, x):
        return self.fc(F.relu(self.c(F.relu(self.c(F.relu(self.i(x)))))).mean((2, 3)))

    return Net(run, i=conv(3, width, 3), c=conv(width, width, 3), fc=nn.Linear(width, 5))


def shared_head(width):
    def run(self, x):
        return [self.o(F.relu(self.c(y))) for y in (x, F.max_pool2d(x, 2))]

    return Net(run, c=conv(3, width), o=conv(width, 2))


def tied(width):
    def run(self, x):
        return self.o(F.relu(self.c(x)) + F.relu(self.d(x.flip(3))))

    net = Net(run, c=conv(3, width), d=conv(3, width), o=conv(width, 2))
    net.d.weight = net.c.weight
    return net


def two_names(width):
    net = Net(lambda self, x: self.o(F.relu(self.again(x))), c=conv(3, width), o=conv(width, 2))
    net.again = net.c
    return net


def in_one_dimension(width):
    def run(self, x):
        return self.o(F.relu(self.n(self.c(x.flatten(2)))))

    return Net(run, c=nn.Conv1d(3, width, 3), n=nn.BatchNorm1d(width), o=nn.Conv1d(width, 2, 5))


def never_run(width):
    net = Net(lambda self, x: self.o(F.relu(self.c(x))), c=conv(3, width), o=conv(width, 2))
    net.unused = conv(7, 9)
    return net


def with_chance(width):
    def run(self, x):
        return {"y": self.o(F.dropout(self.d(F.relu(self.c(x))), training=self.training))}

    return Net(run, c=conv(3, width), d=nn.Dropout(0.5), o=conv(width, 2))


def grouped_aside(width):
    def run(self, x):
        return self.o(F.relu(self.c(x))) + self.g(self.p(x))

    return Net(run, c=conv(3, width), o=conv(width, 4), p=conv(3, 8), g=conv(8, 4, groups=4))


def norm_without_scale(width):
    net = Net(
        lambda self, x: self.o(F.relu(self.n(self.c(x)))),
        c=conv(3, width), n=nn.BatchNorm2d(width, affine=False), o=conv(width, 2),
    )  # fmt: skip
    net.n.running_mean.normal_()
    return net


def tokens(width):
    def run(self, x):
        return self.o(F.relu(self.c(x.flatten(2)))).mean((1, 2))

    return Net(run, c=nn.Linear(64, width), o=nn.Linear(width, 4))


CUT = (
    with_auxiliary_head, run_twice, shared_head, tied, two_names, in_one_dimension, never_run,
    with_chance, grouped_aside, norm_without_scale, tokens,
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=examples(60))
@given(st.data())
def test_each_kind_is_cut_and_works_in_both_modes(data):
    torch.manual_seed(data.draw(st.integers(0, 10**6)))
    width = data.draw(st.integers(2, 7))
    model = data.draw(st.sampled_from(CUT))(width)
    model.train(data.draw(st.booleans()))
    before = [(copy.deepcopy(t), t) for t in model.state_dict().values()]
    keep = sorted(data.draw(st.sets(st.integers(0, width - 1), min_size=1)))
    plan = graph_plan(model, {"c": keep}, SHAPE)
    smaller = cut(model, plan, SHAPE)
    spent, counted = plan_cost(model, plan, SHAPE), labcode.count(smaller, SHAPE)
    assert spent.params == counted.params == sum(p.numel() for p in smaller.parameters())
    assert spent.macs == counted.macs
    images = torch.randn(4, *SHAPE)
    with torch.no_grad():
        expected, got = silenced(model, plan).eval()(images), smaller.eval()(images)
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)
    smaller.train()(images)  # an auxiliary head's inputs were cut, too
    assert all(torch.equal(a, b) for a, b in before)
    assert [m.training for m in model.modules()] == [model.training] * len(list(model.modules()))


def test_what_is_tied_stays_tied():
    model = tied(6)
    smaller = cut(model, graph_plan(model, {"c": [1, 2]}, SHAPE), SHAPE)
    assert smaller.c.weight is smaller.d.weight
    assert smaller.c.weight.shape == (2, 3, 1, 1)


def test_two_inputs():
    def run(self, x, y):
        return self.o(F.relu(self.a(x)) * F.relu(self.b(y))[:, :, None, None])

    model = Net(run, a=conv(3, 8), b=nn.Linear(5, 8), o=conv(8, 4))
    plan = graph_plan(model, {"a": range(4)}, [SHAPE, (5,)])
    smaller = cut(model, plan, [SHAPE, (5,)])
    assert smaller.b.out_features == 4
    assert plan_cost(model, plan, [SHAPE, (5,)]).params == sum(
        p.numel() for p in smaller.parameters()
    )


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_precisions(dtype):
    model = with_auxiliary_head(6).to(dtype).eval()
    smaller = cut(model, graph_plan(model, {"c": [0, 5]}, SHAPE), SHAPE)
    assert smaller.c.weight.dtype == dtype
    assert torch.equal(smaller.c.weight, model.c.weight[[0, 5]])


def refused(**layers):
    return Net(lambda self, x: self.o(F.relu(self.n(self.c(x)))), c=conv(3, 8), **layers)


def tied_otherwise():
    net = Net(
        lambda self, x: self.b(F.relu(self.c(x.mean((2, 3))))), c=nn.Linear(3, 3), b=nn.Linear(3, 3)
    )
    net.b.weight = net.c.weight
    return net


def either_branch():
    def run(self, x):
        return self.o(F.relu(self.c(x) if self.training else self.d(x)))

    return Net(run, c=conv(3, 8), d=conv(3, 8), o=conv(8, 4))


REFUSED = {
    "groups": (refused(n=conv(8, 4, groups=4), o=conv(4, 2)), "'n' has groups=4 and must stay"),
    "multiplier": (refused(n=conv(8, 16, groups=8), o=conv(16, 2)), "'n' has groups=8 and must"),
    "prelu": (refused(n=nn.PReLU(8), o=conv(8, 2)), "'n' is a PReLU with parameters of its own"),
    "norm": (refused(n=nn.GroupNorm(2, 8), o=conv(8, 2)), "'n' is a GroupNorm with parameters"),
    "transposed": (refused(n=nn.ConvTranspose2d(8, 8, 2), o=conv(8, 2)), "'n' is a ConvTransp"),
    "weight_norm": (
        refused(n=nn.utils.parametrizations.weight_norm(conv(8, 8)), o=conv(8, 2)),
        "'n' computes its weight from other tensors",
    ),
    "old weight_norm": (
        lambda: refused(n=nn.utils.weight_norm(conv(8, 8)), o=conv(8, 2)), "'n' computes its",
    ),
    "lazy": (refused(n=nn.LazyConv2d(8, 1), o=conv(8, 2)), "'n' is a LazyConv2d, which has no"),
    "sigmoid": (refused(n=nn.Sigmoid(), o=conv(8, 2)), "first at 'o'.*does not keep zero at zero"),
    "shuffle": (refused(n=nn.ChannelShuffle(2), o=conv(8, 2)), "'o'|'n'"),
    "answer": (refused(n=nn.Identity(), o=nn.Identity()), "takes some of 'c'"),
    "tied otherwise": (tied_otherwise(), "'b' shares a parameter with 'c'"),
    "either branch": (either_branch(), "'c' runs in training alone and 'd' never does there"),
    "mean": (
        Net(lambda self, x: (self.o(self.c(x)), self.c(x).mean()), c=conv(3, 8), o=conv(8, 2)),
        r"at \[1\] after 'c'",
    ),
    "unused": (Net(lambda self, x: self.o(x), c=conv(3, 8), o=conv(3, 2)), "'c' does not run"),
    "scripted": (lambda: torch.jit.script(nn.Sequential(conv(3, 8))), "is compiled"),
    "parameter": (
        lambda: torchvision.models.vit_b_16(image_size=16),
        "the network itself is a VisionTransformer with parameters of its own",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_cut_is_refused_in_a_sentence_with_its_name(name):
    model, reason = REFUSED[name]
    model = model if isinstance(model, nn.Module) else model()
    with pytest.raises(ValueError, match=reason):
        cut(model, graph_plan(model, {"c": range(2)}, SHAPE), SHAPE)


@pytest.mark.parametrize("seed", range(10))
def test_a_silent_channel_hides_no_wrong_cut(seed):
    torch.manual_seed(seed)
    model = refused(n=nn.ChannelShuffle(2), o=conv(8, 2))
    with torch.no_grad():
        model.c.weight.abs_().neg_()
        model.c.bias.fill_(-1)  # images from 0 to 1 leave nothing after the ReLU
    with pytest.raises(ValueError, match=r"'o'|'n'"):
        cut(model, graph_plan(model, {"c": [0, 1]}, SHAPE), SHAPE)


def test_a_conv_with_groups_that_stays_whole_costs_what_it_costs():
    model = Net(lambda self, x: self.g(F.relu(self.a(x))), a=conv(3, 8), g=conv(8, 4, 3, groups=4))
    assert plan_cost(model, graph_plan(model, {}, SHAPE), SHAPE).params == 108
    model = run_twice(8)
    assert plan_cost(model, full_plan(model), SHAPE).macs == labcode.count(model, SHAPE).macs


def test_a_training_branch_that_is_an_answer_is_refused():
    model = with_auxiliary_head(8)
    with pytest.raises(ValueError, match=r"\[1\]\['aux'\] in training mode .* some of 'aux'"):
        cut(model, graph_plan(model, {"aux": range(2)}, SHAPE), SHAPE)


def expected_params(model, part):
    """Widths times ``part``, by hand: 3 colours and 1,000 classes stay."""
    total = 0
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            inputs = 3 if layer.in_channels == 3 else layer.in_channels * part
            total += layer.out_channels * part * inputs * layer.kernel_size[0] ** 2
        elif isinstance(layer, nn.BatchNorm2d):
            total += 2 * layer.num_features * part
        elif isinstance(layer, nn.Linear):
            total += layer.in_features * part * layer.out_features + layer.out_features
    return total


@pytest.mark.slow
def test_half_of_resnet18_is_half_of_every_layer():
    torch.manual_seed(0)
    model = torchvision.models.resnet18()
    plan = joint_plan(model, unit_norms(model), 0.5, (3, 64, 64))
    for name, whole in full_plan(model).items():
        assert len(plan[name].outputs) == len(whole.outputs) / (1 if name == "fc" else 2), name
    smaller = cut(model, plan, (3, 64, 64))
    assert sum(p.numel() for p in smaller.parameters()) == expected_params(model, 0.5)
    convs = [
        sum(m.weight.numel() for m in net.modules() if isinstance(m, nn.Conv2d))
        for net in (model, smaller)
    ]
    assert convs[1] / convs[0] == pytest.approx(0.25, abs=0.01)
    smaller.train()(torch.randn(2, 3, 64, 64)).sum().backward()


@pytest.mark.slow
@settings(max_examples=examples(25))
@given(
    st.integers(0, 10**6),
    st.integers(2, 8),
    st.sampled_from([0.25, 0.5, 0.75, 1.0]),
    st.integers(1, 5),
)
def test_joined_scores_are_added(seed, width, kept, multiple):
    """A sum joins a and b; a concatenation puts c behind them: the best sums, by a loop."""
    torch.manual_seed(seed)

    def run(self, x):
        return self.o(F.relu(torch.cat([self.a(x) + self.b(x), self.c(x)], 1)))

    model = Net(run, a=conv(3, width), b=conv(3, width), c=conv(3, width), o=conv(2 * width, 2))
    scores = {name: torch.rand(width) for name in "abc"}
    plan = joint_plan(model, scores, kept, SHAPE, multiple=multiple)
    at_least = (n for n in range(0, width + multiple, multiple) if n >= kept * width)
    count = min(next(at_least), width)
    both = sorted(range(width), key=lambda i: -float(scores["a"][i] + scores["b"][i]))[:count]
    alone = sorted(range(width), key=lambda i: -float(scores["c"][i]))[:count]
    assert list(plan["a"].outputs) == list(plan["b"].outputs) == sorted(both)
    assert list(plan["c"].outputs) == sorted(alone)
    assert list(plan["o"].inputs) == sorted(both) + [width + i for i in sorted(alone)]
    assert plan["o"].outputs == (0, 1)
    cut(model, plan, SHAPE)


def test_so_few_channels_that_a_multiple_is_all_of_them():
    model = nn.Sequential(nn.Conv2d(4, 12, 3), nn.ReLU(), nn.Conv2d(12, 6, 3), nn.Flatten())
    plan, why = explained_plan(model, unit_norms(model), 0.7, (4, 6, 6), multiple=8)
    assert (len(plan["0"].outputs), len(plan["2"].outputs)) == (12, 6)
    assert why["0"] == "70% of so few outputs, rounded up to a multiple of 8, is all of them"
    assert len(joint_plan(model, unit_norms(model), 0.7, (4, 6, 6), multiple=3)["0"].outputs) == 9
    assert len(joint_plan(model, unit_norms(model), 1e-9, (4, 6, 6), multiple=4)["0"].outputs) == 4


def test_joint_plans_name_what_is_wrong():
    model = never_run(4)
    with pytest.raises(ValueError, match="'unused' does not run"):
        joint_plan(model, unit_norms(model), 0.5, SHAPE)
    with pytest.raises(ValueError, match=r"scores\['c'\] must hold 4 scores, got \(3,\)"):
        joint_plan(model, {"c": torch.ones(3)}, 0.5, SHAPE)
    with pytest.raises(ValueError, match=r"scores\['c'\] holds NaN"):
        joint_plan(model, {"c": torch.full((4,), torch.nan)}, 0.5, SHAPE)
    with pytest.raises(ValueError, match="kept must be at most 1, got 2"):
        joint_plan(model, {"c": torch.ones(4)}, 2, SHAPE)
    with pytest.raises(ValueError, match="multiple must be at least 1, got 0"):
        joint_plan(model, {"c": torch.ones(4)}, 0.5, SHAPE, multiple=0)
    with pytest.raises(TypeError, match="multiple must be an integer"):
        joint_plan(model, {"c": torch.ones(4)}, 0.5, SHAPE, multiple=4.0)
    with pytest.raises(KeyError, match="scores names 'x'"):
        joint_plan(model, {"x": torch.ones(4)}, 0.5, SHAPE)


def test_joints_that_the_graph_takes_wrongly_are_refused_in_words():
    """A linear layer over the width, with channels of a convolution behind it; a shuffle."""
    model = nn.Sequential(nn.Linear(6, 6), nn.Conv2d(4, 4, 3, padding=1), nn.Flatten())
    said = "what leaves '0' is not along the 4 channels of '1'"
    with pytest.raises(ValueError, match=said):
        graph_plan(model, {"0": range(3)}, (4, 6, 6))
    assert said in explained_plan(model, unit_norms(model), 0.5, (4, 6, 6))[1]["0"]
    with pytest.raises(ValueError, match="a reshape in it mixes channels, as a channel shuffle"):
        joint_plan(shufflenet_v2_x0_5(), {}, 0.5, (3, 64, 64))


class Attends(nn.Module):
    """Queries, keys and values from one layer, as the transformers of timm have them."""

    def __init__(self):
        super().__init__()
        self.patches, self.qkv = nn.Conv2d(3, 8, 4, 4), nn.Linear(8, 24)
        self.proj, self.head = nn.Linear(8, 8), nn.Linear(8, 4)

    def forward(self, x):
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        mixed = F.scaled_dot_product_attention(*self.qkv(tokens).chunk(3, -1))
        return self.head((tokens + self.proj(mixed)).mean(1))


def test_outputs_that_are_joined_to_one_another_are_said():
    torch.manual_seed(0)
    model = Attends().eval()
    with pytest.raises(ValueError, match=r"^'qkv' would keep no output: its outputs are joined to"):
        graph_plan(model, {"qkv": range(12)}, SHAPE)
    half = {"qkv": range(12), "proj": range(4)}
    with pytest.raises(ValueError, match="'qkv' would keep no output"):
        graph_plan(model, half, SHAPE)
    plan = joint_plan(model, unit_norms(model), 0.5, SHAPE)  # it goes around the attention
    assert [len(plan[name].outputs) for name in ("patches", "qkv", "proj")] == [4, 24, 4]
    cut(model, plan, SHAPE)
