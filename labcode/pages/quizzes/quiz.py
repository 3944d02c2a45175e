"""A quiz as a notebook shows it: jupyterquiz' own script and style, with the book's look."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.resources import files
from string import Template
from typing import Any

from labcode.pages.quizzes import plain
from labcode.pages.quizzes.questions import questions


@dataclass(frozen=True, repr=False)
class Quiz:
    """Questions that a notebook or a page asks; see `show`, which makes it."""

    name: str
    questions: list[dict[str, Any]] = field(hash=False)

    @property
    def id(self) -> str:
        """The element of the page that holds it: the same in every run."""
        return f"quiz_{self.name}"

    def __repr__(self) -> str:
        """Return the questions as plain text, which a terminal shows."""
        return plain.as_text(self.questions)

    def _repr_html_(self) -> str:
        """Return the quiz; jupyterquiz' script takes the place of the plain list."""
        from jupyterquiz.dynamic.loader import load_questions_script
        from jupyterquiz.dynamic.renderer import build_script, build_styles, render_div

        everything, width = len(self.questions), 720
        box = render_div(self.id, False, False, False, everything, width, 8, "left")
        fallback = f'<div class="quiz-plain">{plain.as_html(self.questions)}</div>'
        prefix, static, url = load_questions_script(self.questions, self.id)
        script = without_formulas(build_script(prefix, static, url, self.id, load_js=True))
        look, finish = (_own(file).substitute(id=self.id) for file in ("quiz.css", "quiz.js"))
        return (
            f"{box}{fallback}</div>\n{build_styles(self.id, {})}\n<style>\n{look}</style>\n"
            f"<script>\n{script}\n{finish}</script>"
        )


def without_formulas(script: str) -> str:
    """Return jupyterquiz' script without its formulas, for which it loads MathJax from afar.

    JupyterLab has a MathJax of its own that no page can use: with it the script would ask another
    host, and where that does not answer, every click would end in an error. No question has one.
    """
    script = re.sub(r"typeof MathJax !==? 'undefined'", "false", script)
    return re.sub(r"https?://[^\s'\"]+mathjax[^\s'\"]+", "", script)


def _own(file: str) -> Template:
    return Template(files("labcode.pages.quizzes").joinpath(file).read_text(encoding="utf-8"))


def show(name: str) -> Quiz:
    """Return a quiz, which a notebook shows where it is the last value of a cell.

    Args:
        name: One of `names()`.

    Raises:
        KeyError: There is no such quiz.

    >>> show("counting_cost").id
    'quiz_counting_cost'
    """
    return Quiz(name, questions(name))
