"""The cost of a model shows itself: HTML, text, a frame; and the small tables below that."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from dataclasses import FrozenInstanceError
from html.parser import HTMLParser

import pytest
from torch import nn
from torchvision import models

from labcode import count
from labcode.counting import LayerCost, ModelCost
from labcode.show.numbers import exact, humanise, share
from labcode.show.tables import Cell, Table, html_table, text_table

SMALL = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(36, 2))


class _Balance(HTMLParser):
    """Fails on tags that do not close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def _parsed(html: str) -> _Balance:
    parser = _Balance()
    parser.feed(html)
    assert parser.open == []
    return parser


def test_results_are_frozen_exact_and_can_be_stored() -> None:
    cost = count(SMALL, (3, 5, 5))
    assert (cost.model, cost.input_shape) == ("Sequential", (3, 5, 5))
    assert (cost.params, cost.macs, cost.flops) == (112 + 74, 972 + 72, 2 * 1044)
    assert [row.output_shape for row in cost.layers] == [(4, 3, 3), (4, 3, 3), (36,), (2,)]
    assert [row.flops for row in cost.layers] == [1944, 0, 0, 144]
    with pytest.raises(FrozenInstanceError):
        cost.params = 1  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(cost)) == cost
    assert hash(cost) == hash(count(SMALL, (3, 5, 5)))


def test_html_is_an_accessible_table_with_bars() -> None:
    html = count(SMALL, (3, 5, 5))._repr_html_()
    tags = _parsed(html).tags
    names = [tag for tag, _ in tags]
    assert names.count("caption") == names.count("table") == 1
    assert all("scope" in attributes for tag, attributes in tags if tag == "th")
    bars = [a for tag, a in tags if tag == "div" and a.get("aria-hidden") == "true"]
    widths = [re.search(r"width:([\d.]+)%", a["style"] or "")[1] for a in bars]  # type: ignore[index]
    assert widths == ["60.2", "93.1", "0.0", "0.0", "0.0", "0.0", "39.8", "6.9"]
    box = [a for _, a in tags if a.get("tabindex") == "0"]
    assert len(box) == 1
    assert "overflow:auto" in (box[0]["style"] or "")
    assert box[0]["aria-label"]
    assert not re.search(r"(?<![-\w])color:(?!inherit)", html)  # text has the page's own colour
    assert "<details>" not in html


def test_a_long_table_is_summed_by_block_and_folded() -> None:
    cost = count(models.resnet18())
    tags = _parsed(cost._repr_html_()).tags
    names = [tag for tag, _ in tags]
    assert (names.count("table"), names.count("details"), names.count("summary")) == (2, 1, 1)
    assert cost._repr_html_().count("layer1.0.conv1") == 1
    assert all(
        "tabindex" in a for t, a in tags if t == "div" and "overflow" in (a.get("style") or "")
    )


def test_html_escapes_names() -> None:
    row = LayerCost("<b>&", "T<x>", (1,), 1, 1, 1, ("op<1>",))
    cost = ModelCost("M<script>", (1,), 1, 1, (row,), {"op<1>": 1})
    html = cost._repr_html_()
    _parsed(html)
    assert "<script>" not in html
    assert "&lt;b&gt;&amp;" in html


def test_text_is_aligned_and_holds_every_number() -> None:
    cost = count(SMALL, (3, 5, 5))
    text = str(cost)
    assert text == repr(cost)
    lines = text.splitlines()
    assert "186 params, 1,044 MACs, 2.09 kFLOPs (2 × MACs)" in lines[0]
    assert lines[1].split() == ["Layer", "Type", "Output", "shape", "Params", "MACs", "Calls"]
    assert lines[3].split() == ["0", "Conv2d", "4", "×", "3", "×", "3", "112", "972", "1"]
    assert lines[-1].split() == ["Total", "186", "1,044"]
    assert all(line[lines[1].index("Params") + 5] != " " for line in lines[3:7])


def test_frame() -> None:
    cost = count(SMALL, (3, 5, 5))
    frame = cost.to_frame()
    assert frame["params"].sum() == cost.params
    assert frame["macs"].sum() == cost.macs
    assert (frame["flops"] == 2 * frame["macs"]).all()
    columns = ["name", "type", "output_shape", "params", "macs", "flops", "calls", "uncounted"]
    assert list(frame.columns) == columns


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (1000, "1.00 k"), (12_345, "12.3 k"), (999_999, "1.00 M"),
     (123_456_789, "123 M"), (4_089_184_256, "4.09 G"), (2e12, "2.00 T")],
)  # fmt: skip
def test_humanise(number: float, text: str) -> None:
    assert humanise(number) == text


def test_exact_and_share() -> None:
    assert exact(61_100_840) == "61,100,840 (61.1 M)"
    assert (share(1, 4), share(1, 0), share(5, 4)) == (0.25, 0.0, 1.0)


@pytest.mark.slow
def test_tables_need_nothing_but_python() -> None:
    code = "import labcode.show.tables, labcode.counting.comparison, sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"torch", "numpy", "pandas", "matplotlib"}.isdisjoint(run.stdout.split())


def test_table_helpers() -> None:
    table = Table(
        "c", ("a", "n"), (("x", Cell("10", 0.5)), ("y", "5")), ("all", "15"), frozenset({1})
    )
    assert text_table(table).splitlines() == [
        "c", "a     n", "-------", "x    10", "y     5", "-------", "all  15",
    ]  # fmt: skip
    assert _parsed(html_table(table)).tags[0][0] == "table"
