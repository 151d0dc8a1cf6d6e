"""The experts: six questions about nine images of each dataset, and what several raters answered."""

from whence.rating.answers import answers_about
from whence.rating.automatic import rate as rate_automatically
from whence.rating.questions import PROPERTIES, QUESTIONS
from whence.rating.sheets import Sheet, read_folder, read_sheets, take_over, write_sheet
from whence.rating.summary import Summary, document, raters_answers, summarise

__all__ = [
    "PROPERTIES",
    "QUESTIONS",
    "Sheet",
    "Summary",
    "answers_about",
    "document",
    "rate_automatically",
    "raters_answers",
    "read_folder",
    "read_sheets",
    "summarise",
    "take_over",
    "write_sheet",
]
