"""The value of information: what knowing more before deciding is worth."""

from costmodel.analysis.information.answer import Line, Population, ValueOfInformation
from costmodel.analysis.information.question import KEPT, UNUSED, Question, Subject, question_of
from costmodel.analysis.information.value import (
    DRAWS,
    perfect_information,
    value_of_information,
    voi,
)

__all__ = [
    "DRAWS",
    "KEPT",
    "UNUSED",
    "Line",
    "Population",
    "Question",
    "Subject",
    "ValueOfInformation",
    "perfect_information",
    "question_of",
    "value_of_information",
    "voi",
]
