"""labcode.basics against PyTorch: both tellings of convolution, local layers, fields, moves."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from labcode import basics, cost
from labcode.basics import Window, pictures, poolings
from labcode.models import field_network
from tests.examples import examples

SIZES = st.tuples(
    st.integers(1, 3),  # C_in
    st.integers(1, 3),  # C_out
    st.integers(1, 3),  # k_h
    st.integers(1, 3),  # k_w
    st.integers(3, 7),  # H
    st.integers(3, 7),  # W
    st.integers(0, 2**31),  # seed
)


def sample(sizes: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    c_in, c_out, k_h, k_w, height, width, seed = sizes
    generator = torch.Generator().manual_seed(seed)
    image = torch.randn(c_in, height, width, generator=generator, dtype=torch.float64)
    return image, torch.randn(c_out, c_in, k_h, k_w, generator=generator, dtype=torch.float64)


@given(SIZES)
@settings(max_examples=examples(60))
def test_both_tellings_equal_pytorch(sizes: tuple[int, ...]) -> None:
    image, filters = sample(sizes)
    expected = F.conv2d(image[None], filters)[0]
    for by_hand in (basics.convolve_by_neurons, basics.convolve_by_sweeping):
        torch.testing.assert_close(by_hand(image, filters), expected)


@given(SIZES)
@settings(max_examples=examples(40))
def test_neurons_hold_no_weight_outside_their_patch(sizes: tuple[int, ...]) -> None:
    image, filters = sample(sizes)
    weights = basics.neuron_weights(filters, tuple(image.shape[1:]))
    joined = (weights != 0).flatten(3).sum(dim=3)
    assert (joined == filters[0].numel()).all()
    assert weights.unique().numel() == filters.unique().numel() + (weights == 0).any()


@pytest.mark.parametrize("telling", [basics.convolve_by_neurons, basics.convolve_by_sweeping])
@pytest.mark.parametrize(
    ("image", "filters", "message"),
    [
        ((5, 5), (1, 1, 3, 3), r"image must be \(C_in, H, W\), got \(5, 5\)"),
        ((2, 5, 5), (1, 1, 3, 3), r"filters must be \(C_out, 2, k, k\)"),
        ((1, 5, 5), (1, 3, 3), r"filters must be \(C_out, 1, k, k\)"),
        ((1, 5, 5), (1, 1, 6, 3), r"larger than the image of \(5, 5\)"),
    ],
)
def test_shapes_that_do_not_fit_are_named(telling, image, filters, message) -> None:
    with pytest.raises(ValueError, match=message):
        telling(torch.zeros(image), torch.zeros(filters))


@given(SIZES)
@settings(max_examples=examples(40))
def test_local_layer_with_equal_weights_is_a_convolution(sizes: tuple[int, ...]) -> None:
    image, filters = sample(sizes)
    c_out, c_in = filters.shape[:2]
    kernel, size = tuple(filters.shape[2:]), tuple(image.shape[1:])
    layer = basics.LocallyConnected2d(c_in, c_out, kernel, size, bias=False).double()
    layer.copy_filters(filters)
    torch.testing.assert_close(layer(image[None]), F.conv2d(image[None], filters))


@given(SIZES, st.booleans())
@settings(max_examples=examples(40))
def test_local_layer_has_the_parameters_of_the_formula(sizes: tuple[int, ...], bias: bool) -> None:
    c_in, c_out, k_h, k_w, height, width, _ = sizes
    layer = basics.LocallyConnected2d(c_in, c_out, (k_h, k_w), (height, width), bias=bias)
    formula = cost.locally_connected2d(c_in, c_out, (k_h, k_w), (height, width), bias=bias)
    assert sum(p.numel() for p in layer.parameters()) == formula.params
    assert layer.output_size == formula.output_size


def test_each_place_of_a_local_layer_reads_its_own_weights() -> None:
    layer = basics.LocallyConnected2d(1, 1, 2, 3, bias=True)
    before = layer(image := torch.rand(1, 1, 3, 3))
    with torch.no_grad():
        layer.weight[0, :, 3] += 1  # the lower right place alone
    changed = (layer(image) - before).detach()[0, 0]
    assert changed[1, 1] == pytest.approx(float(image[0, 0, 1:, 1:].sum()), abs=1e-6)
    assert changed.flatten()[:3].abs().max() == 0
    with pytest.raises(ValueError, match="images must be"):
        layer(torch.rand(1, 1, 4, 4))


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.integers(1, 2), st.sampled_from("cp")),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=examples(40))
def test_receptive_field_is_what_the_gradient_sees(stack: list[tuple[int, int, str]]) -> None:
    layers: list[nn.Module] = []
    for kernel, stride, kind in stack:
        if kind == "c":
            layers.append(nn.Conv2d(1, 1, kernel, stride))
            nn.init.uniform_(layers[-1].weight, 0.5, 1.0)  # no weight hides a pixel
        else:
            layers.append(nn.AvgPool2d(kernel, stride))
    seen = basics.seen_by(nn.Sequential(*layers), torch.rand(1, 64, 64))
    expected = basics.receptive_field([Window(kernel, stride) for kernel, stride, _ in stack])
    # A stride wider than its window leaves holes, so the box around what is seen counts.
    rows, columns = seen.sum(dim=1).nonzero().flatten(), seen.sum(dim=0).nonzero().flatten()
    assert rows[-1] - rows[0] + 1 == columns[-1] - columns[0] + 1 == expected


@given(st.integers(-4, 4), st.integers(-4, 4))
def test_shift_moves_every_pixel_that_stays(down: int, right: int) -> None:
    image = torch.arange(1, 26).reshape(5, 5)
    moved = basics.shift(image, down, right)
    assert moved.shape == image.shape
    for row in range(5):
        for column in range(5):
            source = (row - down, column - right)
            inside = all(0 <= index < 5 for index in source)
            assert moved[row, column] == (image[source] if inside else 0)


def test_place_equals_shift_of_a_padded_image_and_refuses_the_edge() -> None:
    image = torch.rand(1, 3, 3)
    upper_left = F.pad(image, (0, 2, 0, 2))
    assert basics.place(image, 5, 2, 1).equal(basics.shift(upper_left, 2, 1))
    with pytest.raises(ValueError, match=r"top=3, left=0 reaches over a canvas of 5 × 5"):
        basics.place(image, 5, 3, 0)


@given(st.integers(1, 4), st.integers(1, 4))
def test_what_is_kept_is_a_square_th(step: int, times: int) -> None:
    images = torch.rand(1, 1, step * times, step * times)
    kept = basics.keep_every(images, step)
    assert kept.numel() * step**2 == images.numel()
    assert basics.keep_every(basics.enlarge(kept, step), step).equal(kept)
    torch.testing.assert_close(basics.mean_groups(images, step).mean(), images.mean())


def test_random_pixels_differ_between_images_and_repeat_with_the_seed() -> None:
    images = torch.ones(2, 1, 28, 28)
    kept = basics.keep_random(images, 0.25, seed=3)
    assert kept.equal(basics.keep_random(images, 0.25, seed=3))
    assert not kept[0].equal(kept[1])
    assert kept.unique().tolist() == [0, 1]


def test_sound_is_swept_as_pytorch_convolves() -> None:
    signal, weights = basics.tones([500, 1000]), torch.rand(16)
    expected = F.conv1d(signal[None, None], weights[None, None])[0, 0]
    torch.testing.assert_close(basics.sweep_1d(signal, weights), expected)
    with pytest.raises(ValueError, match="no longer than the signal"):
        basics.sweep_1d(weights, signal)


class _Ink(nn.Module):
    """Says class 1 where the upper left pixel is set; so a shift changes its mind."""

    def forward(self, images: Tensor) -> Tensor:
        corner = images[:, 0, 0, 0]
        return torch.stack([0.5 - corner, corner - 0.5], dim=1)


def test_steadiness_counts_what_changed() -> None:
    images = torch.zeros(4, 1, 5, 5)
    images[0, 0, 0, 0] = 1  # changes with all four shifts
    images[1, 0, 2, 0] = 1  # comes to the corner with one of four shifts
    assert basics.share_changed(_Ink(), images, 2) == pytest.approx((4 + 1) / 16)
    blank = basics.change_of_features(lambda x: x, images[2:], 2)
    moved = basics.change_of_features(lambda x: x, images[1:2], 1)
    assert blank == 0
    # Three shifts move the dot away (distance √2 of length 1), one pushes it over the edge.
    assert moved == pytest.approx((3 * 2**0.5 + 1) / 4)


@pytest.mark.parametrize("layers", range(7))
def test_field_networks_have_about_equal_parameters_and_the_field_said(layers: int) -> None:
    model = field_network(layers)
    assert sum(p.numel() for p in model.parameters()) == pytest.approx(6000, rel=0.06)
    convolutions = model[:-3]  # without vote, average and flatten
    image = torch.rand(1, 27, 27)
    channels = range(convolutions[0].out_channels)
    # A ReLU may hide a pixel from one channel, but not from all.
    seen = torch.stack([basics.seen_by(convolutions, image, channel=c) for c in channels])
    rows = seen.sum(dim=(0, 2)).nonzero()
    assert rows[-1] - rows[0] + 1 == 1 + 2 * layers


def test_dropping_after_a_convolution_equals_its_stride() -> None:
    images = torch.rand(2, 1, 9, 9)
    conv = nn.Conv2d(1, 3, 3)
    strided = F.conv2d(images, conv.weight, conv.bias, stride=2)  # (2, 3, 4, 4)
    torch.testing.assert_close(basics.keep_every(conv(images), 2), strided)
    dropped = poolings.pooling("drop", 2)(conv(images))  # (2, 3, 3, 3): whole groups of 7 × 7
    torch.testing.assert_close(dropped, strided[:, :, :3, :3])
    assert dropped.shape == poolings.pooling("max", 2)(conv(images)).shape


@pytest.mark.parametrize("kind", poolings.POOLINGS)
def test_pooling_has_nothing_to_learn(kind: str) -> None:
    operator = poolings.pooling(kind, 2)
    assert not list(operator.parameters())
    assert not operator.state_dict()
    with pytest.raises(ValueError, match="kind must be one of"):
        poolings.pooling("median", 2)


def test_blur_keeps_a_flat_map_flat_and_halves_it() -> None:
    blurred = poolings.Blur()(torch.ones(1, 2, 8, 8))
    assert blurred.shape == (1, 2, 4, 4)
    torch.testing.assert_close(blurred[:, :, 1:, 1:], torch.ones(1, 2, 3, 3))


@pytest.mark.parametrize(("values", "written"), [([0.2, 0.4], "50 %"), ([20.0, 40.0], "50")])
def test_a_part_of_a_whole_is_written_in_per_cent(values: list[float], written: str) -> None:
    axes = plt.figure().subplots()
    runs = pd.DataFrame({"seed": [0, 0], "size": [1, 2], "found": values})
    pictures.line_with_spread(axes, runs, "size", "found", "", "black")
    axes.set_ylim(0, 1 if values[0] < 1 else 100)
    axes.set_yticks([0.5 if values[0] < 1 else 50])
    axes.figure.canvas.draw()
    assert [label.get_text() for label in axes.get_yticklabels()] == [written]


@pytest.mark.slow
def test_tiles_are_drawn_one_by_one() -> None:
    figure = pictures.show_tiles(torch.randn(5, 4, 4), columns=3, titles=["a"], signed=True)
    drawn = [axes for axes in figure.axes if axes.images]
    assert len(drawn) == 5
    low, high = drawn[0].images[0].get_clim()
    assert low == -high < 0
    assert drawn[0].get_title() == "a"
