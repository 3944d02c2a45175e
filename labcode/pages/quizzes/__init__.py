"""Questions with feedback, which the page itself checks; by jupyterquiz, in the book's look.

The questions of a chapter are a JSON file of this folder, in jupyterquiz' format. Without
scripts (on GitHub, say) a reader sees them as a list, each answer beside its feedback.
"""

from labcode.pages.quizzes.questions import names, questions
from labcode.pages.quizzes.quiz import Quiz, show

__all__ = ["Quiz", "names", "questions", "show"]
