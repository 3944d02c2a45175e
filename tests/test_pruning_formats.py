"""Sparse files and N:M weights: nothing lost, and every byte counted."""

import numpy as np
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load
from torch import nn

from labcode import pruning
from labcode.models import lenet5
from labcode.weights import baselines
from tests.examples import examples


def pruned(outputs, inputs, density, seed):
    generator = torch.Generator().manual_seed(seed)
    layer = nn.Linear(inputs, outputs)
    with torch.no_grad():
        layer.weight.mul_(torch.rand(outputs, inputs, generator=generator) < density)
    return layer


@settings(max_examples=examples(60))
@given(
    st.integers(1, 20), st.integers(1, 900), st.sampled_from([0.0, 0.002, 0.05, 0.5, 1.0]),
    st.integers(0, 10**6), st.sampled_from(["csr", "relative"]),
)  # fmt: skip
def test_what_is_stored_comes_back_exactly(outputs, inputs, density, seed, form):
    layer = pruned(outputs, inputs, density, seed)
    file = pruning.save_sparse(layer, form)
    back = pruning.load_sparse(file, nn.Linear(inputs, outputs), form)
    assert torch.equal(back.weight, layer.weight)
    assert torch.equal(back.bias, layer.bias)


def test_csr_is_scipys():
    layer = pruned(30, 700, 0.1, 0)
    stored = load(pruning.save_sparse(layer, "csr"))
    ours = scipy.sparse.csr_matrix(layer.weight.detach().numpy())
    np.testing.assert_array_equal(stored["weight"], ours.data)
    np.testing.assert_array_equal(stored["weight.c"], ours.indices)
    np.testing.assert_array_equal(stored["weight.n"], np.diff(ours.indptr))


def test_relative_places_by_a_loop():
    layer = pruned(40, 900, 0.004, 1)
    stored, expected, zeros = load(pruning.save_sparse(layer)), [], 0
    for value in layer.weight.detach().flatten().tolist():
        if value != 0 or zeros == 255:
            expected.append((zeros, value))
            zeros = 0
        else:
            zeros += 1
    while expected and expected[-1][1] == 0:
        expected.pop()  # nothing follows, so no filler is needed
    pairs = zip(stored["weight.z"].tolist(), stored["weight"].tolist(), strict=True)
    assert list(pairs) == expected
    assert any(value == 0 for _, value in expected)  # fillers were needed


@pytest.mark.parametrize("form", ["csr", "relative"])
def test_a_pruned_lenet5_comes_back(form):
    model = baselines.load("lenet5", seed=0)
    pruning.select(model, pruning.magnitude(model), 0.05).apply(model)
    file = pruning.save_sparse(model, form)
    assert len(file) < len(pruning.save_dense(model)) / 5
    back = pruning.load_sparse(file, lenet5(), form)
    assert all(
        torch.equal(a, b) for a, b in zip(model.parameters(), back.parameters(), strict=True)
    )


def test_bad_files_and_forms_are_named():
    layer = nn.Linear(300, 3)
    for form in ("csr", "relative"):
        with pytest.raises(pruning.SparseFileError, match="names, shapes or dtypes"):
            pruning.load_sparse(pruning.save_sparse(layer, form), nn.Linear(30, 3), form)
    with pytest.raises(ValueError, match="form must be one of 'csr', 'relative', got 'coo'"):
        pruning.save_sparse(layer, "coo")


@settings(max_examples=examples(60))
@given(st.integers(1, 6), st.integers(1, 21), st.sampled_from([(2, 4), (1, 4), (4, 8), (1, 2)]),
       st.integers(0, 10**6))  # fmt: skip
def test_of_every_m_the_n_largest_stay(outputs, inputs, nm, seed):
    n, m = nm
    weight = torch.randn(outputs, inputs, generator=torch.Generator().manual_seed(seed))
    mask = pruning.nm_mask(weight, n, m)
    for row, keep in zip(weight.numpy(), mask.numpy(), strict=True):
        for start in range(0, inputs, m):
            block = np.abs(row[start : start + m])
            assert set(np.flatnonzero(keep[start : start + m])) == set(np.argsort(-block)[:n])
    sparse = weight * mask
    assert torch.equal(pruning.nm_unpack(pruning.nm_pack(sparse, n, m)), sparse)


def test_two_of_four_by_the_byte():
    packed = pruning.nm_pack(pruning.nm_mask(torch.randn(16, 32)) * torch.randn(16, 32))
    kept = 16 * 32 // 2
    assert packed.metadata_bits == 2 * kept  # two bits each
    assert packed.size_bytes == 4 * kept + 2 * kept // 8
    masks = pruning.nm_masks(lenet5())
    assert masks.sparsities["fc1.weight"] == 0.5
    assert masks.kept["conv1.weight"] == 20 * (6 * 2 + 1)  # 25 weights: six blocks and one more


def test_nm_errors():
    with pytest.raises(ValueError, match="n must be at most m, got n=5 and m=4"):
        pruning.nm_mask(torch.ones(2, 4), 5, 4)
    with pytest.raises(ValueError, match=r"got shape \(4,\)"):
        pruning.nm_mask(torch.ones(4))
    with pytest.raises(ValueError, match="at most 2 of 4 that are not zero"):
        pruning.nm_pack(torch.ones(1, 4))
