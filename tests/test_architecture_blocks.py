"""Blocks at equal multiply-adds, ranks that are closest in answers, and MobileNet's settings."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torchvision.transforms.functional import resize

from labcode import data, models, studies
from labcode.counting import count
from labcode.low_rank import layer_inputs, output_svd, truncated_conv
from labcode.models import digits_mobilenet
from labcode.models.blocks import (
    BLOCKS,
    GROUPS,
    NormedFire,
    Shuffled,
    backbone,
    backbone_cost,
    block_cost,
    widths,
)
from labcode.studies.blocks import block_trials, other_images
from labcode.studies.low_rank import low_rank_trials
from labcode.studies.mobilenet import mobilenet_trials
from labcode.training import evaluate
from labcode.training.decay import parameter_groups
from labcode.weights import baselines
from tests.examples import examples

DIGIT = (1, 28, 28)


@settings(max_examples=examples(40))
@given(st.sampled_from(list(BLOCKS)), st.integers(1, 4), st.integers(1, 4), st.integers(1, 9))
def test_a_blocks_formula_is_the_counted_module(kind, c, n, size):
    c, n = GROUPS * c, GROUPS * n
    with torch.device("meta"):
        found = count(BLOCKS[kind](c, n), (c, size, size))
    spent = block_cost(kind, c, n, size)
    assert (spent.params, spent.macs) == (found.params, found.macs)


@pytest.mark.slow
@pytest.mark.parametrize("budget", block_trials.BUDGETS)
def test_all_blocks_meet_the_budget_to_within_two_percent(budget):
    spent = []
    for kind in BLOCKS:
        pair = widths(kind, budget)
        with torch.device("meta"):
            spent.append(count(backbone(kind, *pair), DIGIT).macs)
        assert spent[-1] == backbone_cost(kind, *pair).macs
        assert 1.5 < pair[1] / pair[0] < 2.5
    assert max(spent) / min(spent) < 1.02


def test_widths_are_the_pair_closest_to_twice():
    best = widths("standard", 480_000)
    pairs = [(a, b) for a in range(1, 40) for b in range(1, 90)]
    near = [p for p in pairs if abs(backbone_cost("standard", *p).macs / 480_000 - 1) <= 0.01]
    assert min(near, key=lambda p: abs(p[1] / p[0] - 2)) == best


def test_blocks_are_the_layers_they_say():
    torch.manual_seed(0)
    x = torch.randn(2, 8, 5, 5)
    block = Shuffled(8, 12).eval()
    assert torch.equal(block(x), nn.ChannelShuffle(GROUPS)(block.conv(x)))
    fire, plain = NormedFire(16, 32), models.Fire(16, 4, 16, 16)
    shapes = [p.shape for m in fire.modules() if isinstance(m, nn.Conv2d) for p in m.parameters()]
    assert shapes == [m.weight.shape for m in plain.modules() if isinstance(m, nn.Conv2d)]


def test_what_cannot_be_built_is_refused_by_name():
    with pytest.raises(ValueError, match=r"kind must be one of 'standard', .* got 'round'"):
        backbone("round", 4, 8)
    with pytest.raises(ValueError, match="width2 must be a multiple of 4 for grouped, got 6"):
        backbone("grouped", 4, 6)
    with pytest.raises(ValueError, match="macs 20000 leaves no widths within 1% for grouped"):
        widths("grouped", 20_000)


def test_no_rank_is_closer_in_answers():
    """Reduced-rank regression in its other form: project the answers on their own directions."""
    torch.manual_seed(0)
    layer, x = nn.Linear(12, 9), torch.randn(200, 12) @ torch.randn(12, 12)
    exact = x.double() @ layer.weight.double().T  # (200, 9)
    directions = torch.linalg.svd(exact, full_matrices=False)[2][:4]  # (4, 9)
    best = exact @ directions.T @ directions
    thin = output_svd(layer, x, 4)
    found = (thin(x) - layer.bias).double()
    assert torch.allclose(found, best, atol=1e-3)
    assert torch.linalg.matrix_rank(thin.weight) == 4
    other = models.truncated_svd(layer, 4)
    assert (found - exact).square().sum() < (other(x) - layer.bias - exact).square().sum()
    with pytest.raises(ValueError, match=r"inputs must have the shape \(N, 12\), got \(200, 9\)"):
        output_svd(layer, exact, 4)


@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 1, 1), (2, 1, 1), (1, 2, 2)])
def test_a_thin_convolution_drops_the_smallest_singular_values_and_no_other(
    stride, padding, dilation
):
    torch.manual_seed(0)
    full = nn.Conv2d(5, 8, 3, stride=stride, padding=padding, dilation=dilation)
    thin = truncated_conv(full, 3)
    filters = full.weight.detach().flatten(1).double()  # (8, 45)
    u, s, v = torch.linalg.svd(filters, full_matrices=False)
    s[3:] = 0
    best = copy.deepcopy(full)
    best.weight.data = (u @ s.diag() @ v).float().view_as(full.weight)
    x = torch.rand(2, 5, 9, 9)
    assert torch.allclose(thin(x), best(x), atol=1e-5)
    assert not torch.allclose(thin(x), full(x), atol=1e-2)
    assert thin[0].weight.shape == (3, 5, 3, 3)
    assert torch.equal(thin[1].bias, full.bias)


def test_a_convolution_with_groups_is_not_made_thin():
    with pytest.raises(ValueError, match=r"without groups.*groups=2"):
        truncated_conv(nn.Conv2d(4, 4, 3, groups=2), 2)
    with pytest.raises(ValueError, match="rank must be at most 4"):
        truncated_conv(nn.Conv2d(4, 4, 3), 5)


def test_a_layers_inputs_are_seen_and_the_mode_stays():
    model = baselines.load("lenet_300_100").train()
    images = data.load().validation.images[:5]
    assert torch.equal(layer_inputs(model, "fc1", images), images.flatten(1))
    assert model.training
    assert not model.fc1._forward_pre_hooks


def test_a_cut_network_differs_in_its_first_layer_alone():
    whole = baselines.load("lenet_300_100", seed=1)
    thin = low_rank_trials.cut_network("lenet_300_100", "weights", 5, 1)
    assert thin.fc1.rank == 5
    assert torch.equal(thin.fc2.weight, whole.fc2.weight)
    with pytest.raises(ValueError, match="closest must be one of 'weights', 'answers', got 'x'"):
        low_rank_trials.cut_network("lenet_300_100", "x", 5, 1)


@pytest.mark.parametrize(
    ("where", "decayed"), [("none", 0), ("everywhere", 12), ("not on depthwise", 7)]
)
def test_decay_reaches_the_right_filters(where, decayed):
    model = digits_mobilenet()
    groups = parameter_groups(model, where, 0.5)
    ids = [id(p) for group in groups for p in group["params"]]
    assert sorted(ids) == sorted(id(p) for p in model.parameters())  # each one, and once
    assert [group["weight_decay"] for group in groups] == [0.5, 0.0]
    assert len(groups[0]["params"]) == decayed  # stem, five blocks of two, classifier
    assert all(p.dim() > 1 for p in groups[0]["params"])
    depthwise = {id(b.depthwise.weight) for b in model.blocks}
    reached = depthwise & {id(p) for p in groups[0]["params"]}
    assert bool(reached) == (where == "everywhere")


def test_smaller_images_are_torchvisions():
    split = data.load().validation
    small = mobilenet_trials.resized(split, 14)
    expected = resize(split.images, [14, 14], antialias=True)
    assert torch.allclose(small.images, expected, atol=1e-6)
    assert torch.equal(small.labels, split.labels)
    assert mobilenet_trials.resized(split, 28) is split


@pytest.mark.slow
def test_the_stored_networks_have_the_costs_that_were_stored():
    for row in studies.table("architecture_blocks").itertuples():
        assert widths(row.kind, row.budget) == (row.width1, row.width2)
        assert backbone_cost(row.kind, row.width1, row.width2).macs == row.macs
    for row in studies.table("architecture_multipliers").query("seed == 0").itertuples():
        with torch.device("meta"):
            model = digits_mobilenet(row.width_multiplier)
        found = count(model, (1, row.size, row.size))
        assert (found.params, found.macs) == (row.params, row.macs)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("architecture_blocks", ["kind", "budget"]),
        ("architecture_multipliers", ["width_multiplier", "size"]),
        ("architecture_low_rank", ["network", "closest", "rank", "epochs"]),
        ("architecture_low_rank_scratch", ["rank", "budget"]),
        ("architecture_decay", ["where"]),
    ],
)
def test_every_setting_has_three_seeds_or_more(name, keys):
    seeds = studies.table(name).groupby(keys)["seed"].nunique()
    assert seeds.min() >= 3
    assert seeds.min() == seeds.max()


def test_times_were_taken_fairly():
    table, record = (
        studies.table("architecture_latency"),
        studies.provenance("architecture_latency"),
    )
    assert record["threads"] == 1
    assert record["runs"] >= 100
    assert (table["low_ms"] <= table["median_ms"]).all()
    assert (table["median_ms"] <= table["high_ms"]).all()
    base = table[table["kind"] == "standard"].set_index(["budget", "batch"])["median_ms"]
    for row in table.itertuples():
        assert row.ratio == pytest.approx(row.median_ms / base[row.budget, row.batch], rel=2e-3)


@pytest.mark.slow
def test_the_contest_on_other_images_is_the_contest_on_digits():
    """Given the digits themselves, it trains the very networks of the stored contest's recipe."""
    found = other_images.contest(data.load(), ["standard"], seed=0)
    same = block_trials.trained_block("standard", block_trials.BUDGETS[0], seed=0)
    assert found == {"standard": evaluate(same, data.load().test).accuracy}


def test_the_contest_refuses_what_it_cannot_use():
    with pytest.raises(ValueError, match=r"kinds must be one of 'standard', .* got 'round'"):
        other_images.contest(data.load(), ["round"])
    with pytest.raises(ValueError, match=r"images must have the shape \(1, 28, 28\), got \(1, 8,"):
        other_images.contest(data.load("digits"), ["standard"])
    with pytest.raises(ValueError, match="at most 50, the size of the smallest class of mnist5k"):
        other_images.contest(data.load(n_train=500), ["standard"])
