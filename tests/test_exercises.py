"""Exercises: each is answered rightly, nearly, wrongly and with nonsense; notebooks agree."""

import json
import math
import re
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch

from labcode.models import shufflenet_v1
from labcode.pages.exercises import chapters, definition, definitions, exercise
from labcode.pages.exercises.box import box, unpacked
from labcode.pages.exercises.choices import Choice
from labcode.pages.exercises.feedback import Feedback
from labcode.pages.exercises.functions import Case, Function
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Field, Marks, Number, Several
from labcode.pages.exercises.task import Task
from tests.test_repository import NOTEBOOKS

# Their right answers are measured: networks are exported, quantized, packed and timed.
MEASURED = {"your_own-2", "ship_it-1", "ship_it-2", "ship_it-3", "fewer_bits-2", "cnn_basics-3"}


def listed(entry: Exercise, what: Any) -> Any:
    """One exercise as a test's parameter."""
    return pytest.param(what, id=entry.id, marks=[pytest.mark.slow] * (entry.id in MEASURED))


EVERY = [listed(entry, entry.id) for name in chapters() for entry in definitions(name)]
NONSENSE = [None, "much", math.nan, True, object(), [], torch.zeros(3, 0), 1j]
CELLS = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))["cells"]
    for path in NOTEBOOKS
    if path.stem != "index"
}
STARTS = {
    (stem, place): cell
    for stem, cells in CELLS.items()
    for place, cell in enumerate(cells)
    if "exercise" in cell["metadata"].get("tags", [])
}


def kind(answer: Any, id: str) -> str:
    return exercise(id).check(answer).kind


@pytest.mark.parametrize("id", EVERY)
def test_the_right_answer_is_right(id: str) -> None:
    assert kind(definition(id).right_answer(), id) == "right"


@pytest.mark.parametrize("id", EVERY)
def test_two_typical_wrong_answers_get_reasons_of_their_own(id: str) -> None:
    entry, reasons = definition(id), set()
    for answer, reason in entry.slips():
        said = exercise(id).check(answer)
        assert said.kind == "wrong", answer
        assert reason in said.text, answer
        assert len(reason) > 20, reason
        reasons.add(reason)
    assert len(reasons) >= 2


@pytest.mark.parametrize("id", EVERY)
def test_nonsense_gets_one_sentence_and_is_never_right(id: str) -> None:
    for answer in NONSENSE:
        said = exercise(id).check(answer)
        assert said.kind in ("unread", "wrong"), answer
        assert said.text
        assert "Traceback" not in said.text


@pytest.mark.parametrize("id", EVERY)
def test_an_open_answer_is_an_invitation(id: str) -> None:
    assert kind(..., id) == "open"


@pytest.mark.parametrize("id", EVERY)
def test_hints_come_one_by_one_and_give_no_answer_away(id: str) -> None:
    task, entry = exercise(id), definition(id)
    said = [task.hint().text for _ in range(len(entry.hints) + 1)]
    assert len(entry.hints) >= 2
    assert [text.partition(": ")[2] for text in said] == [*entry.hints, entry.hints[0]]
    assert task.solution().text


@pytest.mark.parametrize("id", EVERY)
def test_texts_are_shown_as_they_stand(id: str) -> None:
    entry = definition(id)
    texts = [*entry.hints, *entry.options, *(reason for _, reason in entry.slips())]
    for text in texts:
        assert text.count("`") % 2 == 0, text
        assert not re.search(r"(?<!`)\*\w", re.sub(r"`[^`]*`", "", text)), text


# --- numbers ---------------------------------------------------------------------------------


def numbers() -> list[tuple[Exercise, Field]]:
    found = [(entry, entry) for name in chapters() for entry in definitions(name)]
    single = [(entry, part) for entry, part in found if isinstance(part, Number)]
    several = [(entry, p) for entry, _ in found if isinstance(entry, Several) for p in entry.parts]
    return [*single, *several]


NUMBERS = [pytest.param(part, id=f"{entry.id} {part.asks}") for entry, part in numbers()]


@pytest.mark.parametrize("part", NUMBERS)
def test_a_wrong_number_is_not_taken_for_the_right_one(part: Field) -> None:
    marks = part.marks()
    for value, _ in marks.slips.items():
        assert marks.say(value), f"{value} would be accepted as {marks.right}"
    reasons = [marks.say(value) for value in marks.slips]
    assert reasons == list(marks.slips.values()), "a slip is hidden by one before it"


@pytest.mark.parametrize("part", NUMBERS)
def test_what_is_nearly_right_is_judged_by_the_tolerance(part: Number) -> None:
    marks = part.marks()
    if marks.right:
        assert not marks.say(marks.right * (1 + marks.tolerance / 2))
        assert marks.say(marks.right * (1 + 2 * marks.tolerance + 1e-4))
        assert marks.say(marks.right * 1.7)
        assert marks.say(-marks.right)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (97, ""),
        (97.0, ""),
        (9_700, "Right up to a factor of 100: look at the unit that is asked."),
        (0.097, "Right up to a factor of 1,000: look at the unit that is asked."),
        (96.9, "Close, but not it: it is off by less than 5 %. Count exactly, and round last."),
        (-97, "The sign is the other way round."),
        (30, "That is too small, about 3.2 times."),
        (0, "That is too small."),
        (1e9, "That is too large, more than a hundred times."),
    ],
)
def test_a_number_without_a_reason_of_its_own_is_compared(given: float, said: str) -> None:
    assert Marks(97, {}).say(given) == said


@pytest.mark.parametrize("given", [3, 3.0, np.float32(3), np.int64(3), torch.tensor(3)])
def test_numbers_of_every_kind_are_read(given: Any) -> None:
    assert kind(given, "zeros-3") == "right"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("3", "without quotes"),
        (None, "None is not one"),
        (math.inf, "finite"),
        (torch.zeros(2), "more than one"),
        ([3], "a `list` is not one"),
    ],
)
def test_what_is_no_number_is_named(given: Any, said: str) -> None:
    assert said in exercise("zeros-3").check(given).text


def test_shufflenets_branch_is_the_one_that_the_network_refuses() -> None:
    branch = definition("shufflenet-2").right_answer()
    with pytest.raises(ValueError, match=rf"the branch .* would have {branch} channels"):
        shufflenet_v1(groups=8, scale=0.25)


@pytest.mark.parametrize("given", [3, [1, 2], "112", None, {}])
def test_a_list_of_another_length_is_named(given: Any) -> None:
    said = exercise("counting_cost-1").check(given)
    assert said.kind == "unread"
    assert said.text.startswith("3 numbers are asked, in a list")


def test_a_list_that_is_half_done_is_open() -> None:
    assert kind([112, ..., ...], "counting_cost-1") == "open"


# --- choices ---------------------------------------------------------------------------------


def choices() -> list[Choice]:
    every = [entry for name in chapters() for entry in definitions(name)]
    return [entry for entry in every if isinstance(entry, Choice)]


@pytest.mark.parametrize("entry", [listed(entry, entry) for entry in choices()])
def test_every_option_has_a_reason(entry: Choice) -> None:
    reasons = [option.reason for option in entry.choices.values()]
    assert len(set(reasons)) == len(reasons) >= 3
    assert entry.right() in entry.choices


def test_the_right_option_stands_in_no_place_of_its_own() -> None:
    places = Counter(entry.right_answer() for entry in choices())
    assert max(places.values()) <= 0.6 * len(choices()), places


@pytest.mark.parametrize("given", ["b", "B", " b ", "b)"])
def test_a_letter_is_read_in_every_form(given: str) -> None:
    assert kind(given, "pruning-1") == "right"


@pytest.mark.parametrize("given", ["d", "", "ab", 2, None, ["b"]])
def test_another_letter_is_named(given: Any) -> None:
    assert 'One of the letters "a", "b", "c"' in exercise("pruning-1").check(given).text


PARTS = {
    "introduction": ["counting_cost", "bytes_and_time"],
    "basics": ["cnn_basics", "pooling"],
    "pruning": ["pruning", "zeros", "filters"],
    "distillation": ["distillation", "unseen"],
    "quantization": ["quantization", "few_bits", "weight_sharing", "deep_compression"],
    "design": ["efficient_convolutions", "design_space", "papers_tables"],
    "dynamic": ["dynamic_computation", "budgets"],
    "photographs": ["small_photographs", "real_network", "fewer_bits", "your_own"],
    "shipping": ["scoreboard", "when_not", "ship_it", "workbench", "draw"],
}


@pytest.mark.parametrize("part", PARTS)
def test_each_part_asks_for_a_decision(part: str) -> None:
    every = [entry for name in PARTS[part] for entry in definitions(name)]
    asks = [entry.asks for entry in every if isinstance(entry, Choice)]
    assert any(re.search(r"\b(ship|you (take|do|write|set|work)|Do you)\b", ask) for ask in asks)


# --- functions -------------------------------------------------------------------------------


def functions() -> list[Function]:
    every = [entry for name in chapters() for entry in definitions(name)]
    return [entry for entry in every if isinstance(entry, Function)]


@pytest.mark.parametrize("entry", functions(), ids=lambda entry: entry.id)
def test_a_function_that_fails_gets_a_sentence(entry: Function) -> None:
    def fails(*_: Any) -> None:
        raise ZeroDivisionError("division by zero")

    said = Task(entry).check(fails)
    assert said.kind == "unread"
    assert "raises a ZeroDivisionError: division by zero" in said.text
    for useless in (lambda *_: None, lambda *_: "x", lambda *_: math.nan, lambda: 1, 3):
        assert Task(entry).check(useless).kind == "unread"


@pytest.mark.parametrize("entry", functions(), ids=lambda entry: entry.id)
def test_a_function_is_tried_on_several_inputs_and_edges(entry: Function) -> None:
    assert len(entry.cases()) >= 3
    names = [case.named for case in entry.cases()]
    assert len(set(names)) == len(names)


def test_the_rule_in_the_words_of_the_task_is_right() -> None:
    """Three bits reach one mark further below than above; the task speaks of equal ends."""
    said = exercise("few_bits-2").check(lambda w, slope, largest: slope * (w.abs() <= largest))
    assert said.kind == "right"


@pytest.mark.parametrize("entry", functions(), ids=lambda entry: entry.id)
def test_a_function_that_returns_dots_is_open(entry: Function) -> None:
    assert Task(entry).check(lambda *_: ...).kind == "open"


def halve() -> Function:
    return Function(
        id="x-1",
        hints=("a", "b"),
        asks="half",
        cases=lambda: (Case((4.0,), "a float"), Case((0.0,), "zero"), Case((-2.0,), "less")),
        oracle=lambda x: x / 2,
        wrong=((lambda x: x, "That is the whole."),),
    )


def test_it_is_said_with_which_inputs_a_function_is_right() -> None:
    said = Task(halve()).check(lambda x: abs(x) / 2).text
    assert said == "Right with a float and zero. But with less you return 1, and it should be -1."
    said = Task(halve()).check(lambda x: [x / 2]).text
    assert said.startswith("With a float the shape differs: your result is 1, and it should be a")


def test_a_function_that_changes_its_arguments_does_no_harm() -> None:
    entry = definition("budgets-3")
    assert isinstance(entry, Function)

    def careless(right: Any) -> Any:
        found = entry.oracle(right.clone())
        right.fill_(False)
        return found

    assert Task(entry).check(careless).kind == "right"


# --- tensors and findings --------------------------------------------------------------------


@pytest.mark.parametrize(
    "given", [[8, 4, 8], (8, 4, 8), np.array([8, 4, 8]), torch.tensor([8, 4, 8])]
)
def test_numbers_in_a_row_are_read_in_every_form(given: Any) -> None:
    assert kind(given, "fewer_bits-3") == "right"


def test_of_many_numbers_the_first_wrong_one_is_named() -> None:
    said = exercise("fewer_bits-3").check([8, 4, 3]).text
    assert said == (
        "2 of 3 numbers are right. The first that is not stands at [2]: you have 3 there."
    )
    assert "should be 3, and yours is 2" in exercise("fewer_bits-3").check([8, 4]).text


def test_another_finding_is_right_as_well() -> None:
    for counts in ([1, 1, 1, 1], [2, 2, 8, 4], np.array([16, 8, 4, 4])):
        assert kind(counts, "weight_sharing-2") == "right"


# --- oracles ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "by_hand"),
    [
        ("counting_cost-1", [112, 64 * 147, 64 * 147 * 112 * 112]),
        ("counting_cost-2", 17),
        ("cnn_basics-1", 18),
        ("pooling-2", 200 * 500 + 500),
        ("pruning-2", 0),
        ("pruning-3", 0.02 + 0.98 * 0.75**3),
        ("zeros-1", [50, 80]),
        ("filters-1", 10 * 501 + 10 * 16 * 500),
        ("distillation-2", 0.8 + 0.2 / 10),
        (
            "unseen-3",
            [1 / (1 + math.exp(-8)), (1 / (1 + math.exp(-18)) + 1 / (1 + math.exp(2))) / 2],
        ),
        ("quantization-1", [1 / 51, 51, 149 / 51]),
        ("quantization-2", [66_311, 1]),
        ("few_bits-1", [math.log(3, 2), 5, 86.1]),
        ("weight_sharing-1", [1_560, 2_048]),
        ("low_rank-3", 576 * 128 // (576 + 128)),
        ("efficient_convolutions-2", 9 * 256**2 / (2 * 256 * 64 + 9 * 64**2)),
        ("squeezenet-1", 101 * 20 + 21 * 40 + (9 * 20 + 1) * 60),
        ("senet-1", 3 * 2 * 2048**2),
        ("papers_tables-2", 336),
        ("dynamic_computation-1", 496_440),
        ("budgets-1", [6 / 7, 8]),
        ("when_not-2", 1 / 0.775),
        ("your_own-1", 100 / 12),
    ],
)
def test_the_right_number_is_that_of_pen_and_paper(id: str, by_hand: Any) -> None:
    assert kind(by_hand, id) == "right"


# --- notebooks and definitions ---------------------------------------------------------------


def task_ids(cells: list[dict[str, Any]]) -> list[str]:
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return [found for text in sources for found in re.findall(r'exercise\("([^"]+)"\)', text)]


def test_each_exercise_stands_in_its_notebook_once_and_none_is_an_orphan() -> None:
    used = Counter(id for cells in CELLS.values() for id in task_ids(cells))
    defined = [entry.id for name in chapters() for entry in definitions(name)]
    assert used == Counter(defined)


@pytest.mark.parametrize("stem", CELLS)
def test_a_chapter_has_three_exercises_each_followed_by_its_cell(stem: str) -> None:
    cells = CELLS[stem]
    places = [
        (int(number), place)
        for place, cell in enumerate(cells)
        for number in re.findall(r"^> \*\*Exercise (\d+)\*\*$", "".join(cell["source"]), re.M)
    ]
    assert len(places) >= 3
    for number, place in places:
        assert task_ids([cells[place + 1]]) == [f"{stem}-{number}"]
        assert cells[place + 1]["metadata"]["tags"] == ["exercise"]
        assert "".join(cells[place]["source"]).rstrip().splitlines()[-1].startswith(">")
        assert '<details class="solution">' in "".join(cells[place + 2]["source"])


@pytest.mark.parametrize("start", STARTS, ids=lambda start: f"{start[0]}-{start[1]}")
def test_a_stored_cell_is_unanswered_and_holds_what_the_site_needs(start: tuple[str, int]) -> None:
    cell = STARTS[start]
    [output] = cell["outputs"]
    assert "".join(output["data"]["text/plain"]).startswith("✎ Your turn: put ")
    record = unpacked("".join(output["data"]["text/html"]))
    assert record is not None
    [id] = task_ids([cell])
    now = unpacked(exercise(id).invitation()._repr_html_())
    assert record == now, "run the notebook again"


# --- the box of the site ---------------------------------------------------------------------


def page_of(id: str) -> str:
    return box(exercise(id).invitation()._repr_html_())


@pytest.mark.parametrize("id", EVERY)
def test_the_answer_cannot_be_read_at_a_glance(id: str) -> None:
    entry = definition(id)
    page = re.sub(r'data-exercise="[^"]*"', "", page_of(id))
    for _, reason in entry.slips():
        assert reason not in page
    if isinstance(entry, Number) and len(f"{entry.right_answer():g}") > 2:
        shown = re.sub(r'<details class="hint">.*?</details>', "", page)
        assert f"{entry.right_answer():g}" not in shown


@pytest.mark.parametrize("id", EVERY)
def test_without_scripts_hints_and_a_word_are_there(id: str) -> None:
    page = page_of(id)
    assert page.count('<details class="hint">') == len(definition(id).hints)
    assert "<form hidden>" in page or "the notebook checks it" in page
    assert "the solution below" in page or "the notebook checks it" in page


def test_what_is_no_exercise_has_no_box() -> None:
    assert unpacked("<p>text</p>") is None
    with pytest.raises(ValueError, match="should hold a packed exercise"):
        box("<p>text</p>")


def test_html_in_texts_is_shown_and_not_run() -> None:
    said = Feedback("wrong", "1 < 2 & `a < b`")._repr_html_()
    assert "1 &lt; 2 &amp; <code>a &lt; b</code>" in said


@pytest.mark.parametrize("id", ["nothing-1", "pruning-99", "pruning"])
def test_an_unknown_exercise_is_named(id: str) -> None:
    with pytest.raises(KeyError, match="there are: "):
        exercise(id)
