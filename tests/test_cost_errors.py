"""labcode.cost refuses nonsense, and says which argument and which value it was."""

import pytest

from labcode import cost
from labcode.cost import Cost

CONV = {"in_channels": 4, "out_channels": 4, "kernel_size": 3, "input_size": 8}
FUNCTIONS = {
    "conv2d": (cost.conv2d, CONV, ("stride", "padding", "dilation"), ("groups",), ("bias",)),
    "depthwise_separable": (cost.depthwise_separable, CONV, ("stride", "padding"), (), ("bias",)),
    "locally_connected2d": (cost.locally_connected2d, CONV, ("stride", "padding"), (), ("bias",)),
    "linear": (cost.linear, {"in_features": 4, "out_features": 4}, (), (), ("bias",)),
    "pool2d": (
        cost.pool2d,
        {"input_size": 8, "kernel_size": 3},
        ("stride", "padding"),
        (),
        ("ceil_mode",),
    ),
}
NOT_INTEGERS = [2.0, 2.5, True, False, "2", b"2", [2.0, 2], ("2", 2), (True, 2), {2}, float("nan")]


def nonsense() -> list[object]:
    """Every argument of every function, with every value that it must refuse."""
    cases = []
    for name, (_, base, pairs, ints, bools) in FUNCTIONS.items():
        sizes = {"kernel_size", "input_size", *pairs}
        for argument in (*base, *pairs, *ints):
            low = -1 if argument == "padding" else 0
            cases += [(name, argument, bad, TypeError) for bad in NOT_INTEGERS]
            cases += [(name, argument, low, ValueError), (name, argument, -7, ValueError)]
            if argument in sizes:
                cases += [
                    (name, argument, (low, 2), ValueError),
                    (name, argument, (2, low), ValueError),
                ]
                cases += [
                    (name, argument, (2, 2, 2), ValueError),
                    (name, argument, (2,), ValueError),
                ]
                cases += [(name, argument, (), ValueError)]
            else:
                cases += [(name, argument, (2, 2), TypeError)]
            if argument != "stride" or name != "pool2d":
                cases += [(name, argument, None, TypeError)]
        cases += [(name, flag, bad, TypeError) for flag in bools for bad in (0, 1, "yes", None)]
    return cases


@pytest.mark.parametrize(("name", "argument", "bad", "error"), nonsense())
def test_nonsense_is_refused_by_name(name, argument, bad, error):
    function, base, *_ = FUNCTIONS[name]
    with pytest.raises(error) as caught:
        function(**{**base, argument: bad})
    assert argument in str(caught.value)
    assert repr(bad) in str(caught.value)


@pytest.mark.parametrize("name", ["conv2d", "depthwise_separable", "locally_connected2d", "pool2d"])
def test_a_kernel_larger_than_the_padded_input_is_refused(name):
    function, base, *_ = FUNCTIONS[name]
    arguments = {**base, "input_size": (4, 2), "kernel_size": 5, "padding": 1}
    with pytest.raises(
        ValueError, match=r"kernel_size 5 .*input_size \(4, 2\).*padding 1 is 6 x 4"
    ):
        function(**arguments)
    fitting = function(**{**arguments, "padding": 2, "stride": 1})
    assert fitting.output_size == (4, 2)


def test_a_dilated_kernel_is_measured_by_its_span():
    with pytest.raises(ValueError, match=r"kernel_size 3 .*spans 7 x 7 with dilation 3"):
        cost.conv2d(1, 1, 3, 6, dilation=3)


@pytest.mark.parametrize(
    ("c_in", "c_out", "wrong"), [(6, 8, "in_channels"), (8, 6, "out_channels")]
)
def test_groups_must_divide_the_channels(c_in, c_out, wrong):
    with pytest.raises(ValueError, match=f"groups must divide {wrong}, got groups=4 and {wrong}=6"):
        cost.conv2d(c_in, c_out, 3, 8, groups=4)


def test_pooling_padding_is_at_most_half_of_the_window():
    with pytest.raises(ValueError, match="padding must be at most half of kernel_size"):
        cost.pool2d(8, 3, padding=2)
    with pytest.raises(ValueError, match="not even one window"):
        cost.pool2d(1, 7, ceil_mode=True, stride=2)


@pytest.mark.parametrize(
    ("arguments", "error", "name"),
    [
        ((-1, 0), ValueError, "params"),
        ((0, -1), ValueError, "macs"),
        ((1.0, 0), TypeError, "params"),
        ((0, True), TypeError, "macs"),
        ((0, 0, (0, 3)), ValueError, "output_size"),
        ((0, 0, "ab"), TypeError, "output_size"),
    ],
)
def test_a_cost_refuses_nonsense(arguments, error, name):
    with pytest.raises(error, match=name):
        Cost(*arguments)
