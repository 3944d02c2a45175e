"""Controls: what `explore` accepts, and how it says what is wrong."""

import pytest

from labcode.pages.calculators import convolutions
from labcode.pages.live import Result, explore
from labcode.pages.live.controls import Choice, Slider, Switch, parse


def test_each_spec_gives_its_control():
    assert parse("groups", (2, 1, 8)) == Slider("groups", "groups", 2, 1, 8, 1)
    assert parse("size", (4, 0, 8, 2), "size (pixels)") == Slider(
        "size", "size (pixels)", 4, 0, 8, 2
    )
    assert parse("net", ["a", "b"]) == Choice("net", "net", "a", ("a", "b"))
    assert parse("same_padding", True) == Switch("same_padding", "same padding", True)


@pytest.mark.parametrize(
    ("spec", "error", "says"),
    [
        ((3, 1), ValueError, "3 or 4 numbers"),
        ((3, 1, 64, 1, 1), ValueError, "3 or 4 numbers"),
        ((3, 4, 64), ValueError, "low <= default <= high"),
        ((65, 1, 64), ValueError, "low <= default <= high"),
        ((1, 1, 1), ValueError, "low <= default <= high"),
        ((3, 1, 64, 0), ValueError, "whole steps"),
        ((4, 1, 64, 2), ValueError, "whole steps"),
        ((3, 1, 64, 2), ValueError, "whole steps"),
        ((3.0, 1, 64), TypeError, "integers only"),
        ((True, 0, 1), TypeError, "integers only"),
        (["only"], TypeError, "two or more strings"),
        (["a", 1], TypeError, "two or more strings"),
        (["a", "a"], ValueError, "twice"),
        (3, TypeError, "a bool"),
        (None, TypeError, "a bool"),
    ],
)
def test_bad_specs_name_the_control(spec, error, says):
    with pytest.raises(error, match=says) as caught:
        parse("in_channels", spec)
    assert "'in_channels'" in str(caught.value)


def one(number: int) -> Result:
    return Result(str(number))


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: explore("convolutions"), TypeError, "needs a function"),
        (lambda: explore(one), ValueError, "at least one control"),
        (lambda: explore(one, nummer=(1, 0, 2)), TypeError, "nummer|number"),
        (lambda: explore(one, number=(1, 0, 2), other=True), TypeError, "other"),
        (lambda: explore(one, number=(1, 0, 2), labels={"x": "y"}), ValueError, "'x'"),
        (lambda: explore(one, number=(1, 0, 2)).result(other=1), TypeError, "'other'"),
        (lambda: explore(one, number=(1, 0, 2)).result(number=3), ValueError, "from 0 to 2"),
        (lambda: explore(one, number=(1, 0, 2)).result(number="1"), TypeError, "integer"),
    ],
)
def test_explore_says_what_is_wrong(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_choices_and_switches_refuse_other_values():
    choice, switch = parse("net", ["a", "b"]), parse("same", False)
    with pytest.raises(ValueError, match="net must be one of"):
        choice.check("c")
    with pytest.raises(TypeError, match="same must be True or False"):
        switch.check(1)


def test_result_is_at_the_defaults_changed_by_the_settings():
    hero = explore(convolutions, in_channels=(3, 1, 64), out_channels=(4, 1, 64))
    assert hero.defaults == {"in_channels": 3, "out_channels": 4}
    assert repr(hero.result()) == repr(hero) == repr(convolutions(3, 4))
    assert repr(hero.result(out_channels=8)) == repr(convolutions(3, 8))
