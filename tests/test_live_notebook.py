"""The widgets of a notebook: they move, they say what is impossible, they recover."""

import pytest

from labcode.pages.calculators import convolutions, receptive_field
from labcode.pages.live import explore, notebook
from labcode.pages.live.sheet import style_sheet

WIDGET = "application/vnd.jupyter.widget-view+json"


def parts(explorer):
    """The widgets by the name of their control, the answer and the button."""
    _, _, grid, output = notebook.build(explorer).children
    *boxes, button = grid.children
    return dict(zip(explorer.defaults, boxes, strict=True)), output, button


@pytest.fixture
def hero():
    return explore(
        convolutions, in_channels=(3, 1, 64), out_channels=(4, 1, 64), kernel_size=(3, 1, 11)
    )


def test_moving_a_slider_changes_the_answer(hero):
    boxes, output, _ = parts(hero)
    assert convolutions(3, 4).html in output.value
    boxes["out_channels"].value = 8
    assert convolutions(3, 8).html in output.value


def test_an_impossible_setting_is_said_and_the_calculator_goes_on(hero):
    boxes, output, button = parts(hero)
    boxes["kernel_size"].value = 9
    assert "kernel size 9 must not be larger" in output.value
    boxes["kernel_size"].value = 3
    assert convolutions(3, 4).html in output.value
    boxes["in_channels"].value = 10
    button.click()
    assert {name: box.value for name, box in boxes.items()} == hero.defaults
    assert convolutions(3, 4).html in output.value


def test_choices_and_switches_are_widgets_too():
    boxes, output, _ = parts(explore(receptive_field, layers=(3, 1, 8), same_padding=False))
    boxes["same_padding"].value = True
    assert receptive_field(3, same_padding=True).html in output.value


def test_labels_with_units_stand_beside_the_widgets():
    labelled = explore(convolutions, input_size=(5, 1, 64), labels={"input_size": "size (pixels)"})
    assert parts(labelled)[0]["input_size"].description == "size (pixels)"


def test_without_a_kernel_there_are_no_widgets(hero):
    assert WIDGET not in hero._repr_mimebundle_()


def test_with_a_kernel_there_are_widgets_and_the_still_page(hero, monkeypatch):
    monkeypatch.setattr(notebook, "_in_notebook", lambda: True)
    bundle = hero._repr_mimebundle_()
    assert set(bundle) == {WIDGET, "text/html", "text/plain"}
    assert bundle[WIDGET]["model_id"]


def test_widgets_are_announced_as_ipywidgets_does_it(hero, monkeypatch):
    box = notebook.build(hero)
    monkeypatch.setattr(notebook, "_in_notebook", lambda: True)
    monkeypatch.setattr(notebook, "build", lambda explorer: box)
    assert notebook.widget_bundle(hero)[WIDGET] == box._repr_mimebundle_()[WIDGET]


def test_the_style_sheet_travels_with_the_package():
    sheet = style_sheet()
    assert ".live-bar" in sheet
    assert "url(" not in sheet  # nothing is fetched
