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

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


@pytest.mark.parametrize("paper", papers.papers())
def test_the_page_shows_every_published_number(paper):
    parser = Cells()
    parser.feed(papers.show(paper)._repr_html_())
    # Number and published value: those that are only cited have no verdict between them.
    rows_shown = [row for row in parser.rows if row[0] != "Number"]
    shown = [[row[0], row[2] if len(row) > 2 else row[1]] for row in rows_shown]
    rows = papers.reproduce(paper)
    assert len(shown) == len(rows)
    for row in rows:
        assert [view.name(row), f"{row.published} {row.unit}".strip()] in shown or [
            view.name(row),
            row.published,
        ] in shown


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
