"""A check of a run: what was measured, how far it may be off, and what came of it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from costmodel.analysis.verification.bench import Bench
from costmodel.errors import InputError

State = Literal["OK", "flagged", "FAIL", "not yet", "does not apply"]
Group = Literal["inputs", "flow", "results", "uncertainty"]
STATES: tuple[State, ...] = ("OK", "flagged", "FAIL", "not yet", "does not apply")
"""`flagged`: nothing is wrong with the run, and its reader should know."""


@dataclass(frozen=True)
class Check:
    """One law and how well a scenario obeys it.

    value: the largest deviation that was found. tolerance: the largest that is allowed. Both are None where
    nothing was measured. words: what was measured and in which unit, or why nothing was. note: what a reader
    should know although the law holds.
    """

    id: str
    title: str
    group: Group
    value: float | None
    tolerance: float | None
    state: State
    words: str
    note: str = ""


@dataclass(frozen=True)
class Measured:
    """A deviation, what it is a deviation of, and what else is worth knowing."""

    value: float
    words: str
    note: str = ""


@dataclass(frozen=True)
class Inapplicable:
    """Why a law says nothing about this scenario."""

    why: str


Finding = Measured | Inapplicable
Law = Callable[[Bench], Finding]


@dataclass(frozen=True)
class Rule:
    """A law before it is measured.

    rates: whether it rests on transitions given as rates; chain: the same law of transitions given as
    probabilities, where it is another. of_inputs: whether it judges the inputs rather than the run, which is
    then flagged. law: None where it cannot be measured yet, and then missing says why.
    """

    id: str
    title: str
    group: Group
    tolerance: float
    rates: bool
    law: Law | None
    missing: str = ""
    chain: Law | None = None
    of_inputs: bool = False

    def measure(self, bench: Bench) -> Check:
        """The check of this law on a scenario."""
        if self.law is None:
            return Check(self.id, self.title, self.group, None, None, "not yet", self.missing)
        law = self.law if bench.rates else self.chain or self.law
        if self.rates and not bench.rates and self.chain is None:
            why = "the transitions are given as probabilities, and this law is about rates"
            return Check(self.id, self.title, self.group, None, None, "does not apply", why)
        try:
            found = law(bench)
        except InputError as error:
            words = f"it could not be measured: {error.problems[0]}"
            return Check(self.id, self.title, self.group, None, self.tolerance, "FAIL", words)
        if isinstance(found, Inapplicable):
            return Check(self.id, self.title, self.group, None, None, "does not apply", found.why)
        value = float(found.value) + 0.0
        holds = math.isfinite(value) and value <= self.tolerance
        state: State = "OK" if holds else "flagged" if self.of_inputs and math.isfinite(value) else "FAIL"
        return Check(self.id, self.title, self.group, value, self.tolerance, state, found.words, found.note)


class Rules:
    """The laws of one group, in the order in which they are declared."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.all: list[Rule] = []

    def law(
        self, id: str, title: str, tolerance: float, *, rates: bool = False, of_inputs: bool = False
    ) -> Callable[[Law], Law]:
        """Declare a function as the measurement of a law."""

        def declare(law: Law) -> Law:
            self.all.append(Rule(id, title, self.group, tolerance, rates, law, of_inputs=of_inputs))
            return law

        return declare

    def chain(self, id: str) -> Callable[[Law], Law]:
        """Declare a function as the measurement of a law where transitions are given as probabilities."""

        def declare(law: Law) -> Law:
            position = next(i for i, rule in enumerate(self.all) if rule.id == id)
            self.all[position] = replace(self.all[position], chain=law)
            return law

        return declare

    def missing(self, id: str, title: str, why: str) -> None:
        """Declare a law that cannot be measured yet."""
        self.all.append(Rule(id, title, self.group, 0.0, False, None, why))
