"""Where a notebook allows no style, a picture is an image, and its words are no long word."""

import json
import re
from base64 import b64decode
from pathlib import Path
from xml.etree import ElementTree

import pytest

from labcode.pages.calculators import channel_shuffle, convolutions, receptive_field
from labcode.pages.live import explore
from labcode.pages.live.sheet import style_sheet
from labcode.pages.touch import touch
from labcode.pages.workbench.bench import bench
from labcode.show.pictures import _STILL, STYLED, with_still

BOOK = Path(__file__).resolve().parent.parent / "book"
HIDDEN = re.compile(r'<span class="live-styled" hidden="hidden"><svg.*?</svg></span>', re.DOTALL)
PAGES = {
    "channel shuffle": explore(channel_shuffle, groups=(3, 1, 8)),
    "receptive field": explore(receptive_field, layers=(3, 1, 6)),
    "shuffle": touch("shuffle"),
    "coding": touch("coding"),
    "soft labels": touch("soft_labels"),
    "shift": touch("shift"),
    "workbench": bench(),
    "convolutions, without words": explore(convolutions, groups=(1, 1, 4)),
}
WITH_WORDS = [name for name in PAGES if name not in ("shift", "convolutions, without words")]


def stored_html(path: Path) -> str:
    """Return all that a notebook stores as HTML, as one text."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    return "".join("".join(output.get("data", {}).get("text/html", "")) for output in outputs)


@pytest.mark.parametrize("name", WITH_WORDS)
def test_words_stand_inside_what_is_hidden_without_a_style_sheet(name: str) -> None:
    page = PAGES[name]._repr_mimebundle_()["text/html"]
    assert "<text" in page
    assert "<text" not in HIDDEN.sub("", page)


def test_the_sheets_of_calculators_and_pieces_bring_the_pictures_back() -> None:
    assert STYLED in style_sheet()
    assert STYLED in touch("shuffle").html()


@pytest.mark.parametrize("name", PAGES)
def test_each_picture_stands_beside_as_an_image_of_its_own(name: str) -> None:
    page = PAGES[name]._repr_mimebundle_()["text/html"]
    pictures = re.findall(r"<svg\b.*?</svg>", page, re.DOTALL)
    images = re.findall(r'<img class="live-still"[^>]*base64,([^"]*)">', page)
    assert len(pictures) == len(images) > 0
    for picture, data in zip(pictures, images, strict=True):
        alone = ElementTree.fromstring(b64decode(data))
        inside = ElementTree.fromstring(picture)
        assert alone.tag == "{http://www.w3.org/2000/svg}svg"
        assert [_said(part) for part in list(alone)[1:]] == [_said(part) for part in inside]
        assert alone.attrib == inside.attrib
    assert page.count('alt=""') == 0  # each says what it shows


def _said(part: ElementTree.Element) -> tuple[str, dict[str, str], str | None]:
    return part.tag.rpartition("}")[2], part.attrib, part.text


def test_an_image_has_a_style_for_each_class_of_the_stored_pictures() -> None:
    """A shape whose class is unknown would be black in an image, which no style sheet reaches."""
    plain = {"picture", "axis", "hint", "named"}  # their size and their place alone
    used = set()
    for path in sorted(BOOK.glob("*/*.ipynb")):
        for picture in re.findall(r"<svg class=.*?</svg>", stored_html(path), re.DOTALL):
            for classes in re.findall(r'class="([^"]*)"', picture):
                used |= {name.removeprefix("live-") for name in classes.split()}
    assert len(used) > 10
    assert used - plain <= set(re.findall(r"\.live-([a-z]+)", _STILL))


def test_the_styles_swap_the_picture_and_the_image() -> None:
    assert ".live-styled[hidden]{display:contents!important}" in STYLED
    assert ".live-still{display:none!important}" in STYLED
    assert with_still("<p>no picture</p>") == "<p>no picture</p>"
