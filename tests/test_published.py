"""What papers printed: complete, sourced, and asked for by name."""

import pytest

from labcode.papers import published


@pytest.mark.parametrize("paper", published.papers())
def test_every_row_has_a_value_and_a_source(paper: str) -> None:
    rows = published.table(paper)
    assert len(rows) > 0
    assert (rows["source"].str.len() > 5).all()
    assert (rows["value"].str.len() > 0).all()


def test_an_unknown_paper_is_named() -> None:
    with pytest.raises(KeyError, match="no published table of 'nature'; there are: alexnet"):
        published.table("nature")


def test_the_table_is_changed_by_nobody_who_reads_it() -> None:
    rows = published.table("deep_compression")
    rows["value"] = "0"
    assert (published.table("deep_compression")["value"] != "0").any()
