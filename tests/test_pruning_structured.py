"""Cut networks: the predicted count, and the masked network's answers, on random networks."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import labcode
from labcode.models import lenet5
from labcode.models.small_cnn import small_cnn
from labcode.pruning import chain_plan, cut, full_plan, graph_plan, plan_cost, silenced
from tests.examples import examples

SHAPE = (2, 12, 12)
ACTIVATIONS = (nn.ReLU, nn.Tanh, nn.Identity)


def shaken(model):
    """Give norms random statistics, as after training, and every bias a value."""
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
                layer.running_mean.normal_()
                layer.running_var.uniform_(0.5, 2.0)
                layer.weight.normal_()
                layer.bias.normal_()
            elif isinstance(layer, (nn.Conv2d, nn.Linear)) and layer.bias is not None:
                layer.bias.normal_()
    return model.eval()


@st.composite
def chains(draw):
    """A random chain: convolutions with or without norm, pooling, flatten, linear layers."""
    torch.manual_seed(draw(st.integers(0, 10**6)))
    layers, channels, size = [], SHAPE[0], SHAPE[1]
    for _ in range(draw(st.integers(1, 3))):
        width, norm = draw(st.integers(1, 6)), draw(st.booleans())
        kernel, stride = draw(st.sampled_from([(1, 1), (3, 1), (3, 2)]))
        layers.append(nn.Conv2d(channels, width, kernel, stride, 1, bias=draw(st.booleans())))
        layers += [nn.BatchNorm2d(width)] * norm + [draw(st.sampled_from(ACTIVATIONS))()]
        size = (size + 2 - kernel) // stride + 1
        if size >= 4 and draw(st.booleans()):
            layers.append(nn.MaxPool2d(2))
            size //= 2
        channels = width
    layers.append(nn.Flatten())
    features = channels * size * size
    if draw(st.booleans()):
        layers.append(nn.BatchNorm1d(features))
    for _ in range(draw(st.integers(0, 2))):
        width = draw(st.integers(1, 6))
        layers += [nn.Linear(features, width), draw(st.sampled_from(ACTIVATIONS))()]
        features = width
    return shaken(nn.Sequential(*layers, nn.Linear(features, 3)))


def random_keep(draw, model, names):
    keep = {}
    for name in names:
        size = len(full_plan(model)[name].outputs)
        keep[name] = draw(st.sets(st.integers(0, size - 1), min_size=1))
    return keep


def assert_cut_is_right(model, plan, shape):
    before = copy.deepcopy(model.state_dict())
    smaller = cut(model, plan, shape)
    predicted, counted = plan_cost(model, plan, shape), labcode.count(smaller, shape)
    assert predicted.params == sum(p.numel() for p in smaller.parameters()) == counted.params
    assert predicted.macs == counted.macs
    images = torch.randn(3, *shape)
    with torch.inference_mode():
        masked = silenced(model, plan)(images)
        torch.testing.assert_close(smaller(images), masked, rtol=1e-4, atol=1e-4)
    assert all(torch.equal(before[n], t) for n, t in model.state_dict().items())  # untouched
    return smaller


@pytest.mark.slow
@settings(max_examples=examples(60))
@given(st.data())
def test_a_cut_chain_has_the_predicted_cost_and_the_masked_networks_answers(data):
    model = data.draw(chains())
    layers = [n for n, m in model.named_modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    keep = random_keep(data.draw, model, data.draw(st.sets(st.sampled_from(layers[:-1]))))
    smaller = assert_cut_is_right(model, chain_plan(model, keep, SHAPE), SHAPE)
    for name, numbers in keep.items():
        kept = sorted(numbers)
        assert (
            torch.equal(  # the same filters, by plain indexing
                smaller.get_submodule(name).bias, model.get_submodule(name).bias[kept]
            )
            if model.get_submodule(name).bias is not None
            else True
        )


class Branches(nn.Module):
    """A residual sum, a concatenation and a depthwise convolution, with batch norms."""

    def __init__(self, width, other, depthwise):
        super().__init__()
        self.stem = nn.Conv2d(2, width, 3, padding=1)
        self.bn0 = nn.BatchNorm2d(width)
        self.conv1 = nn.Conv2d(width, other, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(other)
        groups = other if depthwise else 1
        self.middle = nn.Conv2d(other, other, 3, padding=1, groups=groups)
        self.conv2 = nn.Conv2d(other, width, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.side = nn.Conv2d(width, other, 1)
        self.fc = nn.Linear(width + other, 3)

    def forward(self, x):
        x = torch.relu(self.bn0(self.stem(x)))
        y = self.middle(torch.relu(self.bn1(self.conv1(x))))
        x = torch.relu(x + self.bn2(self.conv2(torch.relu(y))))
        x = torch.cat([x, torch.relu(self.side(x))], dim=1)
        return self.fc(x.mean((2, 3)))


@pytest.mark.slow
@settings(max_examples=examples(25))
@given(st.data())
def test_a_cut_network_with_branches_is_right_too(data):
    torch.manual_seed(data.draw(st.integers(0, 10**6)))
    width, other = data.draw(st.integers(2, 6)), data.draw(st.integers(2, 6))
    model = shaken(Branches(width, other, data.draw(st.booleans())))
    names = data.draw(st.sets(st.sampled_from(["stem", "conv1", "conv2", "side"]), min_size=1))
    keep = random_keep(data.draw, model, names)
    plan_keep = dict(keep)
    if {"stem", "conv2"} <= set(names):  # both end in the sum: what either drops is gone
        both = keep["stem"] & keep["conv2"]
        plan_keep["stem"] = plan_keep["conv2"] = both or {0}
    plan = graph_plan(model, plan_keep, SHAPE)
    assert plan["stem"].outputs == plan["conv2"].outputs == plan["bn2"].outputs
    assert_cut_is_right(model, plan, SHAPE)


@pytest.mark.parametrize("model", [lenet5().eval(), shaken(small_cnn())])
def test_the_courses_networks_can_be_cut_both_ways(model):
    keep = {"conv1": range(0, 16, 2), "conv2": range(5, 21)}
    shape = (1, 28, 28)
    by_chain, by_graph = chain_plan(model, keep, shape), graph_plan(model, keep, shape)
    assert by_chain == by_graph
    assert_cut_is_right(model, by_chain, shape)


def test_half_of_lenet5_by_hand():
    keep = {"conv1": range(10), "conv2": range(25), "fc1": range(250)}
    spent = plan_cost(lenet5(), chain_plan(lenet5(), keep, (1, 28, 28)), (1, 28, 28))
    macs = (10 * 25 * 24 * 24, 25 * 10 * 25 * 8 * 8, 25 * 16 * 250, 250 * 10)
    weights = (10 * 25, 25 * 10 * 25, 25 * 16 * 250, 250 * 10)
    assert spent.macs == sum(macs)
    assert spent.params == sum(weights) + 10 + 25 + 250 + 10


def test_with_a_norm_a_zero_filter_is_not_enough():
    model = shaken(nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3), nn.ReLU()))
    with torch.no_grad():
        model[1].bias.fill_(1.0)
        model[1].running_mean.zero_()
        model[0].weight[1] = 0.0
        model[0].bias[1] = 0.0
    images = torch.randn(1, *SHAPE)
    assert bool((model(images)[:, 1] == 1).all())  # the norm's shift is left
    plan = full_plan(model) | {n: full_plan(model)[n] for n in ()}
    plan = {n: type(p)((0, 2), p.inputs) for n, p in plan.items()}
    assert bool((silenced(model, plan)(images)[:, 1] == 0).all())


def test_an_activation_that_moves_zero_is_refused():
    model = nn.Sequential(nn.Conv2d(2, 3, 1), nn.Sigmoid(), nn.Conv2d(3, 1, 1))
    plan = chain_plan(model, {"0": [0, 1]}, SHAPE)
    with pytest.raises(ValueError, match="does not keep zero at zero"):
        cut(model, plan, SHAPE)


def test_branches_are_refused_by_the_chains_code():
    model = shaken(Branches(3, 3, False))
    with pytest.raises(ValueError, match=r"joined|fit together|cannot give"):
        cut(model, chain_plan(model, {"stem": [0, 1]}, SHAPE), SHAPE)


def test_errors_name_the_layer():
    model = lenet5()
    with pytest.raises(KeyError, match=r"no layer 'conv9' to cut, only conv1, conv2, fc1"):
        chain_plan(model, {"conv9": [0]}, (1, 28, 28))
    with pytest.raises(ValueError, match="'fc2' is the last layer"):
        chain_plan(model, {"fc2": [0]}, (1, 28, 28))
    with pytest.raises(
        ValueError, match=r"keep\['conv1'\] must hold different numbers from 0 to 19"
    ):
        chain_plan(model, {"conv1": [0, 20]}, (1, 28, 28))
    with pytest.raises(ValueError, match=r"keep\['conv1'\] must hold at least one"):
        chain_plan(model, {"conv1": []}, (1, 28, 28))
    with pytest.raises(KeyError, match="no layer 'pool1'"):
        graph_plan(model, {"pool1": [0]}, (1, 28, 28))
    with pytest.raises(ValueError, match="'0' has groups: take"):
        chain_plan(nn.Sequential(nn.Conv2d(4, 4, 1, groups=2)), {}, (4, 3, 3))
    with pytest.raises(ValueError, match="'0' is a PReLU with parameters of its own"):
        full_plan(nn.Sequential(nn.PReLU(4)))
    twice = nn.Sequential(*[nn.Linear(2, 2)] * 2)
    with pytest.raises(ValueError, match="'0' runs twice"):
        chain_plan(twice, {}, (2,))
    model = nn.Sequential(nn.Linear(4, 3))
    with pytest.raises(ValueError, match="outputs of the last layer must stay"):
        cut(model, graph_plan(model, {"0": np.arange(2).tolist()}, (4,)), (4,))
