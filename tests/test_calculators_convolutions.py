"""Three kinds of convolution, against PyTorch's own modules."""

import re

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from labcode.pages.calculators.wiring import wiring

from labcode.pages.calculators import convolutions


def numbers(html: str) -> list[int]:
    """The large numbers of the table: parameters of each column, then multiply-adds."""
    found = re.findall(r'class="live-number">([\d,]+)<', html)
    return [int(number.replace(",", "")) for number in found]


def module_cost(model: torch.nn.Module, channels: int, size: int) -> tuple[int, int]:
    """Parameters, and multiply-adds counted from the shapes that really come out."""
    macs = 0

    def add(layer, _, output):
        nonlocal macs
        macs += layer.weight[0].numel() * output.numel()

    for layer in model.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(add)
    with torch.no_grad():
        model(torch.zeros(1, channels, size, size))
    return sum(p.numel() for p in model.parameters()), macs


def test_the_numbers_of_the_notes():
    assert numbers(convolutions().html) == [108, 108, 39, 972, 972, 351]
    html = convolutions().html
    assert "= 27 + 12<" in html
    assert "= 243 + 108<" in html
    assert numbers(convolutions(out_channels=8).html)[:3] == [216, 216, 51]


@settings(max_examples=60)
@given(
    st.integers(1, 12),
    st.integers(1, 12),
    st.integers(1, 5),
    st.integers(1, 12),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(1, 6),
)
def test_every_column_is_what_torch_builds(c_in, c_out, k, size, stride, padding, groups):
    assume(k <= size + 2 * padding)
    window = {"stride": stride, "padding": padding, "bias": False}
    models = [torch.nn.Conv2d(c_in, c_out, k, **window)]
    divides = c_in % groups == 0 and c_out % groups == 0
    if divides:
        models.append(torch.nn.Conv2d(c_in, c_out, k, groups=groups, **window))
    models.append(
        torch.nn.Sequential(
            torch.nn.Conv2d(c_in, c_in, k, groups=c_in, **window),
            torch.nn.Conv2d(c_in, c_out, 1, bias=False),
        )
    )
    costs = [module_cost(model, c_in, size) for model in models]
    result = convolutions(c_in, c_out, k, size, stride, padding, groups)
    assert numbers(result.html) == [c[0] for c in costs] + [c[1] for c in costs]
    assert ("impossible" in result.text) is not divides
    for params, macs in costs:
        assert f"{params:,} parameters" in result.text
        assert f"{macs:,} multiply-adds" in result.text


@settings(max_examples=60)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 6), st.integers(1, 4))
def test_the_formulas_come_out_at_their_numbers(c_in, c_out, k, groups):
    html = convolutions(c_in, c_out, k, 9, groups=groups).html
    cells = re.findall(r'live-number">([\d,]+)<.*?live-formula">([^<]+)<', html)
    assert len(cells) >= 4
    for shown, formula in cells:
        for side in formula.split(" = "):
            worked = side.replace(",", "").replace("×", "*").replace("²", "**2")
            assert eval(worked) == int(shown.replace(",", ""))  # digits and signs only


def test_groups_that_do_not_divide_close_only_their_own_column():
    result = convolutions(groups=2)
    assert "Impossible: groups must divide in_channels, got groups=2 and in_channels=3" in (
        result.html
    )
    assert numbers(result.html) == [108, 39, 972, 351]


def test_an_impossible_kernel_is_said_for_all():
    with pytest.raises(ValueError, match="kernel_size 7 must not be larger than the padded input"):
        convolutions(kernel_size=7)
    assert "108" not in convolutions(kernel_size=7, padding=1).text


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))
def test_the_picture_has_a_square_for_each_pair_that_is_joined(groups, rows, columns):
    picture = wiring(groups * columns, groups * rows, groups)
    assert picture.count('class="live-full"') == groups * rows * columns
