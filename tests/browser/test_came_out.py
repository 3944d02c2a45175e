"""An answer waits where a page asks for a guess. Long code breaks on a phone, and copies whole."""

import pytest

from tests.browser.conftest import chapters, open_everything, text_of

ASKING = [path for path in chapters() if "<strong>Before you" in text_of(path)]
# Each question's next output: hidden in a fold, or a piece that answers when it is moved.
UNHIDDEN = """() => {
    const all = [...document.querySelectorAll("article strong, article .cell_output")];
    const questions = all.filter((one) => one.textContent.startsWith("Before you")
        && one.matches("strong"));
    const piece = "form.live, .touch, .bench, .labcode-exercise, [data-shufflequestions]";
    return questions.filter((one) => {
        const next = all.slice(all.indexOf(one)).find((other) => other.matches(".cell_output"));
        const fold = next?.closest("details.came-out");
        const waits = fold && !fold.open && !fold.contains(one) && !next.checkVisibility();
        return !waits && !next?.querySelector(piece);
    }).map((one) => one.parentElement.textContent);
}"""
SHOWN = """() => [...document.querySelectorAll("details.came-out .cell_output")].map((one) =>
    one.checkVisibility({ contentVisibilityAuto: true }) && one.getBoundingClientRect().height > 0)
"""
PAGE = "book/quantization/quantization.html"
SCROLLING = """() => [...document.querySelectorAll("article .cell_input pre")]
    .filter((pre) => pre.scrollWidth > pre.clientWidth + 1).map((pre) => pre.textContent)"""
SELECTED = """() => [...document.querySelectorAll("article .cell_input pre")]
    .filter((pre) => pre.checkVisibility()).map((pre) => {
        getSelection().selectAllChildren(pre);
        return [getSelection().toString().trimEnd(), pre.textContent.trimEnd()];
    })"""


@pytest.mark.parametrize("path", ASKING)
def test_no_answer_is_in_view_below_its_question(visit, path):
    assert visit(path).page.evaluate(UNHIDDEN) == []


def test_an_answer_in_view_would_be_found(visit):
    page = visit(PAGE).page
    page.evaluate("document.querySelector('details.came-out').open = true")
    assert len(page.evaluate(UNHIDDEN)) == 1


def test_a_key_opens_one_answer_and_one_button_all(visit):
    page = visit(PAGE, width=390).page
    folds = page.locator("details.came-out")
    folds.first.locator("summary").press("Enter")
    assert page.locator("details.came-out[open]").count() == 1
    page.get_by_role("button", name=f"Open all {folds.count()} answers of this page").click()
    assert page.locator("details.came-out[open]").count() == folds.count() > 1
    assert page.locator(".open-all").count() == 0


def test_of_two_answers_the_button_says_both(visit):
    page = visit("book/photographs/your_own.html").page
    page.locator("details.came-out summary").first.press("Enter")
    page.get_by_role("button", name="Open both answers of this page").click()
    assert page.locator("details.came-out[open]").count() == 2


def test_an_answer_opens_without_scripts(visit):
    page = visit(PAGE, scripts=False).page
    page.locator("details.came-out > summary").first.click()
    assert page.locator("details.came-out .cell_output").first.is_visible()


def test_paper_shows_all_answers(visit):
    page = visit(PAGE).page
    assert not any(page.evaluate(SHOWN))
    page.emulate_media(media="print")
    page.wait_for_function(f"() => ({SHOWN.strip()})().every(Boolean)")  # a frame later
    assert page.locator("details.came-out > summary").first.is_hidden()


@pytest.mark.parametrize("path", chapters())
def test_no_code_runs_out_of_its_box_on_a_phone(visit, path):
    page = visit(path, width=390).page
    open_everything(page)
    assert page.evaluate(SCROLLING) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_code_is_copied_in_whole_lines(visit, width):
    pairs = visit(PAGE, width=width).page.evaluate(SELECTED)
    assert len(pairs) > 10
    assert [copied for copied, _ in pairs] == [written for _, written in pairs]
