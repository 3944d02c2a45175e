"""How papers' numbers are shown, and how their verdicts are counted."""

from html.parser import HTMLParser

import pytest

from labcode import papers
from labcode.papers import view


class Cells(HTMLParser):
    """Collects the text of every row's cells."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = False

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1] += data


def under_headings(rows):
    """Each row's cells behind the heading that stands over them; the titles of columns dropped."""
    heading = ""
    for row in rows:
        if len(row) == 1:
            heading = row[0]
        elif not row[0].startswith("Number"):
            yield [heading, *row]


@pytest.mark.parametrize("paper", papers.papers())
def test_the_page_shows_every_published_number(paper):
    parser = Cells()
    parser.feed(papers.show(paper)._repr_html_())
    computed = [row for row in papers.reproduce(paper) if row.kind != papers.CITED]
    cited = [row for row in papers.reproduce(paper) if row.kind == papers.CITED]
    shown = list(under_headings(parser.rows))
    assert len(shown) == len(computed) + len(cited)
    for (heading, number, printed, *ours), row in zip(shown, computed + cited, strict=True):
        assert heading.split(": ")[0] == row.table
        assert row.network in heading + number
        assert row.quantity in number
        assert row.config in f"{number} {row.table}"
        assert printed.split(" ")[0] == row.published.split(" ")[0]
        assert printed.count("%") == row.published.count("%") or not row.published.count("%")
        assert bool(ours) == (row.kind != papers.CITED)
        if ours:
            assert number.endswith(row.verdict.replace(papers.EQUAL, "equal"))
            assert ours == [view.computed(row)]


def test_the_caption_counts_the_verdicts():
    parser = Cells()
    parser.feed(html := papers.show("mobilenet_v1", "Table 2")._repr_html_())
    assert "MobileNet: 8 numbers, 7 equal, 1 explained" in html
    assert parser.rows[1] == ["Table 2: MobileNet 1.0-224"]  # what all rows share, once


def test_the_text_for_a_terminal_has_the_same_numbers():
    text = str(papers.show("mobilenet_v1", "Table 2")).splitlines()
    assert text[0] == "MobileNet: 8 numbers, published and computed"
    line = next(line for line in text if "1.19 %" in line)
    assert "1.9056" in line
    assert "+0.7156" in line
    assert "explained: misprint" in line


def test_the_summary_counts_every_row_once():
    table = papers.summary()
    rows = [row for paper in papers.papers() for row in papers.reproduce(paper)]
    assert table.loc["all six", "together"] == len(rows) == table["together"][:-1].sum()
    for kind in papers.KINDS:
        assert table.loc["all six", kind] == sum(row.verdict.startswith(kind) for row in rows)


def test_a_table_that_a_paper_has_not_is_named():
    with pytest.raises(ValueError, match="no table of 'senet' matches 'Table 99'"):
        papers.show("senet", "Table 99")
