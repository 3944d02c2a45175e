"""Sizes of sparse layers against files and simulation; the browsed grid against its tables."""

import numpy as np
import pytest
import torch
from safetensors.numpy import load
from torch import nn

from labcode import studies
from labcode.pages.calculators.pruned_networks import (
    GRID,
    METHODS,
    NETWORKS,
    SHARES,
    STORED,
    pruned_networks,
)
from labcode.pages.calculators.sparse_bytes import fillers, sizes, sparse_bytes
from labcode.pages.live import explore
from labcode.pages.live.browser import answered
from labcode.pruning import prunable, save_sparse
from labcode.weights import baselines


def random_layer(sparsity, outputs=500, inputs=1000):
    layer = nn.Linear(inputs, outputs)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        layer.weight.fill_(1.0)
        layer.weight[torch.rand(outputs, inputs, generator=generator) < sparsity] = 0.0
    return layer


@pytest.mark.parametrize("sparsity", [0.5, 0.9, 0.99])
def test_the_bytes_are_those_of_files_but_for_chance_and_the_header(sparsity):
    stored = load(save_sparse(random_layer(sparsity), "relative"))
    found = sizes(500_000, sparsity, 32, 16, 8)
    real = sum(a.nbytes for key, a in stored.items() if key.startswith("weight"))
    assert found.relative == pytest.approx(real, rel=0.03)  # 5,000 weights or more at random
    stored = load(save_sparse(random_layer(sparsity), "csr"))
    rows = {"columns": 0, "values": 0, "counts": 2 * 500}  # the file counts in 16 bits, not 32
    real = sum(a.nbytes for key, a in stored.items() if key.startswith("weight"))
    assert found.csr == pytest.approx(real + rows["counts"], rel=0.03)


@pytest.mark.parametrize(("sparsity", "bits"), [(0.9, 4), (0.99, 5), (0.95, 4), (0.5, 4)])
def test_expected_fillers_are_those_of_a_simulation(sparsity, bits):
    gaps = np.random.default_rng(0).geometric(1 - sparsity, size=400_000) - 1  # zeros before one
    assert fillers(sparsity, bits) == pytest.approx((gaps // 2**bits).mean(), rel=0.02, abs=2e-4)


@pytest.mark.parametrize(("values", "columns", "index"), [(32, 16, 5), (8, 16, 4), (4, 32, 4)])
def test_break_even_is_where_both_take_the_same(values, columns, index):
    found = sizes(400_000, 0.9, values, columns, index)
    at_csr = sizes(400_000, found.csr_from, values, columns, index)
    assert at_csr.csr == pytest.approx(at_csr.dense)
    at_relative = sizes(400_000, found.relative_from, values, columns, index)
    assert at_relative.relative == pytest.approx(at_relative.dense, rel=1e-6)
    assert sizes(400_000, found.relative_from + 0.01, values, columns, index).relative < found.dense


def test_the_calculator_says_its_numbers():
    result = sparse_bytes(95, 400, "32", "16", 8)
    found = sizes(400_000, 0.95, 32, 16, 8)
    dense, csr, relative = (f"{round(x):,}" for x in (found.dense, found.csr, found.relative))
    assert result.summary == (
        f"400,000 weights, 95 % zero: dense {dense} bytes, CSR {csr}, relative index {relative}."
    )
    (_, *cells), *_ = result.parts[0].rows
    assert [cell.text for cell in cells] == [dense, csr, relative]
    assert all(0 < cell.share <= 1 for cell in cells)


def test_bad_settings_are_named():
    with pytest.raises(ValueError, match="sparsity must be from 0 to 99, got 100"):
        sparse_bytes(100)
    with pytest.raises(ValueError, match="index_bits must be from 4 to 8, got 3"):
        sparse_bytes(index_bits=3)
    with pytest.raises(ValueError, match="value_bits must be one of '32', '16', '8', '4', got '7'"):
        sparse_bytes(value_bits="7")
    with pytest.raises(ValueError, match="network must be one of"):
        pruned_networks("VGG")
    with pytest.raises(ValueError, match=r"kept must be one of '0\.5 %', '1 %', '2 %\'"):
        pruned_networks(kept="3 %")


def test_the_grid_is_what_was_measured():
    for network in NETWORKS.values():
        runs = studies.table(f"pruning_finetuned_{network}")
        groups = runs.groupby(["method", "kept"])["test_accuracy"]
        assert {key for key in GRID if key[0] == network and key[1] != "none"} == {
            (network, *key) for key in groups.groups
        }
        for (method, kept), found in groups:
            mean, spread = GRID[network, method, kept]
            assert mean == pytest.approx(found.mean(), rel=1e-12)
            assert spread == pytest.approx(found.std(), rel=1e-9, abs=1e-12)
        weights = prunable(baselines.load(network, seed=0))
        assert STORED["weights"][network] == sum(w.numel() for w in weights.values())


def test_every_share_shows_the_ways_that_were_measured():
    assert set(SHARES) == {"20 %", "10 %", "5 %", "2 %", "1 %", "0.5 %"}
    for kept in SHARES:
        result = pruned_networks(kept=kept)
        assert list(result.values) == list(METHODS.values())
        assert "Not measured" not in result.caption
    result = pruned_networks("LeNet-5", "10 %")
    shown = [name for name, _ in result.parts[0].rows]
    assert shown == list(result.values) == [*METHODS.values()][:-1]
    assert result.caption.endswith(" Not measured here, so not shown: At random, at once.")


@pytest.mark.parametrize("moved", ["network", "kept"])
def test_a_share_that_nobody_measured_gives_way_whichever_control_was_moved(moved):
    controls = explore(pruned_networks, network=[*NETWORKS], kept=["5 %", "20 %", "10 %"]).controls
    order = sorted(controls, key=lambda control: control.name != moved)
    found = answered(pruned_networks, {"network": "LeNet-5", "kept": "20 %"}, order)
    assert found["ways"] == {"kept": ("5 %", "10 %")}
    assert found["impossible"] == "nobody has pruned LeNet-5 to 20 % of its weights"


def test_no_calculator_of_stored_results_answers_what_was_not_stored():
    """Each number that the two show stands in their tables, and each empty setting is refused."""
    for network, key in NETWORKS.items():
        for kept, share in SHARES.items():
            stored = {method for name, method, at in GRID if (name, at) == (key, share)}
            if not stored:
                with pytest.raises(ValueError, match=f"nobody has pruned {network} to {kept}"):
                    pruned_networks(network, kept)
                continue
            shown = set(pruned_networks(network, kept).values)
            assert shown == {METHODS[method] for method in {"none", *stored}}
