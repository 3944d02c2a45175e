"""Networks that users bring to single weights: pruned and counted in full, or refused by name."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.ao import quantization
from torch.nn.utils import parametrizations, prune

from labcode import pruning
from labcode.data import Split
from tests.examples import examples

SPLIT = Split(torch.rand(20, 1, 2, 4), torch.arange(20) % 3)


def sequence(*layers):
    return nn.Sequential(nn.Flatten(), *layers)


LAYERS = {
    "conv1d": (lambda: nn.Conv1d(4, 6, 3, groups=2), 6 * 2 * 3),
    "conv3d": (lambda: nn.Conv3d(2, 3, 2), 3 * 2 * 8),
    "transposed": (lambda: nn.ConvTranspose2d(4, 6, 3, groups=2), 4 * 3 * 9),
    "linear": (lambda: nn.Linear(5, 7), 35),
    "bilinear": (lambda: nn.Bilinear(3, 4, 5), 60),
    "attention": (lambda: nn.MultiheadAttention(8, 2), 3 * 64 + 64),
    "attention of others": (
        lambda: nn.MultiheadAttention(8, 2, kdim=3, vdim=5, add_bias_kv=True), 64 + 24 + 40 + 64,
    ),
    "lstm": (lambda: nn.LSTM(3, 4, bidirectional=True), 2 * (4 * 4 * 3 + 4 * 4 * 4)),
    "cell": (lambda: nn.GRUCell(3, 4), 3 * 4 * 3 + 3 * 4 * 4),
    "norm": (lambda: nn.BatchNorm2d(4), 0),
    "embedding": (lambda: nn.Embedding(5, 4), 0),
}  # fmt: skip


@settings(max_examples=examples(40))
@given(
    st.lists(st.sampled_from(sorted(LAYERS)), min_size=1, max_size=4), st.floats(0.1, 0.9),
    st.sampled_from([torch.float32, torch.bfloat16, torch.float16, torch.float64]),
)  # fmt: skip
def test_all_that_multiplies_is_pruned_and_counted(kinds, kept, dtype):
    model = nn.Sequential(*(LAYERS[kind][0]() for kind in kinds)).to(dtype)
    size = sum(LAYERS[kind][1] for kind in kinds)
    if not size:
        with pytest.raises(ValueError, match="scores are empty: this Sequential has no weights"):
            pruning.select(model, pruning.magnitude(model), kept)
        return
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.rand(parameter.shape) + 0.5)  # none is zero
    masks = pruning.select(model, pruning.magnitude(model), kept)
    masks.apply(model)
    assert masks.total_size == size
    zeros = sum(int((p == 0).sum()) for p in model.parameters())
    assert zeros == size - masks.total_kept
    everything = sum(p.numel() for p in model.parameters())
    assert size + sum(pruning.left_out(model).values()) == everything


def one_memory():
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight.data = model[0].weight.data
    return model


REFUSED = {
    "weight_norm": (lambda: parametrizations.weight_norm(nn.Conv2d(3, 4, 1)), "'1' computes its"),
    "spectral_norm": (lambda: parametrizations.spectral_norm(nn.Linear(3, 4)), "'1' computes its"),
    "orthogonal": (lambda: parametrizations.orthogonal(nn.Linear(3, 4)), "'1' computes its weight"),
    "old weight_norm": (lambda: nn.utils.weight_norm(nn.Linear(3, 4)), "'1' computes its weight"),
    "old spectral_norm": (lambda: nn.utils.spectral_norm(nn.Linear(3, 4)), "SpectralNorm"),
    "torch's own pruning": (
        lambda: prune.l1_unstructured(nn.Linear(3, 4), "weight", 0.5), "L1Unstructured",
    ),
    "lazy": (lambda: nn.LazyConv2d(3, 1), "'1' is a LazyConv2d, which has no weights before"),
    "scripted": (lambda: torch.jit.script(nn.Linear(3, 4)), "'1' is compiled"),
    "quantized": (
        lambda: quantization.quantize_dynamic(nn.Sequential(nn.Linear(3, 4)), {nn.Linear})[0],
        "'1' is quantized already",
    ),
    "one memory": (one_memory, r"'1\.1\.weight' has the same memory as '1\.0\.weight'"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_pruned_is_refused_by_name(kind):
    make, reason = REFUSED[kind]
    model = nn.Sequential(nn.Linear(3, 3), make())
    for use in (
        pruning.prunable, pruning.magnitude, pruning.random_scores, pruning.nm_masks,
        pruning.Masks.of, lambda m: pruning.Masks.from_thresholds(m, 0.1),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=reason):
            use(model)


def test_tied_weights_and_second_names_are_counted_once():
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
    model[2].weight = model[0].weight
    assert pruning.select(model, pruning.magnitude(model), 0.5).total_size == 16
    layer = nn.Linear(4, 4)
    assert pruning.Masks.of(nn.Sequential(layer, layer)).total_size == 16
    mask = torch.ones(4, 4, dtype=torch.bool)
    with pytest.raises(ValueError, match=r"'2\.weight' is the same parameter as '0\.weight'"):
        pruning.Masks.of(model, {"0.weight": mask, "2.weight": mask})


def test_norms_of_filters_by_plain_indexing():
    layer = nn.ConvTranspose2d(4, 6, 3, groups=2)
    found = pruning.unit_norms(nn.Sequential(layer))["0"]
    for output in range(6):
        group, own = divmod(output, 3)
        filters = layer.weight[2 * group : 2 * group + 2, own]
        assert float(found[output]) == pytest.approx(filters.abs().sum().item(), rel=1e-6)
    normed = parametrizations.weight_norm(nn.Linear(3, 4))
    with torch.no_grad():
        normed.parametrizations.weight.original0.mul_(5)
    torch.testing.assert_close(
        pruning.unit_norms(nn.Sequential(normed))["0"], normed.weight.detach().abs().sum(1)
    )


@pytest.mark.slow
@settings(max_examples=examples(60))
@given(
    st.integers(1, 199), st.floats(0.05, 0.9), st.floats(0.05, 1.0),
    st.sampled_from(["gradual", "iterative"]), st.sampled_from([10, 15]),
)  # fmt: skip
def test_a_schedule_that_ends_before_a_step_is_reached_by_it(steps, kept, end, kind, every):
    model = nn.Linear(25, 4)
    schedule = getattr(pruning, kind)(kept, end=end)
    pruner = pruning.Pruner(model, schedule, steps=steps, every=every)
    for step in range(1, steps + 1):
        pruner.after_step(model, step)
        if step / steps >= end:
            assert pruner.masks.total_kept == -int(-round(100 * kept, 6) // 1)
            assert int((model.weight != 0).sum()) == pruner.masks.total_kept


def test_long_runs_look_at_the_schedule_as_before():
    seen = []
    pruner = pruning.Pruner(
        nn.Linear(4, 4), lambda done: (seen.append(done), 1.0 - done / 2)[1], steps=200
    )
    for step in range(1, 201):
        pruner.after_step(nn.Linear(4, 4), step)
    assert seen == [step / 200 for step in range(0, 201, 10)]


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_tickets_of_few_layers(layers):
    model = nn.Sequential(*(nn.Linear(10, 10) for _ in range(layers)))
    found = list(
        pruning.find_tickets(model, pruning.weights_of(model), lambda m, k: None, rounds=2)
    )
    kept = list(found[-1].masks.kept.values())
    assert kept == [64] * (layers - 1) + [81]  # 0.8 and, for the last layer, 0.9, twice
    with pytest.raises(ValueError, match="this ReLU has no weights to prune"):
        list(pruning.find_tickets(nn.ReLU(), {}, lambda m, k: None, rounds=1))


def test_gradients_of_frozen_unused_and_half_precise_layers():
    model = sequence(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 3))
    expected = pruning.gradient_times_weight(model, SPLIT)
    frozen = copy.deepcopy(model)
    frozen[1].weight.requires_grad_(False)
    found = pruning.gradient_times_weight(frozen, SPLIT)
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert not frozen[1].weight.requires_grad
    half = pruning.gradient_times_weight(copy.deepcopy(model).bfloat16(), SPLIT)
    for name, score in half.items():
        assert score.dtype == torch.float32
        torch.testing.assert_close(score, expected[name], rtol=0.2, atol=2e-3)
    model.aside = nn.Linear(3, 3)
    model.forward = lambda x: nn.Sequential(*list(model)[:4])(x)
    with pytest.raises(ValueError, match=r"'aside\.weight' has no part in the logits"):
        pruning.gradient_times_weight(model, SPLIT)


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        h = self.fc(x.flatten(1)[:, :4])
        return h, self.fc(torch.relu(x.flatten(1)[:, 4:]) - 1)


def test_an_answer_in_a_tuple_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match=r"logits of shape \(20, classes\), got a tuple"):
        pruning.gradient_times_weight(Pair(), SPLIT)


def test_a_layer_that_runs_twice_has_the_mean_over_both_runs():
    model = Pair().eval()
    first, second = model(SPLIT.images)
    both = torch.cat([first, second])
    share = pruning.zero_share(model, SPLIT, ["fc"])["fc"]
    torch.testing.assert_close(share, (both <= 0).double().mean(0).float())
    assert bool((share <= 1).all())
    found = pruning.mean_activation(model, SPLIT, ["fc"])["fc"]
    torch.testing.assert_close(found, both.clamp(min=0).mean(0))


def test_units_of_a_linear_layer_come_last():
    model = nn.Sequential(nn.Flatten(1, 2), nn.Linear(4, 5))  # (N, 2, 4) to (N, 2, 5)
    expected = (model(SPLIT.images) <= 0).double().mean((0, 1)).float()
    torch.testing.assert_close(pruning.zero_share(model, SPLIT, ["1"])["1"], expected)
    lstm = nn.Sequential(nn.Flatten(1, 2), nn.LSTM(4, 5, batch_first=True))
    with pytest.raises(ValueError, match="the layer '1' must give"):
        pruning.zero_share(lstm, SPLIT, ["1"])


def test_masks_of_other_networks_are_named():
    scores = {"weight": torch.rand(2, 3)}
    with pytest.raises(ValueError, match=r"within must have a mask of 'weight' of shape \(2, 3\)"):
        pruning.select(nn.Linear(3, 2), scores, 0.5, within={"w": torch.ones(2, 3).bool()})
    with pytest.raises(ValueError, match="'0' is a ConvTranspose2d, whose weight lists inputs"):
        pruning.nm_masks(nn.Sequential(nn.ConvTranspose2d(4, 4, 2)))
