"""The pipeline: what is kept, what dies with it, who teaches, and the table of layers."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from labcode import data
from labcode.coding import canonical_codes, code_lengths, counts_of, pack, to_relative, unpack
from labcode.coding.layers import layer_table
from labcode.coding.pipeline import bits_of, masks_for, prune, scores, share, taught_by
from labcode.data.dataset import Split
from labcode.models import lenet5, lenet_300_100
from labcode.studies.deep_compression.lessons import Lessons
from labcode.studies.deep_compression.taught import teachers_of
from labcode.studies.deep_compression.trials import paper_bits
from labcode.training import Batch
from labcode.weights import baselines
from tests.examples import examples

SHAPE = (1, 28, 28)


def small_chain(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 6), nn.ReLU(), nn.Linear(6, 3)
    )


def images(n: int = 24) -> Split:
    generator = torch.Generator().manual_seed(0)
    return Split(torch.rand(n, 1, 28, 28, generator=generator), torch.arange(n) % 10)


def test_without_pressure_scores_are_magnitudes():
    model = lenet5()
    for name, score in scores(model, SHAPE, pressure=0.0).items():
        assert torch.equal(score, dict(model.named_parameters())[name].detach().abs())


def test_pressure_lowers_weights_of_weak_neurons_alone():
    model = lenet_300_100()
    with torch.no_grad():
        model.fc1.weight[7].mul_(1e-3)  # one weak neuron
    plain, pressed = scores(model, SHAPE, 0.0), scores(model, SHAPE, 0.5)
    factor = pressed["fc1.weight"] / plain["fc1.weight"]  # the same along a row
    assert torch.allclose(factor, factor[:, :1].expand_as(factor), rtol=1e-4)
    assert int(factor[:, 0].argmin()) == 7
    column = pressed["fc2.weight"][:, 7] / plain["fc2.weight"][:, 7]
    assert column.max() < 0.1


class Backwards(nn.Module):
    """Its layers are listed in another order than they run in."""

    def __init__(self):
        super().__init__()
        self.last, self.first = nn.Linear(5, 3), nn.Linear(16, 5)

    def forward(self, x):
        return self.last(self.first(x.flatten(1)).relu())


def test_neurons_are_joined_in_the_order_in_which_layers_run():
    model = Backwards()
    with torch.no_grad():
        model.last.weight[:, 2] = 0  # a neuron that nobody listens to
    masks = masks_for(model, 0.9, (1, 4, 4), pressure=0.0)
    assert not masks["first.weight"][2].any()
    assert not masks["first.bias"][2]
    assert "last.bias" not in masks


def alive_by_hand(model: nn.Module) -> list[torch.Tensor]:
    """Return which neurons of the small chain have weights on both sides."""
    conv, first, last = (model[i].weight.detach() != 0 for i in (0, 3, 5))
    channels = conv.flatten(1).any(1) & first.view(6, 4, 4).any(2).any(0)
    hidden = first.any(1) & last.any(0)
    return [channels, hidden]


@settings(max_examples=examples(40))
@given(st.floats(0.05, 1.0), st.floats(0, 2), st.integers(0, 50))
def test_no_neuron_is_left_with_one_side_only(kept, pressure, seed):
    model = small_chain(seed)
    masks_for(model, kept, (1, 4, 4), pressure=pressure).apply(model)
    channels, hidden = alive_by_hand(model)
    assert torch.equal(channels, model[0].weight.flatten(1).any(1))
    assert torch.equal(hidden, model[3].weight.any(1))
    assert torch.equal(hidden, model[5].weight.any(0))
    assert not model[0].bias[~channels].any()
    assert not model[3].bias[~hidden].any()
    assert model[5].bias.all()  # outputs keep theirs


def test_as_many_weights_stay_as_were_asked_for():
    model = lenet_300_100()
    masks_for(model, 0.05, SHAPE, pressure=0.0).apply(model)
    left = sum(int((p != 0).sum()) for p in model.parameters() if p.ndim > 1)
    assert left <= round(0.05 * 266_200)
    assert left > 0.9 * 0.05 * 266_200  # the rest died with its neuron


def test_a_pruned_network_keeps_its_zeros_and_a_shared_one_few_values():
    train, dense = images(), baselines.load("lenet_300_100", seed=0)
    guide, model = taught_by(dense, "lenet_300_100"), copy.deepcopy(dense)
    masks = prune(model, train, guide, 0.05, epochs=2, seed=0)
    for name, parameter in model.named_parameters():
        if name in masks:
            assert not parameter.detach()[~masks[name]].any()
    share(model, train, guide, bits_of(model, 3, 4), epochs=1, seed=0)
    for parameter in model.parameters():
        values = parameter.detach().unique()
        assert len(values) <= (8 if parameter.ndim > 1 else 16) + 1
        assert torch.equal(values, values.half().float())
    again = unpack(pack(model), lenet_300_100())
    assert all(
        torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True)
    )


def test_lessons_hold_what_the_teachers_say_of_the_changed_images():
    train, change = images(), baselines.recipe("lenet5").augment
    teachers = [baselines.load("lenet5", seed=seed) for seed in (0, 1)]
    lessons = Lessons(teachers, train, change, copies=3, seed=5)
    assert len(lessons.split) == 3 * len(train)
    assert torch.equal(lessons.split.labels, train.labels.repeat(3))
    assert not torch.equal(lessons.split.images[:24], lessons.split.images[24:48])
    picked = torch.tensor([1, 30, 71])
    with torch.no_grad():
        said = sum(teacher(lessons.split.images[picked]) for teacher in teachers) / 2
    student, labels = torch.randn(3, 10), lessons.split.labels[picked]
    # Hinton's loss, written down once more: temperature 2, nine parts soft labels.
    wanted, found = (said / 2).softmax(1), (student / 2).softmax(1)
    soft = 4 * (wanted * (wanted / found).log()).sum(1).mean()
    hard = -student.log_softmax(1)[torch.arange(3), labels].mean()
    batch = Batch(student, labels, picked)  # the images stand for their logits
    _, loss = lessons.guide.loss_fn(nn.Identity(), batch)
    assert float(loss) == pytest.approx(float(0.9 * soft + 0.1 * hard), rel=1e-4)
    assert lessons.guide.augment is None


def test_bad_teachers_are_named():
    with pytest.raises(ValueError, match="teachers must hold at least one network"):
        Lessons([], images(), data.RandomAffine(), copies=1, seed=0)
    with pytest.raises(ValueError, match="copies must be at least 1, got 0"):
        Lessons([lenet5()], images(), data.RandomAffine(), copies=0, seed=0)
    with pytest.raises(ValueError, match="teachers must be 'lenet5' or 'itself', got 'resnet'"):
        teachers_of("resnet", lenet5())


def test_the_table_of_layers_is_the_papers_sum():
    model = lenet_300_100()
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        if parameter.ndim > 1:
            parameter.data[torch.rand(parameter.shape, generator=generator) > 0.1] = 0
    share(model, images(), taught_by(model, "lenet5"), paper_bits(model), epochs=0, seed=0)
    rows = {row["layer"]: row for row in layer_table(model)}
    assert list(rows) == ["fc1", "fc2", "fc3", "total"]
    weight = model.fc1.weight.detach().numpy()
    values, places = weight[weight != 0], np.flatnonzero(weight)
    row = rows["fc1"]
    assert row["kept"] == len(values) / 235_200
    assert row["weight bits (P+Q)"] == pytest.approx(6, abs=0.01)
    gaps = to_relative(places, 5)
    assert row["index bits (P+Q)"] == pytest.approx(5 * len(gaps) / len(values), abs=0.01)
    for kind, symbols in (("weight", np.unique(values, return_inverse=True)[1]), ("index", gaps)):
        lengths = code_lengths(counts_of(symbols))
        assert canonical_codes(lengths).max() > 0
        spent = int(lengths[symbols].sum()) / len(values)
        assert row[f"{kind} bits (P+Q+H)"] == pytest.approx(spent, abs=0.01)
    bits = sum(row[f"{kind} bits (P+Q+H)"] for kind in ("weight", "index"))
    book = 16 * 64 / 235_200  # half-precision values
    assert row["rate (P+Q+H)"] == pytest.approx((row["kept"] * bits + book) / 32, rel=0.02)
    total = sum(rows[name]["rate (P+Q)"] * rows[name]["weights"] for name in ("fc1", "fc2", "fc3"))
    assert rows["total"]["rate (P+Q)"] * 266_200 == pytest.approx(total)
