"""The calculators of the quantization chapter, against labcode.quantization and the tables."""

import pytest
import torch

from labcode import studies
from labcode.pages.calculators import few_bits, number_line
from labcode.pages.calculators.few_bits import GRID, METHODS, STORED
from labcode.pages.calculators.number_line import WEIGHTS, levels_of
from labcode.pages.pictures.levels import WIDTH
from labcode.quantization import (
    affine_params,
    binary,
    fold_batch_norm,
    quant_error,
    symmetric_params,
)
from labcode.studies.quantization import trials
from labcode.weights import baselines


def test_the_weights_are_those_of_the_network():
    filter_ = baselines.load("lenet5", seed=0).conv1.weight[7, 0].flatten()
    assert len(WEIGHTS) == 25
    torch.testing.assert_close(torch.tensor(WEIGHTS), filter_.detach(), rtol=0, atol=5.1e-5)


@pytest.mark.parametrize("share", [100, 70, 35])
@pytest.mark.parametrize("bits", range(1, 9))
@pytest.mark.parametrize("kind", ["symmetric", "affine"])
def test_the_levels_are_those_of_the_library(bits, share, kind):
    weights = torch.tensor(WEIGHTS, dtype=torch.float64)
    levels = levels_of(bits, share, kind)
    mine = torch.tensor([levels.nearest(w) for w in WEIGHTS], dtype=torch.float64)
    if kind == "symmetric" and bits == 1:
        signs, scale = binary(weights[None])
        torch.testing.assert_close(mine, (signs * scale[:, None])[0])
        return
    if kind == "symmetric":
        params = symmetric_params(weights.abs().max() * share / 100, bits)
    else:
        params = affine_params(weights.min() * share / 100, weights.max() * share / 100, bits)
    assert int(params.zero_point) == levels.zero_point
    torch.testing.assert_close(mine, params.approximate(weights).double(), rtol=1e-5, atol=1e-6)
    error = quant_error(weights, params)
    assert [levels.clips(w) for w in WEIGHTS].count(True) == round(25 * error.clipped)
    whole = float(weights.square().sum()) / 25
    values = number_line(bits, share, kind).values
    assert values["rounding"] == pytest.approx(error.rounding / whole, rel=1e-3, abs=1e-9)
    assert values["clipping"] == pytest.approx(error.clipping / whole, rel=1e-3, abs=1e-9)


def shapes(bits, share, style):
    """The shapes of one style in the picture of symmetric levels."""
    (beside,) = number_line(bits, share).parts
    return [shape for shape in beside.picture.shapes if shape.style.split()[0] == style]


def test_the_picture_has_a_dot_for_each_weight_and_a_tick_for_each_level():
    assert len(shapes(3, 100, "full")) == 25
    assert [len(shapes(bits, 100, "line")) for bits in (1, 2, 3, 5)] == [2, 4, 8, 32]
    for shape in shapes(3, 100, "line"):
        assert 0 < shape.x1 == shape.x2 < WIDTH
    assert len(shapes(8, 100, "pale")) == 1  # one bar for 256 levels
    clipped = [shape for shape in shapes(3, 50, "full") if shape.style == "full b"]
    assert len(clipped) == sum(levels_of(3, 50, "symmetric").clips(w) for w in WEIGHTS) > 0


def test_the_grid_is_the_measured_table():
    table = studies.table("quantization_bits")
    found = table.groupby(["network", "method", "bits"])["test_accuracy"].agg(["mean", "std"])
    assert set(GRID) == set(found.index)
    for key, row in found.iterrows():
        assert GRID[key] == pytest.approx((row["mean"], row["std"]), rel=1e-9, abs=1e-12)
    assert set(table["seed"]) == {0, 1, 2}
    for name, params in STORED["params"].items():  # as they are rounded: norms are folded
        folded = fold_batch_norm(baselines.load(name), (1, 28, 28))
        assert params == sum(p.numel() for p in folded.parameters())


@pytest.mark.parametrize("bits", range(1, 9))
@pytest.mark.parametrize("network", ["LeNet-5", "Small CNN"])
def test_the_browser_shows_the_grid(bits, network):
    key = {"LeNet-5": "lenet5", "Small CNN": "small_cnn"}[network]
    result = few_bits(bits, network)
    measured = GRID[key, "PTQ, weights", bits]
    assert result.values["Rounded after training, weights"] == measured
    shown = dict(result.parts[0].rows)
    mean, deviation = measured
    assert (
        shown["Rounded after training, weights"].text
        == f"{100 * mean:.2f} ± {100 * deviation:.2f} %"
    )
    there = {method for name, method, at in GRID if (name, at) == (key, bits)}
    stored = {METHODS[method] for method in there & set(METHODS)}
    assert set(shown) == set(result.values) == {"float32"} | stored
    _, _, unmeasured = result.caption.partition("Not measured here, so not shown: ")
    named = set(unmeasured.removesuffix(".").split("; ")) - {""}
    assert named == set(METHODS.values()) - stored
    assert bool(named) == ((key, "QAT, weights", bits) not in GRID or key != "lenet5")
    assert f"instead of {4 * STORED['params'][key]:,}" in result.summary


def test_what_was_trained_has_a_colour_of_its_own():
    shown = dict(few_bits(4, "LeNet-5").parts[0].rows)
    tones = {method: shown[name].tone for method, name in METHODS.items()}
    assert tones == {name: "c" if way.trained else "b" for name, way in trials.METHODS.items()}
    assert shown["float32"].tone == "a"


def test_bad_settings_are_named():
    with pytest.raises(ValueError, match="bits must be from 1 to 8, got 9"):
        number_line(bits=9)
    with pytest.raises(ValueError, match="range_percent must be from 1 to 100, got 101"):
        number_line(range_percent=101)
    with pytest.raises(ValueError, match="kind must be one of 'symmetric', 'affine', got 'odd'"):
        number_line(kind="odd")
    with pytest.raises(ValueError, match="bits must be from 1 to 8, got 9"):
        few_bits(9)
    with pytest.raises(
        ValueError, match="network must be one of 'LeNet-5', 'Small CNN', got 'AlexNet'"
    ):
        few_bits(3, "AlexNet")
