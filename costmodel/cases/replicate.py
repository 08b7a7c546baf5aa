"""Run a published case and lay what its source prints beside what comes out."""

import math
from dataclasses import dataclass
from pathlib import Path

from costmodel.cases.answers import Answer, Row, compared
from costmodel.cases.cohort import convention, run_cohort
from costmodel.cases.file import BrennanCase, CohortCase, FrontierCase, NormalCase, read_case
from costmodel.cases.keys import answer
from costmodel.cases.normal_problem import problem_of
from costmodel.cases.plausible import warnings
from costmodel.cases.worth import DRAWS, Estimate, WorthOfNormals
from costmodel.errors import InputError, Problem, path_of
from costmodel.result.frontier import ON_FRONTIER, Step, frontier

TABLE_TOLERANCE = 1e-6
"""Relative; the increments of a printed incremental analysis are exact."""


@dataclass(frozen=True)
class Replication:
    """A case beside its source.

    convention: how it counts and discounts, in words. estimates: exact values beside our own estimates from draws,
    for orientation: they decide nothing.
    """

    id: str
    title: str
    kind: str
    sha256: str
    convention: str
    rows: tuple[Row, ...]
    warnings: tuple[str, ...] = ()
    estimates: tuple[Estimate, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every printed result was reproduced."""
        return all(row.holds for row in self.rows)


def replicate(path: str | Path) -> Replication:
    """Run the case in a file. Raises InputError, naming the key, for a file that is not a sound case."""
    file = path_of("path", path)
    case, digest = read_case(file)
    estimates: tuple[Estimate, ...] = ()
    try:
        if isinstance(case, CohortCase):
            run = run_cohort(case)
            rows = [compared(expected, answer(run, expected.key)) for expected in case.expected]
            how, doubts = convention(case), tuple(warnings(run))
        elif isinstance(case, NormalCase | BrennanCase):
            worth = WorthOfNormals(problem_of(case))
            rows = [compared(expected, worth.answer(expected.key)) for expected in case.expected]
            estimates, doubts = tuple(worth.estimates(case.expected)), tuple(worth.doubts(case.expected))
            how = (
                "expected maximum of net benefit over normal parameters, by integration "
                f"(largest numerical error {worth.largest_error:.1g}); by regression on {DRAWS:,} Sobol draws"
            )
        else:
            assert isinstance(case, FrontierCase)
            rows = [*_frontier_rows(case), *(compared(one, _between(case, one.key)) for one in case.expected)]
            how, doubts = "incremental analysis along the frontier", ()
    except InputError as error:
        name = file.name
        raise InputError(*(Problem(f"{name}: {p.place}", p.found, p.remedy) for p in error.problems)) from error
    return Replication(case.id, case.title or case.id, case.kind, digest, how, tuple(rows), doubts, estimates)


def _frontier_rows(case: FrontierCase) -> list[Row]:
    if case.cost.keys() != case.effect.keys():
        raise InputError.at("effect", "cost and effect name different strategies", "Give both for each.")
    found = {step.strategy: step for step in frontier(case.cost, case.effect)}
    printed = [entry[0] for entry in case.expected_table]
    if sorted(printed) != sorted(found):
        raise InputError.at("expected_table", "it does not name each strategy once", f"Strategies: {', '.join(found)}.")
    on = [entry[0] for entry in case.expected_table if entry[4] == ON_FRONTIER]
    ours = [step.strategy for step in found.values() if step.status == ON_FRONTIER]
    rows = [Row("frontier", on, ours, "exact", "published", on == ours)]
    for name, cost, effect, ratio, status in case.expected_table:
        wanted = Step(name, cost, effect, ratio, status)
        rows.append(
            Row(name, _shown(wanted), _shown(found[name]), "±1e-06 of it", "published", _equal(wanted, found[name]))
        )
    return rows


def _between(case: FrontierCase, key: str) -> Answer:
    """The answer to a further key of an incremental analysis: the frontier, or one strategy against another."""
    if key == "frontier":
        return [step.strategy for step in frontier(case.cost, case.effect) if step.status == ON_FRONTIER]
    for one in case.cost:
        for other in case.cost:
            cost, effect = case.cost[one] - case.cost[other], case.effect[one] - case.effect[other]
            answers = {"inc_cost": cost, "inc_effect": effect, "icer": cost / effect if effect else math.nan}
            for what, value in answers.items():
                if key.replace(", ", ",") == f"{what}({one},{other})".replace(", ", ","):
                    return value
    remedy = "Keys: frontier, icer(a,b), inc_cost(a,b), inc_effect(a,b)."
    raise InputError.at(f'expected "{key}"', "the case has no such result", remedy)


def _equal(wanted: Step, found: Step) -> bool:
    if wanted.status != found.status:
        return False
    pairs = ((wanted.cost, found.cost), (wanted.effect, found.effect), (wanted.ratio, found.ratio))
    return all(
        a is None or (b is not None and math.isclose(a, b, rel_tol=TABLE_TOLERANCE, abs_tol=1e-9)) for a, b in pairs
    )


def _shown(step: Step) -> str:
    if step.same_as is not None:
        return f"{step.status} (= {step.same_as})"
    if step.ratio is None:
        return step.status
    return f"{step.status}: {step.cost:,.6g} for {step.effect:,.6g}, {step.ratio:,.6g} each"
