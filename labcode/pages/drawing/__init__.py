"""The networks that the page *Draw a digit* runs in the reader's browser, and their input."""

from labcode.pages.drawing.board import Board, board
from labcode.pages.drawing.digit import to_digit
from labcode.pages.drawing.networks import distilled_student, shipped, unpacked_lenet5
from labcode.pages.drawing.shipped import Answers, Shipped

__all__ = [
    "Answers",
    "Board",
    "Shipped",
    "board",
    "distilled_student",
    "shipped",
    "to_digit",
    "unpacked_lenet5",
]
