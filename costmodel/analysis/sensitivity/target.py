"""What is to be met, as a figure that is 0 at the break-even value and above 0 where more than met."""

from dataclasses import dataclass

import numpy as np

from costmodel.analysis.sensitivity.question import OUTCOMES, Question, Rows
from costmodel.errors import InputError, number
from costmodel.model.draws import Array
from costmodel.result.table import in_words

TARGETS = ("net_saving", "nmb", "payback", "offset_ratio")


@dataclass(frozen=True)
class Target:
    """An outcome and the value it is to reach: pounds, months, or a ratio."""

    question: Question
    value: float

    def figure(self, rows: Rows) -> Array:
        """Pounds by which the outcome is more than met, (1, row); continuous where the outcome's money is.

        Payback by a month: less the most that is still owed at that month or later. A ratio r: what is saved
        less r times what the therapy costs.
        """
        match self.question.outcome:
            case "payback":
                curve, months = self.question.curve(rows)
                later = [curve[months > self.value], _at(curve, months, self.value)[None]]
                return np.asarray(-np.concatenate(later).max(axis=0)[None], dtype=float)
            case "offset_ratio":
                spent, returned = self.question.spent_and_returned(rows)
                return (returned - self.value * spent)[None]
        return self.question.measure(rows) - self.value

    @property
    def words(self) -> str:
        """What is to be met, in words."""
        horizon = in_words(self.question.months)
        discounted = "discounted " if self.question.discounted or self.question.outcome == "nmb" else ""
        match self.question.outcome:
            case "payback":
                beyond = "" if self.value == self.question.months else f", lasting to {horizon}"
                return f"{discounted}payback by {in_words(self.value)}{beyond}"
            case "offset_ratio":
                return f"{discounted}savings of {self.value:g} times the therapy's cost over {horizon}"
        return f"{discounted}{OUTCOMES[self.question.outcome]} of £{self.value:,.0f} over {horizon}"


def target(question: Question, value: float | None) -> Target:
    """A target; by default £0, payback within the horizon, a ratio of 1. Raises InputError for what cannot be met."""
    if question.outcome not in TARGETS:
        remedy = f"Take one of {', '.join(TARGETS)}: a cost per QALY is met where nmb is 0 at that threshold."
        raise InputError.at("outcome", f"break-even is not sought for a {OUTCOMES[question.outcome]}", remedy)
    if value is None:
        value = {"payback": question.months, "offset_ratio": 1.0}.get(question.outcome, 0.0)
    value = number("target", value)
    if question.outcome == "payback" and not question.first_payment < value <= question.months:
        found = f"month {value:g} is not between the first payment and {in_words(question.months)}"
        raise InputError.at("target", found, "Name a month in between, or another horizon.")
    return Target(question, float(value))


def _at(curve: Array, months: Array, month: float) -> Array:
    """The curve at a month, straight between its points."""
    after = int(np.searchsorted(months, month))
    if months[after] == month:
        return np.asarray(curve[after], dtype=float)
    share = (month - months[after - 1]) / (months[after] - months[after - 1])
    return np.asarray(curve[after - 1] + share * (curve[after] - curve[after - 1]), dtype=float)
