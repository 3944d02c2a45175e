"""Exercises that answer: in a notebook by `check`, on the site by an answer box.

What an exercise asks and how it is solved stands in the notebook. Here stands what checks it: one
file a chapter in `chapters/`, in which `labcode` computes the right answer, typical wrong ones with
the reason why they are wrong, and the hints.
"""

from labcode.pages.exercises.shelf import chapters, definition, definitions
from labcode.pages.exercises.task import Task, exercise

__all__ = ["Task", "chapters", "definition", "definitions", "exercise"]
