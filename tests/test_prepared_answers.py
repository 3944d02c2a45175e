"""What the site answers at once is what the calculators answer, and impossible settings lead on."""

import gzip
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcode.pages import calculators
from labcode.pages.live import Result, explore
from labcode.pages.live import prepared as plans
from labcode.pages.live.browser import answer, answered, in_words, ways
from labcode.pages.live.controls import from_json, parse, positions
from labcode.pages.live.sheet import page_script
from tools import prepared

FEW = explore(calculators.few_bits, bits=(2, 1, 8), network=["LeNet-5", "Small CNN"])
GROUPED = explore(
    calculators.grouped_convolution,
    in_channels=(64, 1, 1100),
    out_channels=(128, 1, 512),
    groups=(4, 1, 64),
)


def form_of(explorer) -> prepared.Attributes:
    (form,) = prepared.Forms(explorer._repr_mimebundle_()["text/html"]).found
    return form


def unpack(content: bytes) -> dict:
    return json.loads(gzip.decompress(content))


@pytest.mark.slow
@pytest.mark.parametrize("explorer", [FEW, GROUPED], ids=["whole", "moves"])
def test_each_prepared_answer_is_the_workers_own(explorer, tmp_path):
    form = form_of(explorer)
    prepared.write(form, tmp_path / "answers")
    controls = json.loads(form["data-live-controls"])
    names = [control["name"] for control in controls]
    for file in (tmp_path / "answers").iterdir():
        moved = "" if file.stem == "whole" else file.stem.rpartition("-")[0]
        assert file.stat().st_size < prepared.LARGEST
        answers = unpack(file.read_bytes())
        for key in list(answers)[:: max(1, len(answers) // 20)]:
            settings = dict(zip(names, json.loads(key), strict=True))
            live = answer(
                form["data-live-module"],
                form["data-live-function"],
                json.dumps(settings),
                form["data-live-controls"],
                moved,
            )
            assert json.loads(live) == json.loads(json.dumps(answers[key]))


def test_few_settings_are_answered_whole_and_of_many_each_move_from_the_start():
    assert plans.plan(FEW.controls) == "whole"
    ((name, answers),) = plans.prepare(FEW.function, FEW.controls)
    assert (name, len(answers)) == ("whole", 16)
    assert plans.plan(GROUPED.controls) == "moves"
    files = dict(plans.prepare(GROUPED.function, GROUPED.controls))
    assert {name: len(answers) for name, answers in files.items()} == {
        "in_channels-0": 512,
        "in_channels-1": 512,
        "in_channels-2": 76,
        "out_channels-0": 512,
        "groups-0": 64,
    }
    assert files["groups-0"]["[64,128,8]"]["html"] == GROUPED.result(groups=8).html


@pytest.mark.slow
def test_what_is_impossible_names_the_nearest_possible_of_the_control_that_moved():
    files = dict(plans.prepare(GROUPED.function, GROUPED.controls))
    assert files["groups-0"]["[64,128,5]"]["ways"] == {"groups": (4, 8)}
    assert files["in_channels-0"]["[63,128,4]"]["ways"] == {"in_channels": (60, 64)}
    assert files["in_channels-0"]["[1,128,4]"]["ways"] == {"in_channels": (None, 4)}


def odd(first: int, second: int, name: str = "a", on: bool = False) -> Result:
    """Possible where the sum is a multiple of 7, and never with the name "b"."""
    if (first + second) % 7 or name == "b" or (first > 30 and not on):
        raise ValueError(f"first {first} and second {second} do not suit {name}")
    return Result(f"{first} {second} {name} {on}")


CONTROLS = (
    parse("first", (5, 0, 40), "the first"),
    parse("second", (2, 0, 12), "the second"),
    parse("name", ["a", "b", "c"]),
    parse("on", False),
)


@given(st.tuples(*(st.sampled_from(positions(control)) for control in CONTROLS)), st.data())
def test_the_ways_on_are_possible_and_none_is_nearer(chosen, data):
    settings = dict(zip(("first", "second", "name", "on"), chosen, strict=True))
    order = data.draw(st.permutations(CONTROLS))
    found = answered(odd, settings, order)
    if "html" in found:
        assert found["html"] == odd(**settings).html
        return

    def possible(name, value):
        return "html" in answered(odd, {**settings, name: value}, ())

    assert ways(odd, settings, order) == found["ways"]
    for control in order:
        line = positions(control)
        here = line.index(settings[control.name])
        reachable = [place for place, value in enumerate(line) if possible(control.name, value)]
        below = max((place for place in reachable if place < here), default=None)
        above = min((place for place in reachable if place > here), default=None)
        if reachable:
            values = tuple(None if place is None else line[place] for place in (below, above))
            assert found["ways"] == {control.name: values}
            return
    assert found["ways"] == {}


def test_reasons_are_in_the_words_that_the_reader_sees():
    reason = "first 3 and second must fit first_of_all, not firsts, got first=3"
    assert in_words(reason, CONTROLS) == (
        "the first 3 and the second must fit first of all, not firsts, got the first 3"
    )
    assert in_words(reason, ()) == reason


def test_controls_survive_the_page():
    described = json.loads(form_of(GROUPED)["data-live-controls"])
    assert from_json(described) == GROUPED.controls
    assert from_json(json.loads(form_of(FEW)["data-live-controls"])) == FEW.controls


def test_the_same_answers_are_the_same_bytes():
    answers = {plans.key([3, "a", True]): {"html": "<p>×</p>", "summary": "×"}}
    assert plans.packed(answers) == plans.packed(dict(answers))
    assert unpack(plans.packed(answers)) == {'[3,"a",true]': {"html": "<p>×</p>", "summary": "×"}}


def test_a_file_too_large_for_a_first_move_fails_the_build(tmp_path, monkeypatch):
    monkeypatch.setattr(prepared, "LARGEST", 100)
    with pytest.raises(SystemExit, match=r"answers/whole takes [\d,]+ of 100 bytes"):
        prepared.write(form_of(FEW), tmp_path / "answers")


def test_script_and_python_agree_on_the_length_of_a_stretch():
    (found,) = re.findall(r"const STRETCH = (\d+);", page_script())
    assert int(found) == plans.STRETCH


def test_every_calculator_of_the_book_is_found():
    found = prepared.forms()
    assert {form["data-live-function"] for form in found.values()} == set(calculators.__all__)
