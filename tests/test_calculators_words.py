"""Every calculator of every page answers any setting in words, or leads to one that it answers."""

import json
import random
import re

import pytest

from labcode.pages.live.browser import answered, find
from labcode.pages.live.controls import Control, from_json, positions
from tools.prepared import Attributes, forms

FORMS = forms()
MOVES, AT_RANDOM = 20, 40  # settings of one control, and of all together
# What a program says and a reader does not: names with a line in them, equations, empty values.
CODE = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b|\b[a-z]+=\w+|\b(?:None|True|False|nan|inf)\b")
UNSEEN = re.compile(r"<style.*?</style>|<[^>]*>", re.DOTALL)


def settings_of(controls: tuple[Control, ...]) -> list[dict]:
    """Moves of each control away from the start, and settings at random."""
    dice = random.Random(0)
    start = {control.name: control.default for control in controls}
    lines = {control.name: positions(control) for control in controls}
    moves = [
        {**start, name: value}
        for name, line in lines.items()
        for value in line[:: max(1, len(line) // MOVES)]
    ]
    drawn = [{name: dice.choice(line) for name, line in lines.items()} for _ in range(AT_RANDOM)]
    return moves + drawn


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_any_setting_is_answered_in_words_or_leads_to_one_that_is(form: Attributes) -> None:
    calculator = find(form["data-live-module"], form["data-live-function"])
    controls = from_json(json.loads(form["data-live-controls"]))
    for settings in settings_of(controls):
        found = answered(calculator, settings, controls)
        said = found.get("impossible") or f"{found['html']} {found['summary']}"
        assert CODE.findall(UNSEEN.sub(" ", said)) == [], settings
        if "impossible" in found:
            assert found["ways"], f"{settings} leads nowhere: {said}"


def test_each_chapter_with_a_calculator_is_looked_at() -> None:
    assert len(FORMS) >= 25
