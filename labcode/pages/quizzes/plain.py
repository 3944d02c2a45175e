"""A quiz without scripts: as text for a terminal, as HTML for a page that runs none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Question = Mapping[str, Any]


def as_text(questions: Sequence[Question]) -> str:
    """Return the questions with their answers, without saying which one is right."""
    lines = []
    for number, question in enumerate(questions, start=1):
        lines.append(f"{number}. {question['question']}")
        lines += [f"   - {answer['answer']}" for answer in _choices(question)]
    return "\n".join(lines)


def as_html(questions: Sequence[Question]) -> str:
    """Return the questions as a list; the feedback of each waits in a fold.

    The texts may hold HTML, as in jupyterquiz: they are the book's own.
    """
    items = "".join(
        f"<li><p>{question['question']}</p>"
        f"{_list(answer['answer'] for answer in _choices(question))}"
        f"<details><summary>Answers</summary>{_feedback(question)}</details></li>"
        for question in questions
    )
    return f"<ol>{items}</ol>"


def _choices(question: Question) -> list[Mapping[str, Any]]:
    return [answer for answer in question["answers"] if "answer" in answer]


def _feedback(question: Question) -> str:
    return _list(
        f"{_name(answer)}: {answer['feedback']}"
        for answer in question["answers"]
        if answer.get("type") != "default"
    )


def _name(answer: Mapping[str, Any]) -> str:
    return str(answer.get("answer", answer.get("value", "")))


def _list(items: Any) -> str:
    rows = "".join(f"<li>{item}</li>" for item in items)
    return f"<ul>{rows}</ul>" if rows else ""
