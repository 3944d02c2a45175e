"""The packed file: the same bits back, every byte counted, other networks refused."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from labcode.coding import CodingError, pack, report, unpack
from labcode.coding.bits import Reader
from labcode.coding.grid import blocks_of, classes_of, decode_grid, encode_grid, gap_model
from labcode.coding.report import KINDS
from labcode.models import lenet5, lenet_300_100
from labcode.quantization.weight_sharing import share_weights
from tests.examples import examples

WAYS = [
    {},
    {"indices": "relative", "coder": "fixed"},
    {"indices": "relative", "coder": "huffman", "index_bits": 3},
    {"indices": "grid", "coder": "rans"},
    {"indices": "relative", "index_bits": 12},
]


def sparse(model: nn.Module, kept: float, bits: int | None = 3, seed: int = 0) -> nn.Module:
    """Return the model with some weights kept, by chance, and shared."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        if parameter.ndim > 1:
            parameter.data[torch.rand(parameter.shape, generator=generator) >= kept] = 0
    if bits:
        share_weights(model, bits)
    return model


def same_bits(first: nn.Module, second: nn.Module) -> bool:
    pairs = zip(first.state_dict().items(), second.state_dict().items(), strict=True)
    return all(a == b and x.numpy().tobytes() == y.numpy().tobytes() for (a, x), (b, y) in pairs)


def batch_norm_network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kept", [0.0, 0.02, 0.3, 1.0])
def test_unpacked_weights_have_the_same_bits(way, kept):
    model = sparse(lenet_300_100(), kept)
    other = lenet_300_100()
    assert unpack(pack(model, **way), other) is other
    assert same_bits(model, other)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_networks_that_are_not_quantized_come_back_too(way):
    for model in (sparse(lenet5(), 0.1, bits=None), batch_norm_network(), nn.Linear(2, 3).double()):
        other = copy.deepcopy(model)
        for tensor in other.state_dict().values():
            tensor.zero_()
        assert same_bits(model, unpack(pack(model, **way), other))


@pytest.mark.parametrize("way", WAYS)
def test_sparse_biases_come_back(way):
    model = sparse(nn.Linear(40, 300), 0.1)
    model.bias.data[torch.rand(300) < 0.7] = 0
    share_weights(model, {"bias": 3})
    assert same_bits(model, unpack(pack(model, **way), nn.Linear(40, 300)))


@settings(max_examples=examples(60))
@given(
    st.integers(1, 9), st.integers(1, 30), st.floats(0, 1), st.integers(1, 5),
    st.sampled_from(WAYS), st.integers(0, 99),
)  # fmt: skip
def test_any_shape_comes_back(rows, columns, kept, bits, way, seed):
    torch.manual_seed(seed)
    model = sparse(nn.Linear(columns, rows), kept, bits, seed)
    assert same_bits(model, unpack(pack(model, **way), nn.Linear(columns, rows)))


def test_a_negative_zero_is_a_pruned_weight():
    model, plain = nn.Linear(50, 4), nn.Linear(50, 4)
    model.weight.data.mul_(-0.0)
    plain.load_state_dict(model.state_dict())
    plain.weight.data.zero_()
    assert pack(model) == pack(plain)


def test_a_packed_file_does_not_depend_on_the_run():
    assert pack(sparse(lenet5(), 0.02, seed=1)) != pack(sparse(lenet5(), 0.02, seed=2))
    torch.manual_seed(0)
    model = sparse(lenet5(), 0.02)
    assert pack(model) == pack(copy.deepcopy(model))


@pytest.mark.parametrize("way", WAYS)
def test_every_byte_is_counted(way):
    model = sparse(lenet5(), 0.03)
    data = pack(model, **way)
    found = report(data, model)
    assert tuple(found.sections) == KINDS
    assert sum(found.sections.values()) == found.total == len(data)
    frame = found.to_frame()
    assert frame["bytes"].sum() == len(data)
    assert (frame[list(KINDS)].sum(axis=1) == frame["bytes"]).all()
    assert frame["numbers"].sum() == 431_080
    assert frame.loc["fc1.weight", "kept"] == int((model.fc1.weight != 0).sum())
    assert found.ratio == 4 * 431_080 / len(data)


def test_the_file_is_near_the_entropy_of_its_symbols():
    model = sparse(lenet5(), 0.02)
    kept = [(int((w != 0).sum()), w.numel()) for w in model.parameters() if w.ndim > 1]
    by_hand = 0.0
    for weights, places in kept:  # chance decides the places: entropy of each layer's share
        share = weights / places
        by_hand -= places * (share * np.log2(share) + (1 - share) * np.log2(1 - share))
    for weight in (w for w in model.parameters() if w.ndim > 1):
        _, counts = weight[weight != 0].unique(return_counts=True)
        shares = counts.double() / counts.sum()
        by_hand -= float((counts * shares.log2()).sum())
    found = report(pack(model), model)
    stored = found.sections["codebook"] + found.sections["biases"]
    assert found.entropy_bytes == pytest.approx(by_hand / 8 + stored, rel=0.01)
    assert 0 < found.overhead < 0.05


def test_the_better_coder_is_the_default():
    model = sparse(lenet5(), 0.02)
    huffman = len(pack(model, indices="relative", coder="huffman"))
    assert len(pack(model)) < huffman < len(pack(model, indices="relative", coder="fixed"))


def test_full_and_empty_rows_pay():
    model = nn.Linear(200, 100)
    model.weight.data[torch.rand(100, 200) < 0.95] = 0
    share_weights(model, 2)
    scattered = len(pack(model))
    kept = model.weight.data[model.weight.data != 0]
    model.weight.data.zero_()
    model.weight.data.view(-1)[: 2 * len(kept) : 2] = kept
    assert len(pack(model)) < 0.7 * scattered


@settings(max_examples=examples(80))
@given(
    st.integers(1, 12), st.integers(1, 40), st.floats(0, 1), st.integers(1, 4), st.integers(0, 9)
)
def test_grids_come_back(rows, columns, share, classes, seed):
    rng = np.random.default_rng(seed)
    mask = rng.random((rows, columns)) < share * rng.random((rows, 1))
    mask[0, 0] = True
    table, payload = encode_grid(mask, classes)
    tables, payloads = Reader(table, "table"), Reader(payload, "payload")
    places, bits = decode_grid(tables, payloads, mask.shape)
    assert np.array_equal(places, np.flatnonzero(mask))
    assert bits >= 0
    tables.end()
    payloads.end()


def test_blocks_hold_each_cell_of_living_rows_and_columns_once():
    mask = np.random.default_rng(0).random((20, 30)) < 0.08
    rows, columns = classes_of(mask.sum(axis=1), 3), classes_of(mask.sum(axis=0), 3)
    cells, sizes = blocks_of(rows, columns, 3)
    assert sizes.sum() == len(cells) == (rows > 0).sum() * (columns > 0).sum()
    assert len(set(cells.tolist())) == len(cells)
    assert set(np.flatnonzero(mask)) <= set(cells.tolist())


@given(st.integers(1, 500), st.integers(0, 100_000))
def test_gap_models_are_geometric(weights, more):
    model = gap_model(weights, weights + more)
    share = weights / (weights + more)
    assert model.sum() == 4096
    assert model.min() >= 1
    ideal = share * (1 - share) ** np.arange(len(model) - 1)
    # Each gap keeps a frequency of at least one, which takes up to 256 of 4096 from the others.
    assert np.allclose(model[:-1] / 4096, ideal, atol=0.07)


def test_another_network_is_refused_and_left_alone():
    data = pack(lenet5())
    renamed = lenet5()
    renamed.fc3 = renamed._modules.pop("fc2")
    for other in (lenet_300_100(), lenet5(num_classes=11), renamed, lenet5().double()):
        before = copy.deepcopy(other)
        with pytest.raises(CodingError, match="belongs to another network"):
            unpack(data, other)
        assert same_bits(before, other)


def test_versions_and_other_files_are_told_apart():
    data = bytearray(pack(nn.Linear(2, 2)))
    with pytest.raises(CodingError, match=r"not a file of labcode\.coding"):
        unpack(b"PK\x03\x04" + bytes(data[4:]), nn.Linear(2, 2))
    data[4] = 9
    with pytest.raises(CodingError, match="the file has version 9, and this labcode reads 1"):
        unpack(bytes(data), nn.Linear(2, 2))
    with pytest.raises(CodingError, match="4 bytes expected, 0 left"):
        unpack(b"", nn.Linear(2, 2))
    with pytest.raises(TypeError, match="data must be bytes, got str"):
        unpack("DIET", nn.Linear(2, 2))


def test_bad_input_is_named():
    broken = nn.Linear(2, 2)
    broken.weight.data[0, 0] = float("nan")
    with pytest.raises(ValueError, match="weight of the model must be finite"):
        pack(broken)
    with pytest.raises(ValueError, match="bias must have one of the dtypes"):
        pack(nn.Linear(2, 2).to(torch.bfloat16))
    with pytest.raises(ValueError, match="indices must be auto, relative or grid, got 'csr'"):
        pack(nn.Linear(2, 2), indices="csr")
    with pytest.raises(ValueError, match="coder must be auto or one of"):
        pack(nn.Linear(2, 2), coder="zip")
    with pytest.raises(ValueError, match="index_bits must be from 1 to 12, got 13"):
        pack(nn.Linear(2, 2), index_bits=13)
