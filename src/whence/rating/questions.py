"""The six properties that the paper's experts were asked for, as questions with a closed list of answers.

The paper names the properties; it prints neither its questions nor the answers that were accepted. The lists below
are ours, short enough that two people who see the same pictures can pick the same answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from whence.errors import InputError


@dataclass(frozen=True, slots=True)
class Answer:
    """One accepted answer: how files write it, how the page says it, and `also`, other ways that files write it."""

    key: str
    label: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """One property: how files call it, what the page asks, why, and the answers in the order that breaks ties."""

    key: str
    asked: str
    why: str
    answers: tuple[Answer, ...]

    @property
    def accepted(self) -> tuple[str, ...]:
        """The keys of the answers, in order."""
        return tuple(answer.key for answer in self.answers)

    def label(self, key: str) -> str:
        """How the page says an answer."""
        return next(answer.label for answer in self.answers if answer.key == key)

    def read(self, text: str) -> str | None:
        """The key of the answer that somebody wrote, in any case; None where it is none of those accepted."""
        written = " ".join(text.casefold().split())
        for answer in self.answers:
            if written in (answer.key, answer.label.casefold(), *answer.also):
                return answer.key
        return (
            class_band(int(written))
            if self.key == "classes" and re.fullmatch("[0-9]{1,6}", written)
            else None
        )


BANDS = ((2, "2"), (5, "3 to 5"), (10, "6 to 10"), (50, "11 to 50"))  # spreadsheets make dates of "3-5"
MANY = "more than 50"


def class_band(classes: int) -> str | None:
    """The answer for a number of classes; None below 2."""
    return next((band for most, band in BANDS if classes <= most), MANY) if classes >= 2 else None


QUESTIONS = (
    Question(
        "origin",
        "Are these natural or medical images?",
        "A network that learned from photographs has never seen the inside of a patient.",
        (Answer("natural", "Natural", ("non-medical", "nonmedical")), Answer("medical", "Medical")),
    ),
    Question(
        "colour",
        "Are they grey or in colour?",
        "Colour carries the diagnosis in skin and stained tissue; an X-ray has none.",
        (
            Answer("grey", "Grey", ("gray", "greyscale", "grayscale")),
            Answer("colour", "In colour", ("color", "coloured", "colored", "rgb")),
        ),
    ),
    Question(
        "content",
        "Do they show objects or textures?",
        "An object has an outline and a place in the picture (a heart, a cat); a texture looks alike all over "
        "(tissue, fabric).",
        (Answer("objects", "Objects", ("object",)), Answer("textures", "Textures", ("texture",))),
    ),
    Question(
        "type",
        "Which type of objects or textures?",
        "What was learned on one kind of thing helps most, one would think, with things that look like it.",
        (
            Answer("radiology", "Organs or bones: X-ray, CT, MR, ultrasound"),
            Answer("body surface", "Skin, eye or lining: dermoscopy, fundus, endoscopy"),
            Answer("microscopy", "Cells or tissue under a microscope"),
            Answer("living things", "People, animals, plants"),
            Answer("things and scenes", "Things, buildings, landscapes"),
            Answer("materials", "Materials: stone, fabric, wood"),
            Answer("several", "Several of these"),
        ),
    ),
    Question(
        "diversity",
        "How much do the images differ from one another?",
        "Pictures that are all taken in one way teach a network little about others.",
        (
            Answer("low", "Little: all alike"),
            Answer("medium", "Somewhat"),
            Answer("high", "Much: hardly two alike"),
        ),
    ),
    Question(
        "classes",
        "How many classes would you say there are?",
        "Telling a hundred kinds apart teaches finer differences than telling two. Your impression is enough.",
        (*(Answer(band, band) for _, band in BANDS), Answer(MANY, "More than 50")),
    ),
)
PROPERTIES = tuple(question.key for question in QUESTIONS)
_BY_KEY = {question.key: question for question in QUESTIONS}


def question_of(key: str) -> Question:
    """The question of a property. Raises `InputError` for another name."""
    if key not in _BY_KEY:
        raise InputError(f"there is no property {key!r}; accepted: {', '.join(PROPERTIES)}")
    return _BY_KEY[key]


def checked_answer(key: str, answer: str) -> str:
    """The key of an answer to a property, as written by a person. Raises `InputError` for one that is not accepted."""
    question = question_of(key)
    found = question.read(answer)
    if found is None:
        more = ", or a whole number from 2" if key == "classes" else ""
        raise InputError(f"{answer!r} is no answer to {key}; accepted: {', '.join(question.accepted)}{more}")
    return found
