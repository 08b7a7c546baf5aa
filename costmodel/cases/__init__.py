"""Run a published case and lay what its source prints, key by key, beside what comes out."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from costmodel.cases.case import CohortCase, Expected, FrontierCase, read_case
from costmodel.cases.cohort import CohortRun, convention, run_cohort, warnings
from costmodel.errors import InputError, Problem, path_of
from costmodel.page import Block, Column, Heading, Notes, Page, Paged, Paragraph, Table
from costmodel.result.decision import ON_FRONTIER, Step, frontier

__all__ = ["replicate"]

Answer = float | list[float] | list[str]


@dataclass(frozen=True)
class Row:
    """One printed result. tolerance: in words. holds: whether it was reproduced."""

    key: str
    expected: object
    obtained: object
    tolerance: str
    status: str
    holds: bool
    note: str = ""


@dataclass(frozen=True)
class Incremental:
    """Costs and effects of an incremental analysis as printed, asked as a run is."""

    case: FrontierCase
    items = ("cost",)

    @property
    def strategies(self) -> list[str]:
        """Names in the order of the file."""
        return list(self.case.cost)

    def cost(self, strategy: str) -> float:
        """As printed."""
        return self.case.cost[strategy]

    def effect(self, strategy: str) -> float:
        """As printed."""
        return self.case.effect[strategy]


Reader = Callable[[Any, re.Match[str]], Answer]
"""The answer of a run to a key that fits."""


def _frontier(run: CohortRun | Incremental, match: re.Match[str]) -> Answer:
    cost, effect = ({name: of(name) for name in run.strategies} for of in (run.cost, run.effect))
    return [step.strategy for step in frontier(cost, effect) if step.status == ON_FRONTIER]


def _pair(run: CohortRun | Incremental, match: re.Match[str]) -> Answer:
    cost, effect = (of(match["a"]) - of(match["b"]) for of in (run.cost, run.effect))
    return {"inc_cost": cost, "inc_effect": effect, "icer": cost / effect if effect else math.nan}[match["what"]]


def _payback(run: CohortRun, match: re.Match[str]) -> Answer:
    return run.payback_cycle(match["a"], match["b"], discounted=match["how"] == "discounted")


def _people(run: CohortRun) -> float:
    return run.case.population or sum(run.case.initial)


def _nmb_difference(run: CohortRun, match: re.Match[str]) -> Answer:
    a, b = (match["a"], match["b"]) if match["a"] else (run.strategies[1], run.strategies[0])
    gained, cost = run.effect(a) - run.effect(b), run.cost(a) - run.cost(b)
    return (gained * float(match["at"]) - cost) / _people(run)


def _total(run: CohortRun, match: re.Match[str]) -> Answer:
    total = run.cost if match["what"] == "cost" else run.effect
    return total(match["arm"], discounted=not match["how"]) / (_people(run) if match["each"] else 1)


def _component(run: CohortRun, match: re.Match[str]) -> Answer:
    return run.cost(match["arm"], match["item"], discounted=run.case.components_discounted and not match["how"])


def _of_cycles(run: CohortRun, match: re.Match[str]) -> Answer:
    effects, k = run.effects_of(match["arm"]), int(match["k"])
    return float(effects[: k + 1].sum() if match["how"] == "cum" else effects[k])


def _in_state(run: CohortRun, match: re.Match[str]) -> Answer:
    return run.trace(match["arm"], run.case.n_cycles)[run.case.states.index(match["state"])]


PAIR = r"\((?P<a>STRATEGY), ?(?P<b>STRATEGY)\)"
"""STRATEGY stands for the names of the case, which may hold commas and parentheses."""
COUNT = "[0-9]{1,6}"
ARM = r"(?P<arm>.+)\."
HOW = "(?P<how>undiscounted_)?"
OF_STRATEGIES: Mapping[str, Reader] = {
    r"frontier": _frontier,
    rf"(?P<what>icer|inc_cost|inc_effect){PAIR}": _pair,
}
OF_RUNS: Mapping[str, Reader] = {
    rf"payback_cycle_(?P<how>discounted|undiscounted){PAIR}": _payback,
    rf"nmb_diff(?:{PAIR})?@(?P<at>[0-9]{{1,12}}(?:\.[0-9]{{1,12}})?)": _nmb_difference,
    rf"{ARM}{HOW}(?P<what>cost|effect)(?P<each>_per_person)?": _total,
    rf"{ARM}effect_div(?P<by>[1-9][0-9]{{0,5}})": lambda run, m: run.effect(m["arm"]) / int(m["by"]),
    rf"{ARM}(?P<how>cycle|cum)(?P<k>{COUNT})_effect": _of_cycles,
    rf"{ARM}trace\[(?P<k>{COUNT})\]": lambda run, m: run.trace(m["arm"], int(m["k"])),
    rf"{ARM}trace_last\[(?P<state>[^\]]+)\]": _in_state,
    rf"{ARM}{HOW}(?P<item>.+)": _component,
}
"""What each key of an expectation asks. The first pattern that fits whose names exist is taken."""
WRITTEN = "frontier, icer(A,B), inc_cost(A,B), inc_effect(A,B)"
WRITTEN_OF_RUNS = (
    "payback_cycle_discounted(A,B), payback_cycle_undiscounted(A,B), nmb_diff(A,B)@THRESHOLD, A.cost, A.effect, "
    "A.undiscounted_cost, A.undiscounted_effect, A.COMPONENT, A.undiscounted_COMPONENT, A.effect_divN, "
    "A.cost_per_person, A.effect_per_person, A.cycleK_effect, A.cumK_effect, A.trace[K], A.trace_last[STATE]"
)
"""The same for people: A and B are strategies, K a cycle, N a number."""


def answer(run: CohortRun | Incremental, key: str) -> Answer:
    """The value of a key. Raises InputError for one that the case cannot answer."""
    readers, written = OF_STRATEGIES, WRITTEN
    if isinstance(run, CohortRun):
        readers, written = {**OF_STRATEGIES, **OF_RUNS}, f"{WRITTEN}, {WRITTEN_OF_RUNS}"
    names = "|".join(re.escape(name) for name in run.strategies)
    for pattern, reader in readers.items():
        match = re.fullmatch(pattern.replace("STRATEGY", f"(?:{names})"), key)
        if match and (isinstance(run, Incremental) or _known(run, match.groupdict())):
            return reader(run, match)
    components = ", ".join(run.items[1:]) or "none"
    remedy = f"Keys: {written}. Strategies: {', '.join(run.strategies)}; components: {components}."
    raise InputError.at(f'expected "{key}"', "the case has no such result", remedy)


def _known(run: CohortRun, groups: Mapping[str, str | None]) -> bool:
    """Whether the strategies, component, state and cycle that a key names are those of the case."""
    arm, item, state, cycle = (groups.get(name) for name in ("arm", "item", "state", "k"))
    return (
        (len(run.strategies) > 1 or "at" not in groups)
        and (arm is None or arm in run.strategies)
        and (item is None or item in run.items[1:])
        and (state is None or state in run.case.states)
        and (cycle is None or int(cycle) <= run.case.n_cycles)
    )


RESULTS = (
    Column("key", "Result"), Column("expected", "Expected"), Column("obtained", "Obtained"),
    Column("tolerance", "Tolerance", right=False), Column("status", "Standing", right=False), Column("verdict", ""),
)  # fmt: skip
TABLE_TOLERANCE = 1e-6
"""Relative; the increments of a printed incremental analysis are exact."""


@dataclass(frozen=True, repr=False)
class Replication(Paged):
    """A case beside its source. convention: how it counts and discounts, in words."""

    id: str
    title: str
    kind: str
    sha256: str
    convention: str
    rows: tuple[Row, ...]
    warnings: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every printed result was reproduced."""
        return all(row.holds for row in self.rows)

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each printed result."""
        return pd.DataFrame([asdict(row) for row in self.rows]).astype(object)

    def page(self) -> Page:
        """What the source prints beside what comes out, and whether all of it holds."""
        held = sum(row.holds for row in self.rows)
        last = "All hold." if self.holds else f"{len(self.rows) - held} of {len(self.rows)} differ."
        rows = [
            {"key": row.key, "expected": shown(row.expected), "obtained": shown(row.obtained), "status": row.status,
             "tolerance": row.tolerance, "verdict": "holds" if row.holds else "DIFFERS"}
            for row in self.rows
        ]  # fmt: skip
        blocks: tuple[Block, ...] = (
            Heading("Printed by the source, and obtained"),
            Table(pd.DataFrame(rows), RESULTS, name="replication"),
            Notes("Notes of the source", tuple(f"{row.key}: {row.note}" for row in self.rows if row.note)),
            Paragraph(f"{held} of {len(self.rows)} printed results reproduced. {last}", strong=True),
        )
        data = {
            "schema": "costmodel/replication/2",
            "case": {"id": self.id, "title": self.title, "kind": self.kind, "sha256": self.sha256},
            "convention": self.convention,
            "holds": self.holds,
        }
        about = (f"Convention: {self.convention}.",)
        return Page(f"{self.title} ({self.id})", blocks, about, warnings=self.warnings, data=data, frame=self.frame)


def replicate(path: str | Path) -> Replication:
    """Run the case in a file. Raises InputError, naming the key, for a file that is not a sound case."""
    file = path_of("path", path)
    case, digest = read_case(file)
    try:
        if isinstance(case, CohortCase):
            run = run_cohort(case)
            rows = [_compared(expected, answer(run, expected.key)) for expected in case.expected]
            how, doubts = convention(case), tuple(warnings(run))
        else:
            assert isinstance(case, FrontierCase)
            rows = _frontier_rows(case)
            rows += [_compared(one, answer(Incremental(case), one.key)) for one in case.expected]
            how, doubts = "incremental analysis along the frontier", ()
    except InputError as error:
        raise InputError(*(Problem(f"{file.name}: {p.place}", p.found, p.remedy) for p in error.problems)) from error
    return Replication(case.id, case.title or case.id, case.kind, digest, how, tuple(rows), doubts)


def _compared(expected: Expected, obtained: Answer) -> Row:
    """An expectation beside what came out. Without a tolerance both must be the same."""
    wanted, absolute, relative = expected.value, expected.abs_tol, expected.rel_tol
    if absolute is not None:
        tolerance, holds = f"±{absolute:g}", _near(wanted, obtained, absolute, 0.0)
    elif relative is not None:
        tolerance, holds = f"±{relative:g} of it", _near(wanted, obtained, 0.0, relative)
    else:
        tolerance, holds = "exact", wanted == obtained
    return Row(expected.key, wanted, obtained, tolerance, expected.status, holds, expected.note)


def _near(wanted: Answer, obtained: Answer, absolute: float, relative: float) -> bool:
    one, other = np.asarray(wanted), np.asarray(obtained)
    if one.dtype.kind == "U" or other.dtype.kind == "U" or one.shape != other.shape:
        return wanted == obtained
    # A printed value and its tolerance are decimals: 10.5 ± 0.1 includes 10.6, which binary fractions miss by a hair.
    slack = 1e-12 * np.maximum(np.abs(one), 1.0) if absolute else 0.0
    return bool(np.all(np.abs(one - other) <= absolute + relative * np.abs(one) + slack))


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


def shown(value: object) -> str:
    """A printed result in the width of a column: seven digits that matter, lists in brackets."""
    if isinstance(value, list):
        return f"[{', '.join(shown(part) for part in value)}]"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if not math.isfinite(value):
        return "no ratio"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.7g}"
