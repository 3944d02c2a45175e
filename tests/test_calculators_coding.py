"""The Huffman tree and the Deep Compression budget, against labcode.coding and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torchvision.models import vgg16 as torchvision_vgg16

from labcode.coding import code_lengths, entropy, to_relative
from labcode.pages.calculators.compression_budget import (
    NETWORKS,
    compression_budget,
    fillers_per_weight,
    layer_budget,
)
from labcode.pages.calculators.huffman_tree import huffman_tree
from labcode.pages.networks import vgg16
from labcode.show.pictures import Circle

COUNT = st.integers(0, 60)


@given(st.lists(COUNT, min_size=6, max_size=6))
def test_the_tree_is_as_good_as_the_coders(counts):
    if not any(counts):
        with pytest.raises(ValueError, match="all counts are 0"):
            huffman_tree(*counts)
        return
    result = huffman_tree(*counts)
    codes = result.values["codes"]
    assert set(codes) == {name for name, n in zip("ABCDEF", counts, strict=True) if n}
    spent = sum(len(codes[name]) * n for name, n in zip("ABCDEF", counts, strict=True) if n)
    assert spent == int(np.dot(counts, code_lengths(counts)))
    assert result.values["bits"] == pytest.approx(spent / sum(counts))
    assert result.values["entropy"] == pytest.approx(entropy(counts), abs=1e-12)
    for one in codes.values():  # no code begins another one
        assert sum(other.startswith(one) for other in codes.values()) == 1
    dots = [shape for shape in result.parts[0].shapes if isinstance(shape, Circle)]
    assert len(dots) == 2 * len(codes) - 1


def test_a_symbol_alone_has_one_bit():
    assert huffman_tree(5, 0, 0, 0, 0, 0).values["codes"] == {"A": "0"}
    with pytest.raises(ValueError, match="a must be at least 0, got -1"):
        huffman_tree(-1)


@pytest.mark.parametrize(("kept", "bits"), [(0.08, 5), (0.02, 4), (0.3, 3), (0.01, 8)])
def test_fillers_are_as_many_as_by_chance(kept, bits):
    rng = np.random.default_rng(0)
    places = np.flatnonzero(rng.random(2_000_000) < kept)
    counted = len(to_relative(places, bits)) - len(places)
    assert counted / len(places) == pytest.approx(fillers_per_weight(kept, bits), rel=0.03)


def test_the_papers_rule_is_in_the_budget():
    # Table 3: LeNet-5's ip1 keeps 8 % with 5 and 5 bits, 2.7 % of its size with the codebook,
    # without fillers and biases.
    fc1 = NETWORKS["LeNet-5"]()[2]
    budget = layer_budget(fc1, 0.08, 5, 5)
    without = budget.values + budget.indices + budget.codebook
    assert without / (32 * 400_000) == pytest.approx(0.027, abs=0.003)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("kept", [1, 8, 100])
def test_parts_and_layers_add_up(network, kept):
    layers = NETWORKS[network]()
    budgets = [layer_budget(layer, kept / 100, 5, 5) for layer in layers]
    total = sum(b.values + b.indices + b.fillers + b.codebook + b.biases for b in budgets)
    result = compression_budget(network, kept, 5, 5)
    assert result.values["bytes"] == pytest.approx(total / 8)
    assert sum(result.values["by_layer"]) == pytest.approx(total / 8)
    assert f"become {round(total / 8):,}," in result.summary


def test_nothing_pruned_is_as_large_as_its_parts():
    # 430,500 weights of 5 bits and as many indices, 580 biases and four codebooks of 32 bits.
    bits = 430_500 * 10 + 580 * 32 + 4 * 32 * 32
    assert f"become {round(bits / 8):,}," in compression_budget("LeNet-5", 100, 5, 5).summary


def test_vgg16_is_torchvisions():
    with __import__("torch").device("meta"):
        model = torchvision_vgg16()
    assert sum(layer.cost.params for layer in vgg16()) == sum(p.numel() for p in model.parameters())
    by_layer = [p.numel() for n, p in model.named_parameters() if n.endswith("weight")]
    assert [layer.cost.params - layer.output_shape[0] for layer in vgg16()] == by_layer
    assert sum(layer.cost.macs for layer in vgg16()) == 15_470_264_320  # torchvision: 15.47 GFLOPS


def test_bad_settings_are_named():
    with pytest.raises(ValueError, match="network must be one of 'LeNet-5', 'AlexNet', 'VGG-16'"):
        compression_budget("ResNet")
    with pytest.raises(ValueError, match="kept must be from 1 to 100, got 101"):
        compression_budget(kept=101)
    with pytest.raises(ValueError, match="index_bits must be from 1 to 12, got 0"):
        compression_budget(index_bits=0)
