"""The one renderer: plain data in, HTML and text out, nothing from outside let through."""

import re

import pytest

from labcode.pages.live.render import bar, html, text
from labcode.pages.live.result import Beside, Paragraph, Result
from labcode.show.pictures import (
    Circle,
    Line,
    Path,
    Picture,
    Polyline,
    Rect,
    Words,
    points,
    svg,
    svg_pair,
)
from labcode.show.tables import Cell, Head, Table

DOT = Picture(4, 2, 'a "dot"', (Circle("full a", 1, 1, 0.5),))


def test_a_result_is_its_lead_its_parts_and_its_caption():
    table = Table(
        columns=("", Head("Weights", "b")),
        rows=(("one", Cell("1", 0.5, "b", "half", "2 / 2", "large")), ("two", "2 < 3")),
        total=("all", "3"),
        style="list",
    )
    result = Result("Three.", (Paragraph("Why?"), table), "A & B", (Head("x", "a"),))
    assert html(result) == (
        '<p class="live-lead">Three.</p>\n<p>Why?</p>\n'
        '<table class="live-table live-list" style="--live-columns:1"><thead><tr><td></td>'
        '<th scope="col"><span class="live-dot live-b" aria-hidden="true"></span>Weights</th>'
        '</tr></thead><tbody><tr><th scope="row">one</th><td><b class="live-number">1</b> '
        '<span class="live-remark">half</span><span class="live-bar live-b" aria-hidden="true">'
        '<span style="width:50.00%"></span></span><div class="live-formula">2 / 2</div></td></tr>'
        '<tr><th scope="row">two</th><td>2 &lt; 3</td></tr></tbody>'
        '<tfoot><tr><th scope="row">all</th><td>3</td></tr></tfoot></table>\n'
        '<p class="live-caption">A &amp; B <span class="live-dot live-a" aria-hidden="true">'
        "</span>x</p>"
    )
    assert text(result).splitlines() == [
        "Three.",
        "Why?",
        "     Weights",
        "--------------------",
        "one  1 (half): 2 / 2",
        "two  2 < 3",
        "--------------------",
        "all  3",
        "A & B",
    ]


def test_what_is_spoken_may_differ_from_the_lead_and_comes_first():
    result = Result("3 × 4", spoken="Twelve.")
    assert result.summary == "Twelve."
    assert result.text == repr(result) == "Twelve.\n3 × 4"
    assert result.html == result._repr_html_() == '<p class="live-lead">3 × 4</p>'


def test_shapes_are_svg_with_the_classes_of_the_style_sheet():
    shapes = (
        Rect("frame edge", 0, 1, 2.34567, 3),
        Line("thin", 0, 0, 1, 1),
        Polyline("line", points((0, 1), (2.5, 3))),
        Path("full", "M0 0h5z", "0.50"),
        Words("name", 1, 2, "a < b", "end"),
    )
    assert svg(Picture(10, 20.5, "shapes", shapes)) == (
        '<svg class="live-picture" role="img" aria-label="shapes" viewBox="0 0 10 20.5" '
        'width="10" height="20.5"><rect class="live-frame live-edge" x="0" y="1" width="2.346" '
        'height="3"/><line class="live-thin" x1="0" y1="0" x2="1" y2="1"/>'
        '<polyline class="live-line" points="0,1 2.5,3"/>'
        '<path class="live-full" d="M0 0h5z" fill-opacity="0.50"/>'
        '<text class="live-name" x="1" y="2" text-anchor="end">a &lt; b</text></svg>'
    )


def test_pictures_stand_beside_tables_in_cells_and_in_pairs():
    table = Table(rows=(("one", Cell(pictures=(DOT, DOT))),))
    result = Result("Dots.", (Beside(DOT, table), Paragraph(DOT, quiet=True), DOT))
    shown = html(result)
    assert shown.count(svg(DOT)) == 5
    assert f'<div class="live-beside">{svg(DOT)}\n<table class="live-table">' in shown
    assert f'<p class="live-caption">{svg(DOT)}</p>' in shown
    assert svg_pair(DOT, DOT) in shown
    assert text(result).count('a "dot"') == 5


def test_a_tone_colours_a_whole_picture():
    toned = Picture(4, 2, "dot", DOT.shapes, "c")
    assert svg(toned).startswith('<span class="live-c"><svg')
    assert svg_pair(toned, toned).startswith('<span class="live-c"><span class="live-pair"><svg')


@pytest.mark.parametrize(("fraction", "width"), [(0, 0), (0.361, 36.1), (1, 100), (7, 100)])
def test_a_bar_is_as_long_as_its_share(fraction, width):
    (found,) = re.findall(r"width:([\d.]+)%", bar(fraction, "a"))
    assert float(found) == pytest.approx(width)


def test_text_from_outside_is_escaped():
    bad = '<b>"'
    cell = Cell(bad, remark=bad, formula=bad, pictures=(Picture(1, 1, bad, ()),))
    table = Table(bad, (bad, Head(bad, "a")), ((bad, cell), (bad, Cell(bad, kind="error"))))
    shown = html(Result(bad, (table, Paragraph(bad)), bad, (Head(bad, "b"),)))
    assert "<b>" not in shown
    assert shown.count("&lt;b&gt;") == 14
