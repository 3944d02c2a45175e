"""What the workbench says before its start, where its scripts do not run, and in a notebook."""

import re

import pytest

from labcode.pages.workbench.bench import Part, bench
from labcode.weights import packed


def html() -> str:
    return bench()._repr_mimebundle_()["text/html"]


def test_a_notebook_gets_a_picture_and_a_plain_sentence() -> None:
    assert "make serve" in bench()._repr_mimebundle_()["text/plain"]
    assert "<svg" in html()
    assert "in a browser that runs" in html()


@pytest.mark.parametrize("part", ["prune", "share", "code"])
def test_a_part_says_which_and_where_the_whole_is(part: Part) -> None:
    page = bench(part)._repr_mimebundle_()["text/html"]
    assert f'data-bench="{part}"' in page
    assert 'data-whole="../shipping/workbench.html"' in page
    assert ("data-begin" in page) == (part == "code")


def test_the_whole_is_no_part() -> None:
    assert "data-whole" not in html()
    assert "data-begin" not in html()
    parts = "'all', 'prune', 'share', 'code'"
    with pytest.raises(ValueError, match=f"part must be one of {parts}, got 'train'"):
        bench("train")


def test_the_picture_has_the_bytes_of_both_ends() -> None:
    label = re.search(r'aria-label="(An axis[^"]*)"', html())
    assert label is not None
    numbers = [int(found.replace(",", "")) for found in re.findall(r"\d[\d,]+", label[1])]
    assert numbers == [4 * 431_080, len(packed("lenet5", 0.018))]


def test_nothing_moves_before_the_script_says_so() -> None:
    assert re.search(r'<button [^>]*data-start\s+hidden="hidden">', html())
    assert '<div class="bench-room" hidden>' in html()
