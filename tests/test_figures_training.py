"""Drawings of hints, of dense scales and of exits' gradients, against the networks themselves."""

import re
from fractions import Fraction
from itertools import accumulate

import pytest
import torch
from torch import nn

from labcode import early_exit, models
from labcode.data.dataset import Split
from labcode.distillation import fit_hints
from labcode.early_exit.training import exit_logits
from labcode.models.exit_network import ExitNetwork
from labcode.models.msd_net import DenseLayer, Stem
from labcode.pages import figures
from labcode.pages.figures import backwards, hinting, scales
from labcode.show.pictures import Circle, Polygon, Polyline, Rect, Words
from labcode.studies.distillation import trials
from tests.test_figures import numbers


def of(figure, kind, style=""):
    shapes = [shape for panel in figure.panels for shape in panel.shapes]
    return [s for s in shapes if isinstance(s, kind) and s.style.startswith(style)]


def inside(figure, boxes):
    """The words in each box, from the top down."""
    return [
        [
            word.text
            for word in of(figure, Words)
            if box.x < word.x < box.x + box.width and box.y < word.y < box.y + box.height
        ]
        for box in boxes
    ]


# --- hints ---


def test_hints_go_between_the_layers_of_the_trials(monkeypatch):
    asked = []
    monkeypatch.setattr(trials, "teacher", lambda seed: None)
    monkeypatch.setattr(trials, "loss_of", lambda *_, **__: None)
    monkeypatch.setattr(trials, "train", lambda *_, **__: None)
    monkeypatch.setattr(trials, "fit_hints", lambda *args, **_: asked.extend(args[1::2]))
    trials.trained_student("hints, then teacher", 500, seed=0)
    assert asked[:2] == [hinting.STUDENT, hinting.TEACHER]


def shapes_of(network):
    """What each layer gives for an image, as hooks see it."""
    shapes = {}
    for name, layer in network.named_children():
        layer.register_forward_hook(
            lambda _layer, _in, out, name=name: shapes.update({name: tuple(out.shape[1:])})
        )
    network(torch.zeros(1, 1, 28, 28))
    return shapes


def test_both_chains_have_the_layers_and_shapes_of_the_networks():
    drawn = inside(figures.hints(), of(figures.hints(), Rect))
    for network in (models.lenet5(), models.student()):
        shapes = shapes_of(network)
        found = {text.partition(":")[0]: shape for text, shape in (d for d in drawn if len(d) == 2)}
        for name, shape in shapes.items():
            assert found[name] == " × ".join(map(str, shape))
    narrow, wide = models.student()[2].out_channels, models.lenet5().conv2.out_channels
    assert [f"1×1, {narrow} to {wide}"] in drawn
    assert numbers(figures.hints().panels[0].label) == [1, 3, narrow, 1, 1, wide, 2]


def test_dashed_layers_of_the_student_do_not_learn():
    figure = figures.hints()
    dashed = [text.partition(":")[0] for text, _ in inside(figure, of(figure, Rect, "ghost"))]
    blue = [text.partition(":")[0] for text, _ in inside(figure, of(figure, Rect, "box a"))]
    student, first = models.student(), models.student().state_dict()
    teacher = models.lenet5()
    kept = {name: value.clone() for name, value in teacher.state_dict().items()}
    images = torch.rand(32, 1, 28, 28)
    split = Split(images, torch.zeros(32, dtype=torch.int64))
    fit_hints(student, hinting.STUDENT, teacher, hinting.TEACHER, split, epochs=1)
    moved = {
        name.partition(".")[0]
        for name, value in student.state_dict().items()
        if not torch.equal(value, first[name])
    }
    weighty = {name.partition(".")[0] for name in first}
    assert moved == weighty & set(blue)
    assert weighty - moved == weighty & set(dashed) == {"5"}
    assert {"fc1", "fc2"} < set(dashed)
    for name, value in teacher.state_dict().items():
        assert torch.equal(value, kept[name])


def test_the_way_of_the_hint_is_level():
    figure = figures.hints()
    boxes = dict(
        zip((text[0] for text in inside(figure, of(figure, Rect))), of(figure, Rect), strict=True)
    )
    ends = [boxes["pool2"], boxes["1×1, 8 to 50"], boxes["3: ReLU"]]
    assert len({box.y + box.height / 2 for box in ends}) == 1
    assert [box.x for box in ends] == sorted(box.x for box in ends)


# --- multi-scale dense networks ---


def dense_layers(network):
    return [part for part in network.modules() if isinstance(part, DenseLayer)]


def test_each_layer_reads_the_channels_that_stand_before_it():
    fine, coarse = scales.scales()
    layers = dense_layers(models.msd_net())
    assert len(coarse) == len(layers) + 1
    for at, layer in enumerate(layers):
        assert layer.keep_coarse[0].in_channels == coarse[at][0]
        assert (layer.keep_fine is None) == (layer.down is None) == (at >= len(fine) - 1)
        if layer.down is not None:
            assert layer.down[0].in_channels == layer.keep_fine[0].in_channels == fine[at][0]
            assert layer.down[0].stride == (2, 2)


def test_the_drawn_channels_are_those_of_the_convolutions():
    figure, network = figures.multi_scale_dense(), models.msd_net()
    stem = next(part for part in network.modules() if isinstance(part, Stem))
    layers = dense_layers(network)

    def made(*convs):
        return sum(conv[0].out_channels for conv in convs if conv is not None)

    fine = [made(stem.fine), *(made(x.keep_fine) for x in layers if x.keep_fine is not None)]
    coarse = [made(stem.coarse), *(made(x.keep_coarse, x.down) for x in layers)]
    rows = [of(figure, Rect, "box a") + of(figure, Rect, "ghost"), of(figure, Rect, "box c")]
    assert [[int(n) for (n,) in inside(figure, row)] for row in rows] == [fine, coarse]
    reads = [exit_.fc.in_features // 9 for exit_ in network.exits]  # 3 x 3 means of each
    so_far = list(accumulate(coarse))
    assert reads == [so_far[2], so_far[4], so_far[6], so_far[8]]
    assert numbers(figure.panels[0].label) == [8, 4, 4, *reads]
    lowest = max(word.y for word in of(figure, Words))
    foot = [word.text for word in of(figure, Words) if word.y == lowest]
    assert foot == ["reads", *map(str, reads)]


def test_maps_have_the_drawn_sizes():
    stem = next(part for part in models.msd_net().modules() if isinstance(part, Stem))
    said = [word.text for word in of(figures.multi_scale_dense(), Words)]
    for name, map_ in zip(("fine", "coarse"), stem(torch.zeros(2, 1, 28, 28)), strict=True):
        assert f"{name} map, {map_.shape[2]} × {map_.shape[3]}" in said


def test_nothing_reads_the_dashed_map():
    network = models.msd_net()
    network.all_logits(torch.rand(4, 1, 28, 28)).sum().backward()
    idle = [part for part in dense_layers(network) if part.keep_fine is not None]
    unread = [at for at, part in enumerate(idle) if part.keep_fine[0].weight.grad is None]
    figure = figures.multi_scale_dense()
    (dashed,) = of(figure, Rect, "ghost")
    column = (dashed.x + dashed.width / 2 - scales.FIRST) / scales.STEP
    assert [at + 1 for at in unread] == [column] == [4]
    without = [name for name, value in network.named_parameters() if value.grad is None]
    assert all("keep_fine" in name for name in without)


def test_lines_leave_what_they_read_and_reach_what_is_made():
    figure, (fine, coarse) = figures.multi_scale_dense(), scales.scales()
    dots = of(figure, Circle)
    joined = {"a": len(fine) - 1, "c": len(coarse)}  # the last fine map joins nothing
    for tone, count in joined.items():
        (line,) = of(figure, Polyline, f"curve {tone}")
        start, end = (float(place.partition(",")[0]) for place in line.points.split())
        at = [dot.cx for dot in dots if dot.style == f"full {tone}"]
        assert len(at) == count
        assert at[0] == start
        assert at[-1] < end
    # the image, the stem's way down; then each layer reads; each exit
    layers = (len(fine) - 1) * 2 + len(coarse) - 1
    assert len(of(figure, Polygon, "head")) == 2 + layers + len(models.msd_net().exits)


def test_an_exit_stands_behind_the_layers_of_its_stage():
    figure, network = figures.multi_scale_dense(), models.msd_net()
    joins = [dot.cx for dot in of(figure, Circle, "full c")]
    behind = list(accumulate(len(stage.layers) for stage in network.stages))
    for box, layers in zip(of(figure, Rect, "box b"), behind, strict=True):
        middle = box.x + box.width / 2
        assert sum(join < middle for join in joins) == layers + 1  # the stem's joins too


# --- gradients of exits ---


class Passes(nn.Module):
    """A stage that hands its map on; its output can be looked at."""

    def forward(self, features):
        (x,) = features
        self.out = x.clone()
        self.out.retain_grad()
        return (self.out,)


def heard_by(stage, exit_, method):
    """The gradient of one exit's answer that arrives at the output of one stage."""
    network = ExitNetwork([Passes() for _ in range(4)], [nn.Identity()] * 4, (1, 1, 1))
    x = torch.ones(1, 1, dtype=torch.float64, requires_grad=True)
    exit_logits(network, x, method)[exit_].sum().backward()
    found = network.stages[stage].out.grad
    return 0.0 if found is None else float(found)


@pytest.mark.parametrize("way", backwards.WAYS)
def test_the_factors_are_those_that_training_applies(way):
    found, method = backwards.factors(way), early_exit.METHODS[way]
    for exit_ in range(4):
        for stage in range(exit_ + 1):
            passed = found.own[exit_]
            for factor in found.behind[stage:exit_]:
                passed = passed * factor
            assert heard_by(stage, exit_, method) == pytest.approx(float(passed), abs=1e-12)
    at_first = [heard_by(0, exit_, method) for exit_ in range(4)]
    assert at_first == pytest.approx([float(share) for share in backwards.heard(found)])


def test_the_panels_say_the_factors():
    tenth, equal = figures.gradients_of_exits().panels
    said = [
        [word.text.removeprefix("× ") for word in panel.shapes if isinstance(word, Words)]
        for panel in (tenth, equal)
    ]
    assert [text for text in said[0] if re.fullmatch(r"[\d.]+", text)] == ["0.1"] * 3
    assert [text for text in said[1] if re.fullmatch(r"\d/\d", text)] == [
        *("1/4", "1/3", "1/2"),
        *("3/4", "2/3", "1/2"),
    ]
    assert [line[-1] for line in said] == ["0.1 + 0.1 + 0.1 + 1", "1/4 + 1/4 + 1/4 + 1/4"]
    assert sum(map(Fraction, said[1][-1].split(" + "))) == 1
    assert len(models.exit_cnn().exits) == backwards.STAGES


def test_gradients_run_upwards_and_to_the_left():
    for panel in figures.gradients_of_exits().panels:
        ways = []
        for shape in panel.shapes:
            if isinstance(shape, Polyline):
                (x, y), (to_x, to_y) = (
                    map(float, place.split(",")) for place in shape.points.split()
                )
                ways.append(((to_x > x) - (to_x < x), (to_y > y) - (to_y < y)))
        assert sorted(ways) == [(-1, 0)] * 4 + [(0, -1)] * 3
