"""Quizzes: complete questions, the same page in every run, colours that can be read."""

import json
import re
from importlib.resources import files

import pytest

from labcode.pages import quizzes

TYPES = {"multiple_choice", "many_choice", "numeric"}
GROUNDS = {"light": ("#ffffff", "#f3f4f5"), "dark": ("#121212", "#29313d", "#1e1e1e")}
EVERY_QUESTION = [
    pytest.param(question, id=f"{name}-{number}")
    for name in quizzes.names()
    for number, question in enumerate(quizzes.questions(name), start=1)
]


@pytest.mark.parametrize("name", quizzes.names())
def test_a_chapter_has_at_least_five_different_questions(name: str) -> None:
    texts = [question["question"] for question in quizzes.questions(name)]
    assert len(texts) >= 5
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("question", EVERY_QUESTION)
def test_every_answer_has_feedback_of_its_own(question: dict) -> None:
    feedback = [answer.get("feedback", "") for answer in question["answers"]]
    assert all(len(text) > 20 for text in feedback)
    assert len(set(feedback)) == len(feedback)


@pytest.mark.parametrize("question", EVERY_QUESTION)
def test_a_question_has_a_right_answer_and_a_wrong_one(question: dict) -> None:
    assert question["type"] in TYPES
    right = [answer["correct"] for answer in question["answers"]]
    assert all(isinstance(flag, bool) for flag in right)
    assert right.count(True) == 1 or question["type"] == "many_choice"
    assert True in right
    assert False in right


def single_choices(name: str) -> list[dict]:
    return [q for q in quizzes.questions(name) if q["type"] == "multiple_choice"]


def place_of_right(question: dict) -> int:
    return [answer["correct"] for answer in question["answers"]].index(True)


def has_longest_right(question: dict) -> bool:
    right = question["answers"][place_of_right(question)]
    others = [answer for answer in question["answers"] if answer is not right]
    return all(len(right["answer"]) > len(other["answer"]) for other in others)


@pytest.mark.parametrize("name", quizzes.names())
def test_neither_place_nor_length_gives_the_right_answer_away(name: str) -> None:
    asked = single_choices(name)
    places = [place_of_right(question) for question in asked]
    assert len(set(places)) > 1
    assert places.count(0) <= len(asked) / 3
    assert sum(map(has_longest_right, asked)) <= len(asked) / 2


@pytest.mark.parametrize("question", EVERY_QUESTION)
def test_numeric_questions_answer_any_number(question: dict) -> None:
    if question["type"] == "numeric":
        assert [answer["type"] for answer in question["answers"]].count("default") == 1
    else:
        assert all(answer["answer"] for answer in question["answers"])


@pytest.mark.parametrize("question", EVERY_QUESTION)
def test_texts_need_no_formula_and_no_other_host(question: dict) -> None:
    text = json.dumps(question)
    assert "$" not in text  # jupyterquiz would hand it to MathJax, which the site does not load
    assert "http" not in text


@pytest.mark.parametrize("name", quizzes.names())
def test_in_jupyterlab_it_asks_nothing_of_another_host(name: str) -> None:
    page = quizzes.show(name)._repr_html_()
    assert not re.search(r"https?:|//cdn", page)
    assert not re.search(r"if \([^)]*typeof MathJax", page)  # Lab has one, without what is asked


@pytest.mark.parametrize("name", quizzes.names())
def test_the_page_is_the_same_in_every_run(name: str) -> None:
    assert quizzes.show(name)._repr_html_() == quizzes.show(name)._repr_html_()


def test_two_quizzes_of_one_page_do_not_meet() -> None:
    first, second = (quizzes.Quiz(name, quizzes.questions("counting_cost")) for name in "ab")
    html = first._repr_html_()
    assert 'id="quiz_a"' in html
    assert "quiz_b" not in html
    assert "quiz_a" not in second._repr_html_()


def test_without_scripts_questions_and_feedback_can_be_read() -> None:
    quiz = quizzes.show("counting_cost")
    page = re.sub(r"<script>.*?</script>|<style>.*?</style>", "", quiz._repr_html_(), flags=re.S)
    for question in quiz.questions:
        assert question["question"] in page
        assert question["question"] in repr(quiz)
        for answer in question["answers"]:
            if answer.get("type") != "default":
                assert answer["feedback"] in page


def test_plain_text_does_not_give_the_answer_away() -> None:
    quiz = quizzes.show("counting_cost")
    assert "1944" not in repr(quiz)
    assert quiz.questions[0]["answers"][0]["feedback"] not in repr(quiz)


def test_an_unknown_quiz_is_named() -> None:
    with pytest.raises(KeyError, match=r"no quiz 'nothing'; there are: .*counting_cost"):
        quizzes.show("nothing")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_marks_can_be_read_on_the_page_and_on_a_button(theme: str) -> None:
    colours = _colours(theme)
    for mark in (colours["--jq-correct-color"], colours["--jq-incorrect-color"]):
        assert all(contrast(mark, ground) >= 4.5 for ground in GROUNDS[theme])
        assert contrast(mark, colours["--quiz-on-mark"]) >= 4.5  # WCAG AA


def _colours(theme: str) -> dict[str, str]:
    css = files("labcode.pages.quizzes").joinpath("quiz.css").read_text()
    blocks = re.findall(r"\{([^}]*--jq-correct-color[^}]*)\}", css)
    return dict(re.findall(r"(--[\w-]+): (#\w+);", blocks[["light", "dark"].index(theme)]))


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
