"""Several models or costs side by side."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import pytest
import torch
from torch import nn

from labcode import compare, count
from labcode.cost import conv2d, depthwise_separable

mpl.use("Agg")


def _both() -> Any:
    return compare(
        {"standard": conv2d(3, 4, 3, 5), "separable <1>": depthwise_separable(3, 4, 3, 5)}
    )


def test_costs_models_and_counts_side_by_side() -> None:
    model = nn.Conv2d(3, 4, 3, bias=False)
    three = compare(
        {"cost": conv2d(3, 4, 3, 5), "model": model, "counted": count(model, (3, 5, 5))},
        input_shape=(3, 5, 5),
    )
    assert {(e.params, e.macs, e.flops) for e in three.entries} == {(108, 972, 1944)}
    assert [e.name for e in three.entries] == ["cost", "model", "counted"]


def test_ratios_are_to_the_first() -> None:
    both = _both()
    assert both.ratio("standard") == (1.0, 1.0)
    assert both.ratio("separable <1>") == (39 / 108, 351 / 972)
    with pytest.raises(KeyError, match="no entry 'x'"):
        both.ratio("x")


def test_a_first_one_without_cost_has_no_ratios() -> None:
    both = compare({"none": nn.ReLU(), "conv": conv2d(3, 4, 3, 5)}, input_shape=(3, 5, 5))
    assert both.ratio("conv") == (None, None)
    assert "–" in str(both)


def test_text_html_and_frame() -> None:
    both = _both()
    assert "0.361×" in str(both)
    assert str(both) == repr(both)
    html = both._repr_html_()
    assert "separable &lt;1&gt;" in html
    assert "<caption" in html
    assert "width:36.1%" in html
    frame = both.to_frame()
    assert frame.loc["separable <1>", ["params", "macs", "flops"]].tolist() == [39, 351, 702]
    assert frame["macs_ratio"].tolist() == [1.0, 351 / 972]


def test_plot() -> None:
    upper, lower = _both().plot()
    assert [bar.get_width() for bar in upper.patches] == [108, 39]
    assert [bar.get_width() for bar in lower.patches] == [972, 351]
    assert [text.get_text() for text in lower.texts] == ["972", "351"]
    assert (upper.get_xlabel(), lower.get_xlabel()) == ("Parameters", "MACs for one image")
    assert upper.get_ylim()[0] > upper.get_ylim()[1]  # the first on top
    figure = mpl.figure.Figure()
    axes = figure.subplots(1, 2)
    assert tuple(_both().plot(axes)) == tuple(axes)
    assert axes[1].get_ylim()[0] > axes[1].get_ylim()[1]


def test_what_is_not_counted_is_named() -> None:
    class Fourier(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.fft.fft2(x).real

    both = compare({"fourier": Fourier()}, input_shape=(3, 8, 8))
    assert "aten::_fft_c2c" in str(both)
    assert "aten::_fft_c2c" in both._repr_html_()


@pytest.mark.parametrize(
    ("candidates", "error", "text"),
    [
        ([conv2d(3, 4, 3, 5)], TypeError, "must be a dict"),
        ({}, ValueError, "empty"),
        ({1: conv2d(3, 4, 3, 5)}, TypeError, "strings as names, got 1"),
        ({"a": 5}, TypeError, r"candidates\['a'\] must be a cost .* got 5"),
        ({"a": nn.Conv2d}, TypeError, r"candidates\['a'\]"),
    ],
)
def test_nonsense_is_refused(candidates: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        compare(candidates)
