"""Drawings: well-formed, legible, nothing cut off or overlapping, and their numbers right."""

import inspect
import itertools
import re
import xml.etree.ElementTree as ElementTree
from base64 import b64decode

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

import labcode
from labcode import cost, models, pruning
from labcode.models.googlenet import InceptionV1
from labcode.models.late_squeezenet import POOLS
from labcode.models.slimmable_cnn import slimmable_cnn
from labcode.pages import figures
from labcode.pages.figures import (
    budgets,
    convolving,
    cutting,
    integers,
    masks,
    phones,
    pooled,
    squeezenets,
)
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.letters import SIZE, width_of
from labcode.pages.figures.look import FALLBACKS, STYLE_SHEET, look
from labcode.pages.figures.neurons import EDGES
from labcode.quantization import affine_params
from labcode.show.pictures import Picture, Words
from tests.examples import examples

PHONE = 340.0  # pixels of a page's text on a phone of 390, at least
LEAST = 12.0  # pixels of letters, at least
SVG = "{http://www.w3.org/2000/svg}"


def drawn() -> dict[str, Figure]:
    """Every drawing with its first settings; that of any network for one of ours."""
    found = {}
    for name in figures.__all__:
        function = getattr(figures, name)
        if name == "layers_of":
            found[name] = function(models.small_cnn(), (1, 28, 28))
        elif inspect.isfunction(function):
            found[name] = function()
    return found


ALL = drawn()
SVGS = [(name, at, svg) for name, figure in ALL.items() for at, svg in enumerate(figure.svgs())]
OTHERS = [
    figures.fire(512, 64, 256),
    figures.se_block(256, 16),
    figures.mobilenet_block(64, 112),
    figures.inverted_residual(32),
    figures.channel_compression(512, 128),
    figures.low_rank(100, 900, 20),
    figures.low_rank(300, 300, 150),
    figures.convolution(2, 2),
    figures.receptive_fields(4, 3),
    figures.channel_shuffle(2, 3),
    figures.number_line(-1, 2, 4),
    figures.mobilenet_table(50, 128),
    figures.separable_convolution(2, 6),
    figures.grouped_convolution(6, 6, 3),
    figures.hard_and_soft_label("like a 1", 8),
    figures.huffman((3, 1)),
    figures.activation_memory([("input", (1,)), ("small", (1,)), ("large", (900, 900, 900))]),
]
PANELS = [(name, at, panel) for name, fig in ALL.items() for at, panel in enumerate(fig.panels)]
PANELS += [("others", at, panel) for at, fig in enumerate(OTHERS) for panel in fig.panels]


def ids(case):
    return f"{case[0]}-{case[1]}"


def numbers(text: str) -> list[float]:
    """The numbers in a sentence, without the commas between thousands."""
    return [float(found.replace(",", "")) for found in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


# --- form ---


@pytest.mark.parametrize("case", SVGS, ids=ids)
def test_each_picture_is_an_svg_file_with_a_title_that_asks_for_nothing(case):
    root = ElementTree.fromstring(case[2])
    assert root.tag == SVG + "svg"
    assert root.get("role") == "img"
    title = root.find(SVG + "title").text
    assert 3 <= len(title) <= 70
    assert root.get("aria-label").startswith(title + ":")
    assert re.findall(r'href|url\(|src=|@import|https?://(?!www\.w3\.org/2000/svg")', case[2]) == []


@pytest.mark.parametrize("case", PANELS, ids=ids)
def test_letters_are_large_enough_on_a_phone(case):
    panel = case[2]
    assert SIZE * min(1.0, PHONE / panel.width) >= LEAST
    assert "font-size" not in "".join(look(shape.style) for shape in words_of(panel))


def words_of(panel: Picture) -> list[Words]:
    return [shape for shape in panel.shapes if isinstance(shape, Words)]


def frame(words: Words) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a line of words, about."""
    wide = width_of(words.text, bold="strong" in words.style)
    before = {"middle": wide / 2, "end": wide}.get(words.text_anchor or "start", 0.0)
    left = words.x - before
    return left, words.y - 0.74 * SIZE, left + wide, words.y + 0.2 * SIZE


@pytest.mark.parametrize("case", PANELS, ids=ids)
def test_no_words_are_cut_off(case):
    panel = case[2]
    outside = [
        (shape.text, box)
        for shape in words_of(panel)
        for box in [tuple(round(side) for side in frame(shape))]
        if box[0] < 0 or box[1] < 0 or box[2] > panel.width + 0.5 or box[3] > panel.height + 0.5
    ]
    assert outside == []


def overlapping(panel: Picture) -> list[tuple[str, str]]:
    return [
        (one.text, other.text)
        for one, other in itertools.combinations(words_of(panel), 2)
        for a, b in [(frame(one), frame(other))]
        if min(a[2], b[2]) - max(a[0], b[0]) > 0.5 and min(a[3], b[3]) - max(a[1], b[1]) > 0.5
    ]


@pytest.mark.parametrize("case", PANELS, ids=ids)
def test_no_words_stand_on_others(case):
    assert overlapping(case[2]) == []


def test_the_tests_of_words_can_fail():
    crowded = Picture(40, 20, "x: y", (Words("word", 0, 12, "here"), Words("word", 9, 15, "there")))
    assert overlapping(crowded) == [("here", "there")]
    assert frame(Words("strong", 30, 12, "long", "end"))[0] < 0 < frame(crowded.shapes[0])[2]


@pytest.mark.parametrize("name", ALL)
def test_a_page_gets_the_pictures_and_images_that_stand_alone(name):
    bundle = ALL[name]._repr_mimebundle_()
    html = bundle["text/html"]
    stored = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    assert [b64decode(data).decode() for data in stored] == ALL[name].svgs()
    assert bundle["text/plain"].count("\n") + 1 == len(ALL[name].panels)
    assert len(re.findall(r'<img alt="[^"]{20,}"', html)) == len(stored)


@pytest.mark.parametrize("name", ALL)
def test_a_drawing_is_the_same_each_time(name):
    if name != "layers_of":
        assert getattr(figures, name)().html() == ALL[name].html()


@pytest.mark.parametrize("name", ALL)
def test_words_of_a_drawing_stay_hidden_where_no_style_is_allowed(name):
    # JupyterLab drops an attribute without a value: then all words stand bare above the image.
    assert '<div class="fig" hidden="hidden">' in ALL[name].html()


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("ground", ["#ffffff", "#0d1117", "#111111"])  # white, GitHub's, Lab's dark
def test_pictures_that_stand_alone_read_on_white_and_on_black(ground):
    for role in ("text", "muted", "n", "a", "b", "c"):
        assert contrast(FALLBACKS[role], ground) >= (4.0 if role in ("text", "muted") else 3.0)


def test_the_page_s_tones_stand_out_from_its_ground():
    light, dark = re.findall(r"--fig-a:(#\w+);--fig-b:(#\w+);--fig-c:(#\w+)", STYLE_SHEET)
    assert min(contrast(tone, "#ffffff") for tone in light) >= 4.5
    assert min(contrast(tone, "#14181e") for tone in dark) >= 4.5


def test_a_style_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"style must be one of .* got 'glitter'"):
        look("glitter a")


# --- numbers ---


def test_a_filter_takes_as_many_weights_as_pruning_removes():
    first = nn.Conv2d(cutting.INPUTS, cutting.MIDDLE, 1, bias=False)
    chain = nn.Sequential(first, nn.Conv2d(cutting.MIDDLE, cutting.OUTPUTS, 1, bias=False))
    for gone in (0, 1, 2):
        plan = pruning.chain_plan(chain, {"0": range(gone, cutting.MIDDLE)}, (cutting.INPUTS, 4, 4))
        smaller = pruning.cut(chain, plan, (cutting.INPUTS, 4, 4))
        assert tuple(p.numel() for p in smaller.parameters()) == cutting.weights_left(gone)


def test_pooling_is_that_of_torch():
    numbers = torch.tensor(pooled.MAP)[None, None].float()
    assert pooled.pooled(max) == F.max_pool2d(numbers, 2)[0, 0].tolist()
    assert pooled.pooled(pooled.mean) == F.avg_pool2d(numbers, 2)[0, 0].tolist()


def test_the_convolution_is_the_one_of_pytorch():
    image = torch.tensor(convolving.IMAGE)[None, None].float()
    filters = torch.tensor(convolving.FILTER)[None, None].float()
    expected = F.conv2d(image, filters)[0, 0]
    assert convolving.output_of(convolving.IMAGE, convolving.FILTER) == expected.int().tolist()
    label = figures.convolution(2, 0).panels[0].label
    assert label.endswith(f"gives {int(expected[2, 0])}.")


def test_standard_and_separable_have_the_notes_numbers():
    standard, separable = figures.separable_convolution().panels
    assert numbers(standard.label) == [3, 4, 108, 972]
    assert numbers(separable.label) == [3, 4, 39, 351]
    depthwise, pointwise = (
        figures.depthwise_convolution().panels[0],
        figures.pointwise_convolution().panels[0],
    )
    assert numbers(depthwise.label)[2:] == [27, 243]
    assert numbers(pointwise.label)[2:] == [12, 108]
    assert 2 * numbers(figures.grouped_convolution().panels[0].label)[2] == 4 * 4 * 9


def texts(figure: Figure) -> list[str]:
    return [shape.text for panel in figure.panels for shape in words_of(panel)]


def test_lenet5_has_the_shapes_and_parameters_of_the_network():
    network = models.lenet5()
    said = texts(figures.lenet5())
    sizes = [sum(p.numel() for p in layer.parameters()) for layer in network.children()]
    for shape in ("1 × 28 × 28", "20 × 24 × 24", "20 × 12 × 12", "50 × 8 × 8", "50 × 4 × 4"):
        assert said.count(shape) == 1
    for size in filter(None, sizes):
        short = f"{size:,}" if size < 100_000 else f"{size / 1000:.3g} k"
        assert short in said, size
    assert said[-1] == f"{sum(sizes):,}" == "431,080"


def test_resnet8_has_the_shapes_and_parameters_of_its_blocks():
    network = models.resnet8()
    said = texts(figures.resnet8())
    x = torch.zeros(1, 3, 32, 32)
    for name, *modules in (("conv, 3×3", network.conv, network.bn), *blocks_of(network)):
        x = nn.Sequential(*modules)(x)
        size = sum(p.numel() for module in modules for p in module.parameters())
        shape = " × ".join(map(str, x.shape[1:]))
        at = said.index(name)
        assert said[at + 1 : at + 3] == [shape, f"{size:,}"]
    assert said[-1] == f"{sum(p.numel() for p in network.parameters()):,}"


def blocks_of(network: nn.Module) -> list[tuple[str, nn.Module]]:
    names = ("block 1", "block 2, /2", "block 3, /2")
    return list(zip(names, (network.block1, network.block2, network.block3), strict=True))


def test_mobilenet_s_table_has_its_weights():
    network = models.mobilenet_v1()
    weights = [
        layer.weight.numel()
        for layer in network.modules()
        if isinstance(layer, (nn.Conv2d, nn.Linear))
    ]
    assert texts(figures.mobilenet_table())[-1] == f"{sum(weights):,}"


def test_fire_and_se_have_the_parameters_of_the_layers():
    fire = sum(p.numel() for p in models.Fire(96, 16, 64, 64).parameters())
    assert numbers(figures.fire().panels[0].label)[-1] == fire
    excite = sum(p.numel() for p in models.SqueezeExcite(64, reduction=16).parameters())
    assert numbers(figures.se_block().panels[0].label)[-1] == excite


def test_inception_has_the_filters_of_module_3a():
    module = next(m for m in models.googlenet().modules() if isinstance(m, InceptionV1))
    convs = [m for m in module.modules() if isinstance(m, nn.Conv2d)]
    counts = [conv.out_channels for conv in convs]
    in_boxes = [float(text) for text in texts(figures.inception()) if text.isdigit()]
    assert sorted(in_boxes) == sorted(counts)
    assert convs[0].in_channels == 192


@pytest.mark.parametrize("when", squeezenets.POOLS)
def test_early_and_late_pooling_cost_what_the_networks_cost(when):
    network = models.late_squeezenet(POOLS[when])
    macs = labcode.count(network, (1, 28, 28)).macs
    assert squeezenets.sizes_and_macs(squeezenets.POOLS[when])[1] == macs


def test_bypasses_stand_where_the_channels_fit():
    channels = dict(zip(range(2, 10), (128, 128, 256, 256, 384, 384, 512, 512), strict=True))
    before = {2: 96, **{at: channels[at - 1] for at in range(3, 10)}}
    fitting = {f"fire{at}" for at in channels if channels[at] == before[at]}
    assert set(squeezenets.SIMPLE) == fitting
    assert set(squeezenets.OTHERS) == {f"fire{at}" for at in channels} - fitting


def test_the_number_line_is_the_quantizer_of_labcode():
    params = affine_params(-1.0, 2.0, 3)
    scale, zero = integers.scale_and_zero_point(-1.0, 2.0, 3)
    assert (scale, zero) == (pytest.approx(float(params.scale)), int(params.zero_point))
    codes = params.quantize(torch.tensor(integers.VALUES)).tolist()
    label = figures.number_line().panels[0].label
    assert label.endswith(f"become {', '.join(map(str, codes))}.")


def test_the_integer_layer_agrees_with_real_numbers():
    answer = numbers(figures.integer_layer().panels[0].label)[-1]
    assert (answer - 5) * 0.02 == pytest.approx(0.9 * 0.5 - 0.3 * 0.7, abs=0.01)


def test_the_packed_file_has_the_bytes_of_the_file():
    stored = labcode.weights.packed("lenet5", 0.018)
    found = numbers(figures.packed_file().panels[0].label)
    assert found[0] == len(stored) == sum(found[1:])


def test_exits_and_widths_cost_what_the_networks_cost():
    exits = numbers(figures.early_exits().panels[0].label)
    assert tuple(exits) == models.exit_macs(models.exit_cnn())
    network = slimmable_cnn()
    for share in budgets.WIDTHS:
        counted = labcode.count(network.cut(share), (1, 28, 28))
        assert budgets.width_cost(share).macs == counted.macs, share


def test_folded_branches_hold_the_weights_of_their_layers():
    layers = [nn.Conv2d(12, 12, side, bias=False) for side in (3, 1)]
    large, small = (layer.weight.numel() for layer in layers)
    training, use = (numbers(panel.label) for panel in figures.folded_branches(12).panels)
    assert training == [3, 3, large, 1, 1, small]
    assert use == [3, 3, large]


def test_no_file_is_shipped_without_a_check():
    said = str(figures.way_out())
    assert said.index("ONNX file") < said.index("same answers?") < said.index("int8 file")
    assert said.index("int8 file") < said.index("still right?") < said.index("process that answers")


@pytest.mark.slow
def test_what_networks_need_is_counted():
    built = {
        "VGG-16": (models.vgg16(), 224),
        "AlexNet": (models.alexnet(), 227),
        "SqueezeNet": (models.squeezenet(), 227),
        "MobileNet": (models.mobilenet_v1(), 224),
        "MobileNet, ½": (models.mobilenet_v1(width_multiplier=0.5), 224),
    }
    for need in phones.needs():
        network, size = built[need.name]
        counted = labcode.count(network.to("meta"), (3, size, size))
        assert need.macs == counted.macs, need.name
        assert need.bytes == 4 * counted.params, need.name


def test_activation_memory_is_that_of_the_tensors():
    network = models.keras_lightweight_cnn().eval()
    held = []

    def note(layer, inputs, output):
        held.append(inputs[0].nbytes + output.nbytes)

    for layer in (network.depthwise, network.pointwise, network.classifier):
        layer.register_forward_hook(note)
    network(torch.zeros(1, 3, 224, 224))
    said = re.findall(r"(depthwise|pointwise|classifier) ([\d.]+ \w+) and ([\d.]+ \w+)",
                      str(figures.activation_memory()))  # fmt: skip
    assert [name for name, *_ in said] == ["depthwise", "pointwise", "classifier"]
    for (_, *both), bytes_held in zip(said, held, strict=True):
        assert sum(map(in_bytes, both)) == pytest.approx(bytes_held, rel=0.005)
    assert str(figures.activation_memory()).endswith("The peak is pointwise.")


def in_bytes(text: str) -> float:
    value, unit = text.split()
    return float(value) * {"B": 1, "kB": 1e3, "MB": 1e6}[unit]


@pytest.mark.parametrize(
    ("stages", "says"),
    [
        ([("image", (3, 8, 8))], "an input and at least one layer, got 1"),
        ([("image", (3, 8)), ("conv", (0, 8))], "shape must be at least 1, got 0"),
    ],
)
def test_activation_memory_needs_layers_with_values(stages, says):
    with pytest.raises(ValueError, match=says):
        figures.activation_memory(stages)


def test_masks_are_those_of_pruning():
    layer = nn.Linear(3, 3, bias=False)
    layer.weight.data = torch.tensor(masks.WEIGHTS)
    mask = pruning.select(layer, pruning.magnitude(layer), kept=1 / 3)["weight"]
    middle = figures.magnitude_mask().panels[0]
    inside = [shape.text for shape in words_of(middle) if shape.text in ("0", "1")]
    assert inside[:9] == [str(int(stays)) for stays in mask.flatten()]

    row = torch.tensor([[*masks.FOURS[0], *masks.FOURS[1]]])
    packed = pruning.nm_pack(row * pruning.nm_mask(row, 2, 4))
    values = ", ".join(f"{value:.1f}".replace("-", "−") for value in packed.values.flatten())
    places = ", ".join(f"{place:02b}" for place in packed.places.flatten().tolist())
    label = figures.two_of_four().panels[0].label
    assert f" {values} are stored, with the places {places}." in label


class Branches(nn.Module):
    """The network of the drawing: a sum of two branches, and a third one put behind it."""

    def __init__(self):
        super().__init__()
        self.stem, self.body = nn.Conv2d(1, 4, 1), nn.Conv2d(4, 4, 1)
        self.side, self.head = nn.Conv2d(4, 2, 1), nn.Linear(6, 3)

    def forward(self, x):
        x = self.stem(x)
        x = torch.relu(x + self.body(x))  # (N, 4, H, W)
        return self.head(torch.cat([x, self.side(x)], dim=1).mean((2, 3)))


@pytest.mark.parametrize("which", range(4))
def test_a_channel_goes_where_the_plan_says(which):
    stay = [channel for channel in range(4) if channel != which]
    plan = pruning.graph_plan(Branches().eval(), {"stem": stay}, (1, 4, 4))
    assert plan["body"].outputs == plan["side"].inputs == tuple(stay)
    drawn = figures.removed_channel(which).panels[0]
    left = len(plan["head"].inputs)
    assert drawn.label.endswith(f"the head reads {left} of 6.")
    orange = [shape.d.count("z") for shape in drawn.shapes if shape.style == "cell b"]
    assert orange == [1, 1, 1, 6 - left]  # of stem, of body, of their sum, of what the head reads


def test_ways_to_join_neurons_have_the_lines_and_weights_of_real_layers():
    seen = F.conv1d(torch.eye(6)[:, None], torch.ones(1, 1, 3))  # (pixel, 1, neuron)
    joined = int((seen != 0).sum())
    layers = nn.Linear(6, 4, bias=False), nn.Conv1d(1, 1, 3, bias=False)
    dense, shared = (sum(p.numel() for p in layer.parameters()) for layer in layers)
    panels = figures.dense_local_shared().panels
    assert [numbers(panel.label) for panel in panels] == [
        [dense, dense],
        [joined, joined],
        [joined, shared],
    ]
    drawn = [[s.style for s in panel.shapes if s.style.startswith("wire")] for panel in panels]
    assert [len(styles) for styles in drawn] == [dense, joined, joined]
    assert [len(set(styles)) for styles in drawn] == [1, 1, shared]


def test_cut_networks_say_how_many_weights_are_left():
    for panel in figures.irregular_and_cut().panels:
        left, whole, *inputs = numbers(panel.label)
        assert whole == len(EDGES) == 4 * 4 + 4 * 2
        assert sum(shape.style.startswith("wire") for shape in panel.shapes) == left
        assert sum(inputs) <= left
    assert numbers(figures.irregular_and_cut().panels[0].label)[2:4] == [2, 4]


def test_mobilenet_s_block_costs_what_the_formula_says():
    standard, block = figures.mobilenet_block(64, 7).panels
    macs = cost.conv2d(64, 64, 3, 7, padding=1).macs
    assert numbers(standard.label)[-1] == round(macs / 1e6, 1)
    both = cost.depthwise_separable(64, 64, 3, 7, padding=1).macs
    assert numbers(block.label)[-1] == round(both / 1e6, 1)


def test_channels_are_cut_by_a_second_layer():
    direct, cut = figures.channel_compression().panels
    assert direct.label.startswith("Direct: 1 layer from")
    assert cut.label.startswith("Channels cut first: 2 layers from")


# --- a network of the reader's own ---


@st.composite
def chains(draw):
    """A small chain of convolutions, norms and poolings, and its input's shape."""
    channels = draw(st.integers(1, 3))
    shape, layers = (channels, 16, 16), []
    for _ in range(draw(st.integers(1, 4))):
        out = draw(st.integers(1, 40))
        layers += [nn.Conv2d(channels, out, draw(st.sampled_from([1, 3])), padding=1)]
        layers += draw(st.sampled_from([[], [nn.BatchNorm2d(out)], [nn.ReLU()]]))
        channels = out
    layers += draw(st.sampled_from([[], [nn.MaxPool2d(2)]]))
    return nn.Sequential(*layers), shape


@given(chains())
@settings(max_examples=examples(30), deadline=None)
def test_any_chain_is_drawn_whole(chain):
    network, shape = chain
    panel = figures.layers_of(network, shape).panels[0]
    said = [words.text for words in words_of(panel)]
    assert said[-1] == f"{sum(p.numel() for p in network.parameters()):,}"
    assert " × ".join(map(str, shape)) in said
    weighty = [layer for layer in network if isinstance(layer, (nn.Conv2d, nn.MaxPool2d))]
    assert f"{len(weighty) + 1} rows" in panel.label
    assert overlapping(panel) == []


def test_a_network_that_is_too_long_is_refused():
    deep = nn.Sequential(*(nn.Conv2d(1, 1, 1) for _ in range(60)))
    with pytest.raises(ValueError, match=r"model must have at most 40 layers .* got 61"):
        figures.layers_of(deep, (1, 4, 4))
