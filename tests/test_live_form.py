"""The page's form: right without a script, the same in every run, plain about standing still."""

import html.parser
import json
import subprocess
import sys

import pytest

from labcode.pages.calculators import convolutions, network_layers
from labcode.pages.live import Result, explore
from labcode.pages.live.browser import answer
from labcode.show.pictures import with_still

HERO = {"in_channels": (3, 1, 64), "out_channels": (4, 1, 64), "groups": (1, 1, 16)}


class Page(html.parser.HTMLParser):
    """The start tags of a fragment, and whether each one is closed in order."""

    VOID = frozenset({"input", "img", "br", "rect", "line", "polyline", "polygon", "circle"})

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.feed(source)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"an attribute stands twice in {tag}"
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def page_of(explorer) -> str:
    return explorer._repr_mimebundle_()["text/html"]


def test_the_form_holds_the_answer_at_the_defaults():
    explorer = explore(convolutions, **HERO)
    assert with_still(explorer.result().html) in page_of(explorer)
    assert explorer._repr_mimebundle_()["text/plain"] == convolutions(3, 4).text


def test_every_control_has_a_label_and_the_range_of_its_spec():
    page = Page(page_of(explore(convolutions, **HERO)))
    labelled = {label["for"] for label in page.all("label")}
    ranges = {tag["name"]: tag for tag in page.all("input") if tag["type"] == "range"}
    assert set(ranges) == set(HERO)
    for name, (default, low, high) in HERO.items():
        tag = ranges[name]
        assert tag["id"] in labelled
        assert (tag["value"], tag["min"], tag["max"]) == (str(default), str(low), str(high))
    boxes = [tag for tag in page.all("input") if tag["type"] == "number"]
    assert [box["aria-label"] for box in boxes] == [
        "in channels, as a number",
        "out channels, as a number",
        "groups, as a number",
    ]


def test_choices_and_switches_start_at_their_defaults():
    def still(kind: str, on: bool) -> Result:
        return Result(f"{kind} {on}")

    page = Page(page_of(explore(still, kind=["a<b", "c"], on=True)))
    assert [tag["value"] for tag in page.all("option") if "selected" in tag] == ["a<b"]
    assert [tag["name"] for tag in page.all("input") if "checked" in tag] == ["on"]


def test_the_form_cannot_be_sent_and_waits_for_the_script():
    page = Page(page_of(explore(convolutions, **HERO)))
    assert "disabled" in page.all("fieldset")[0]
    assert "action" not in page.all("form")[0]
    assert not [tag for tag in page.all("button") if tag.get("type") != "button"]


def test_nothing_runs_from_attributes_and_nothing_is_fetched():
    for _, attributes in Page(page_of(explore(convolutions, **HERO))).tags:
        assert not [name for name in attributes if name.startswith("on")]
        assert "href" not in attributes
        assert attributes.get("src", "data:").startswith("data:")  # an image is in the page itself


def test_the_script_finds_the_function_and_its_controls():
    form = Page(page_of(explore(convolutions, **HERO))).all("form")[0]
    controls = json.loads(form["data-live-controls"])
    assert {c["name"]: (c["default"], c["low"], c["high"]) for c in controls} == HERO
    settings = json.dumps({c["name"]: c["default"] for c in controls})
    reply = json.loads(answer(form["data-live-module"], form["data-live-function"], settings))
    assert reply["html"] == convolutions(3, 4).html
    assert reply["summary"] == "Standard 108 parameters, grouped 108, depthwise separable 39."


def test_a_notebooks_own_function_says_where_it_moves():
    def own(number: int) -> Result:
        return Result(str(number))

    source = page_of(explore(own, number=(1, 0, 2)))
    assert "moves only in a notebook" in source
    assert "data-live" not in source
    assert "JavaScript" in page_of(explore(convolutions, **HERO))


def test_ids_are_unique_in_a_page_and_can_be_chosen():
    forms = [
        explore(convolutions, **HERO),
        explore(convolutions, in_channels=(3, 1, 32)),
        explore(convolutions, title="Again", **HERO),
        explore(network_layers, network=["LeNet-5", "AlexNet"]),
        explore(convolutions, id="mine", **HERO),
    ]
    ids = [
        attributes["id"]
        for form in forms
        for _, attributes in Page(page_of(form)).tags
        if "id" in attributes
    ]
    assert len(set(ids)) == len(ids)
    assert forms[-1].id == "mine"


def test_two_runs_write_the_same_characters():
    code = (
        "from labcode.pages.live import explore;"
        "from labcode.pages.calculators import convolutions;"
        "print(explore(convolutions, in_channels=(3, 1, 64))._repr_mimebundle_()['text/html'])"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1


def test_the_browser_gets_a_reason_for_an_impossible_setting():
    reply = answer("labcode.pages.calculators.convolutions", "convolutions", '{"kernel_size": 9}')
    assert (
        "kernel_size 9 must not be larger than the padded input" in json.loads(reply)["impossible"]
    )


@pytest.mark.parametrize("module", ["os", "labcode.cost", "labcode.calculators_evil.x"])
def test_the_browser_calls_calculators_only(module):
    with pytest.raises(ValueError, match="must belong to labcode"):
        answer(module, "getcwd", "{}")
