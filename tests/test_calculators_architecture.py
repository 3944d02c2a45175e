"""Calculators of architecture design, against networks that PyTorch really builds."""

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import labcode
from labcode.models import break_even_rank, low_rank_linear, mobilenet_v1
from labcode.pages.calculators import grouped_convolution, low_rank, mobilenet_table
from labcode.pages.calculators.low_rank import last_cheaper
from labcode.pages.calculators.mobilenet_table import mobilenet_layers
from labcode.papers.mobilenet_v1 import layer_table
from tests.examples import examples


def integers(text: str) -> list[int]:
    return [int(part.replace(",", "")) for part in re.findall(r"\d[\d,]*", text)]


@pytest.mark.parametrize(
    ("percent", "size"), [(100, 224), (75, 192), (50, 160), (25, 128), (10, 33)]
)
def test_mobilenets_table_is_the_counted_network(percent, size):
    layers = mobilenet_layers(percent, size)
    with torch.device("meta"):
        found = labcode.count(mobilenet_v1(width_multiplier=percent / 100), (3, size, size))
    assert sum(x.repeats * x.cost.macs for x in layers) == found.macs
    assert sum(x.repeats * (x.cost.params + x.norm_params) for x in layers) == found.params
    ours = [x.cost.macs for x in layers]
    real = {row.macs for row in found.layers if row.macs}
    assert set(ours) == real


def test_mobilenets_filters_are_those_of_the_papers_table():
    paper = [row.split(" | ") for row in layer_table() if "Pool" not in row and "FC" not in row]
    shown = [x for x in mobilenet_layers() if x.kind != "fc"]
    for layer, (kind, filters, size) in zip(shown, paper, strict=True):
        assert f"/s{layer.stride}" in kind
        assert integers(layer.filters) == [int(n) for n in filters.split("x")]
        channels, side = layer.input_shape
        assert f"{side}x{side}x{channels}" == size


def test_the_summary_rounds_the_total_and_the_kinds_are_the_papers_shares():
    result = mobilenet_table()
    assert "569 M multiply-adds" in result.summary
    assert result.values["shares"]["1×1"] == "94.9 %"
    assert (result.values["params"], result.values["macs"]) == (4_231_976, 568_740_352)
    assert "41 M multiply-adds" in mobilenet_table(25).summary
    with pytest.raises(ValueError, match="resolution must be from 32 to 512, got 16"):
        mobilenet_table(100, 16)
    with pytest.raises(ValueError, match="width_percent must be from 5 to 200, got 4"):
        mobilenet_table(4)


@settings(max_examples=examples(40))
@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_low_rank_says_the_weights_of_the_layer(n, m, data):
    rank = data.draw(st.integers(1, min(n, m)))
    layer = low_rank_linear(in_features=n, out_features=m, rank=rank, bias=False)
    result = low_rank(n, m, rank)
    cheaper = [r for r in range(1, min(n, m) + 1) if r * (n + m) < n * m]
    assert result.values == {
        "full": n * m,
        "thin": sum(p.numel() for p in layer.parameters()),
        "last_cheaper": max(cheaper, default=0),
    }
    assert last_cheaper(n, m) == result.values["last_cheaper"]
    place = "below" if rank < break_even_rank(n, m) else "a"
    assert result.caption.startswith(f"Rank {rank} is {place}")


def test_low_rank_refuses_more_than_the_matrix_can_have():
    with pytest.raises(ValueError, match="rank must be at most 300, the smaller side, got 301"):
        low_rank(784, 300, 301)


@settings(max_examples=examples(40))
@given(st.integers(1, 24), st.integers(1, 24), st.integers(1, 5), st.integers(1, 9), st.data())
def test_grouped_convolutions_are_those_of_torch(c_in, c_out, k, size, data):
    both = [g for g in range(1, 25) if c_in % g == 0 and c_out % g == 0]
    groups = data.draw(st.sampled_from(both))
    values = grouped_convolution(c_in, c_out, k, size, groups).values
    assert list(values) == [str(g) for g in both]
    for g in both:
        weight = nn.Conv2d(c_in, c_out, k, groups=g, bias=False).weight
        macs = weight.numel() * size * size
        assert values[str(g)] == (weight.numel(), macs, weight.shape[1])


def test_groups_that_do_not_divide_are_refused_with_those_that_do():
    with pytest.raises(ValueError, match=r"groups must divide 6 and 4: 1, 2; got 3"):
        grouped_convolution(6, 4, 3, 5, 3)
