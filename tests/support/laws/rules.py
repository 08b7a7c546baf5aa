"""Laws as they are declared here: some rest on transitions given as rates, or are another for probabilities."""

from collections.abc import Callable
from dataclasses import replace

from costmodel.analysis.verification import Finding, Law, Rule
from tests.support.laws.context import Context

OF_RATES = "the transitions are given as probabilities, and this law is about rates"


class Rules:
    """Laws in the order in which they are declared.

    by_rates, chains: ids of those that rest on rates alone, and of those that are another for probabilities.
    """

    def __init__(self) -> None:
        self.all: list[Rule] = []
        self.by_rates: set[str] = set()
        self.chains: list[str] = []

    def law(self, id: str, title: str, tolerance: float, *, rates: bool = False) -> Callable[[Law], Law]:
        """Declare a function as the measurement of a law."""

        def declare(law: Law) -> Law:
            self.by_rates |= {id} if rates else set()
            self.all.append(Rule(id, title, tolerance, _either(law, lambda _: OF_RATES) if rates else law))
            return law

        return declare

    def chain(self, id: str) -> Callable[[Law], Law]:
        """Declare a function as the measurement of a law where transitions are given as probabilities."""

        def declare(law: Law) -> Law:
            position = next(i for i, rule in enumerate(self.all) if rule.id == id)
            rule = self.all[position]
            self.all[position] = replace(rule, law=_either(rule.law, law))
            self.by_rates.discard(id)
            self.chains.append(id)
            return law

        return declare


def _either(of_rates: Law, of_probabilities: Law) -> Law:
    def law(context: Context) -> Finding:
        return (of_probabilities if context.model.in_probabilities else of_rates)(context)

    return law
