"""Three kinds of convolution, against PyTorch's own modules."""

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from labcode.pages.calculators import convolutions
from labcode.pages.pictures.wiring import wiring
from tests.examples import examples


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
    values = convolutions().values
    assert values["params"] == [108, 108, 39]
    assert values["macs"] == [972, 972, 351]
    assert values["params_formulas"][2].endswith("= 27 + 12")
    assert values["macs_formulas"][2].endswith("= 243 + 108")
    assert convolutions(out_channels=8).values["params"] == [216, 216, 51]


@settings(max_examples=examples(60))
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
    if not divides:
        costs.insert(1, (None, None))
    assert list(zip(result.values["params"], result.values["macs"], strict=True)) == costs
    assert ("impossible" in result.summary) is not divides
    table = result.parts[0]
    for (_, *cells), column in zip(table.rows[:2], (0, 1), strict=True):
        shown = [cell.text.replace(",", "") for cell in cells if cell.kind == "large"]
        assert shown == [str(cost[column]) for cost in costs if cost[column] is not None]


@settings(max_examples=examples(60))
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 6), st.integers(1, 4))
def test_the_formulas_come_out_at_their_numbers(c_in, c_out, k, groups):
    values = convolutions(c_in, c_out, k, 9, groups=groups).values
    pairs = [
        (number, formula)
        for what in ("params", "macs")
        for number, formula in zip(values[what], values[f"{what}_formulas"], strict=True)
        if number is not None
    ]
    assert len(pairs) >= 4
    for number, formula in pairs:
        for side in formula.split(" = "):
            worked = side.replace(",", "").replace("×", "*").replace("²", "**2")
            assert eval(worked) == number  # digits and signs only


def test_groups_that_do_not_divide_close_only_their_own_column():
    result = convolutions(groups=2)
    assert "Impossible: groups must divide 3 and 4 channels, as 1 would" in result.html
    many = convolutions(in_channels=12, out_channels=20, groups=3).html
    assert "Impossible: groups must divide 12 and 20 channels, as 1, 2, 4 would" in many
    assert result.values["params"] == [108, None, 39]
    assert result.values["macs"] == [972, None, 351]


def test_an_impossible_kernel_is_said_for_all():
    with pytest.raises(ValueError, match="kernel_size 7 must not be larger than the padded input"):
        convolutions(kernel_size=7)
    assert convolutions(kernel_size=7, padding=1).values["params"][0] == 4 * 3 * 7 * 7


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))
def test_the_picture_has_a_square_for_each_pair_that_is_joined(groups, rows, columns):
    picture = wiring(groups * columns, groups * rows, groups)
    drawn = [shape for shape in picture.shapes if shape.style == "full"]
    assert len(drawn) == groups * rows * columns


@given(st.integers(1, 64), st.integers(1, 64))
def test_the_picture_is_never_a_mere_line(in_channels, out_channels):
    picture = wiring(in_channels, out_channels)
    sides = sorted((picture.width, picture.height))
    assert sides[0] >= 12
    assert round(sides[1], 6) == 46
    for shape in picture.shapes:
        assert shape.x + shape.width <= picture.width + 1e-6
        assert shape.y + shape.height <= picture.height + 1e-6
