"""Where a notebook allows no style, the words in a picture are not read as one long word."""

import re

import pytest

from labcode.pages.calculators import channel_shuffle, convolutions, receptive_field
from labcode.pages.live import explore
from labcode.pages.live.sheet import style_sheet
from labcode.pages.touch import touch
from labcode.show.pictures import STYLED, only_with_style

HIDDEN = re.compile(r'<span class="live-styled" hidden="hidden"><svg.*?</svg></span>', re.DOTALL)
PAGES = {
    "channel shuffle": explore(channel_shuffle, groups=(3, 1, 8)),
    "receptive field": explore(receptive_field, layers=(3, 1, 6)),
    "shuffle": touch("shuffle"),
    "coding": touch("coding"),
    "soft labels": touch("soft_labels"),
}


@pytest.mark.parametrize("name", PAGES)
def test_words_stand_inside_what_is_hidden_without_a_style_sheet(name: str) -> None:
    page = PAGES[name]._repr_mimebundle_()["text/html"]
    assert "<text" in page
    assert "<text" not in HIDDEN.sub("", page)


def test_the_sheets_of_calculators_and_pieces_bring_the_pictures_back() -> None:
    assert STYLED in style_sheet()
    assert STYLED in touch("shuffle").html()


def test_a_picture_without_words_stays_as_it_is() -> None:
    page = explore(convolutions, groups=(1, 1, 4))._repr_mimebundle_()["text/html"]
    assert "live-styled" not in page
    assert only_with_style("<svg><rect/></svg>") == "<svg><rect/></svg>"
