"""A service's own extract: what two small files say of a service and its people, as changes of a scenario.

What happened after the start of therapy is shown beside what happened in both arms of a trial, and enters nothing.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from costmodel.analysis.extract import (
    COHORT,
    FILES,
    MONTHS,
    NIGHTS,
    OUT_OF_AREA,
    SERVICE,
    BeforeAfter,
    LocalFigure,
    columns,
    input_of,
    of_cohort,
    of_service,
    population_of,
)
from costmodel.currency import MINUS
from costmodel.errors import InputError, made_by, one_of, path_of
from costmodel.page import NONE, Block, Column, Heading, Notes, Page, Paged, Paragraph, Table
from costmodel.scenario.build import Scenario
from costmodel.synthesis.file import read_synthesis
from costmodel.synthesis.file import shipped as shipped_synthesis
from costmodel.words import counted

if TYPE_CHECKING:
    import pandas as pd

OPEN = 0.1
"""How far suppressed cells may leave a figure open, as a share of it, for it to enter."""
BOTH_ARMS = "before-after within a randomised trial"
SAME_PEOPLE = (
    "The same people before and after say nothing of what therapy does: people come when they are worst, and use falls "
    "without it too. Nothing after the start of therapy enters the scenario."
)
READ = (
    Column("label", "From the extract", "text"), Column("shown", "Figure"), Column("now", "In the scenario"),
    Column("set", "Enters as", right=False), Column("why", "From which columns, and how", "text"),
)  # fmt: skip
AFTER = (
    Column("label", "In the year before and after", "text"), Column("before", "Before"), Column("after", "After"),
    Column("change", "Change"),
)  # fmt: skip


@dataclass(frozen=True, repr=False)
class Local(Paged):
    """What an extract says of a scenario. scenario: with what enters. plan: options of `costmodel budget`."""

    before: Scenario
    scenario: Scenario
    strategy: str
    figures: tuple[LocalFigure, ...]
    years: tuple[BeforeAfter, ...] = ()
    plan: Mapping[str, float] = field(default_factory=dict)

    @property
    def entered(self) -> list[LocalFigure]:
        """The figures that change the scenario."""
        return [one for one in self.figures if one.entered]

    @property
    def reasons(self) -> dict[str, str]:
        """By path of the scenario: from which columns the number comes, and how."""
        paths = ((one.enters if "." in one.enters else f"parameters.{one.enters}.value", one) for one in self.entered)
        return {path: f"{one.columns}: {one.how}" for path, one in paths}

    @property
    def words(self) -> str:
        """What enters, in a paragraph."""
        each = (f"{one.label}: {shown(one)} ({one.columns}: {one.how})" for one in self.entered)
        return f"With the figures of a service's own extract. {'; '.join(each)}."

    @property
    def frame(self) -> "pd.DataFrame":
        """A row a figure."""
        import pandas as pd

        return pd.DataFrame([vars(one) for one in self.figures])

    def page(self) -> Page:
        """What enters and what does not, the years before and after beside a trial's arms, and the plan."""
        import pandas as pd

        told = f"{len(self.entered)} of {counted(len(self.figures), 'figure')} of the extract enter the scenario"
        rows = [
            {
                "label": one.label, "shown": shown(one), "now": one.now or NONE,
                "set": one.enters if one.entered else "not entered", "why": f"{one.columns}: {one.how}",
            }
            for one in self.figures
        ]  # fmt: skip
        blocks: list[Block] = [
            Paragraph(f"{told}; therapy: {self.before.model.strategies[self.strategy].label}.", strong=True),
            Table(pd.DataFrame(rows), READ, name="figures"),
        ]
        if self.years:
            years = [_years(one) for one in self.years]
            blocks += [
                Heading("Before and after"), Paragraph(SAME_PEOPLE),
                Table(pd.DataFrame(years), AFTER, name="years"),
                Notes("Beside it, both arms of a randomised trial together", tuple(both_arms())),
            ]  # fmt: skip
        if self.plan:
            words = " ".join(f"--{name} {value:.4g}" for name, value in self.plan.items())
            blocks.append(Notes("For the plan", (f"costmodel budget {population_of(self.before)} {words}",)))
        data = {"schema": "costmodel/local/1", "strategy": self.strategy, "plan": dict(self.plan)}
        return Page("A service's own extract", tuple(blocks), data=data, frame=self.frame)


def _years(one: BeforeAfter) -> dict[str, str]:
    change = _signed(one.change) if one.before else NONE
    return {"label": one.label, "before": f"{one.before:,.4g}", "after": f"{one.after:,.4g}", "change": change}


def _signed(share: float) -> str:
    return f"{share:+.0%}".replace("-", MINUS)


def shown(one: LocalFigure) -> str:
    """A figure with its unit, and what suppressed cells leave open."""
    written = "{:.1%}" if one.unit == "share" else "{:,.4g}"
    low, middle, high = (written.format(value) for value in (one.low, one.value, one.high))
    return (middle if low == high else f"{middle} ({low} to {high})") + ("" if one.unit == "share" else f" {one.unit}")


def both_arms() -> Iterator[str]:
    """What happened to both arms of a trial together, from the year before to the year after, in words."""
    for row in read_synthesis(shipped_synthesis()).rows:
        if row.design == BOTH_ARMS and row.log_ratio is not None:
            yield (
                f"{row.name}, {row.population}: {row.estimand} {_signed(math.expm1(row.log_ratio))} in twelve months, "
                f"the arms not told apart ({row.source})."
            )


def local(
    scenario: Scenario, service: str | Path | None = None, cohort: str | Path | None = None, strategy: str | None = None
) -> Local:
    """Read a service's own extract into a scenario: what it costs, delivers and waits, and what its people use.

    service: a file with a row a month. cohort: a file with a column and its value a row. strategy: the therapy that the
    service gives; the second of the scenario if left out. Figures enter as they stand, with the spread that the
    scenario's inputs have; money comes to the setting's price year where its index has the year. Raises InputError
    with every problem, each with file, line and column.
    """
    made_by("scenario", scenario, Scenario, "costmodel.load")
    therapies = [name for name, one in scenario.model.strategies.items() if one.therapy]
    chosen = therapies[0] if strategy is None else one_of("strategy", strategy, therapies)
    if service is None and cohort is None:
        raise InputError.at("local", "no file of the service is named", "Name service, cohort, or both.")
    found: list[LocalFigure] = []
    years: list[BeforeAfter] = []
    plan: dict[str, float] = {}
    if service is not None:
        own, plan = of_service(scenario, chosen, path_of("service", service))
        found += own
    if cohort is not None:
        own, years = of_cohort(scenario, path_of("cohort", cohort))
        found += own
    figures = [_clear(scenario, one) for one in found]
    try:
        after = _changed(scenario, figures)
    except InputError:  # some input does not take its figure: each by itself says which
        figures = [_tried(scenario, one) for one in figures]
        after = _changed(scenario, figures)
    return Local(scenario, after, chosen, tuple(figures), tuple(years), plan)


def _changed(scenario: Scenario, figures: Sequence[LocalFigure]) -> Scenario:
    """The scenario with the figures that enter."""

    def value(one: LocalFigure) -> object:
        return f"{one.value:g} months" if one.enters.endswith(".wait") else float(f"{one.value:.6g}")

    changes = {one.enters: value(one) for one in figures if one.entered}
    return scenario.changed(changes, by="local")


def _clear(scenario: Scenario, one: LocalFigure) -> LocalFigure:
    """A figure with what stands where it enters; it does not where suppressed cells leave it open."""
    if not one.entered:
        return one
    now = _now(scenario, one.enters)
    if max(one.high - one.value, one.value - one.low) > OPEN * abs(one.value):
        why = f"{one.how}; suppressed cells leave it open by more than {OPEN:.0%}: shown, not entered"
        return replace(one, entered=False, now=now, how=why)
    return replace(one, now=now)


def _tried(scenario: Scenario, one: LocalFigure) -> LocalFigure:
    """A figure that enters if its input takes it by itself, or why that does not."""
    try:
        _changed(scenario, [one])
    except InputError as error:
        return replace(one, entered=False, how=f"{one.how}; {error.problems[0].found}")
    return one


def _now(scenario: Scenario, enters: str) -> str:
    if "." in enters:
        return str(scenario.model.strategies[enters.split(".")[1]].therapy.wait)  # type: ignore[union-attr]
    value = scenario.central[enters]
    return f"{float(value):,.4g}"


def template(scenario: Scenario, strategy: str | None = None) -> dict[str, str]:
    """The two files for a scenario, by name, with what each column enters in the words of its inputs.

    strategy: the therapy that the service gives; the second of the scenario if left out.
    """
    service = [row.cells for row in columns().values() if row.cells["file"] == SERVICE]
    heads = [one["column"] for one in service]
    wanted = "; ".join(f"{one['column']}: {one['meaning'][0].lower()}{one['meaning'][1:]}" for one in service)
    months = [f"{2025 + (3 + at) // 12}-{(3 + at) % 12 + 1:02d}-01" for at in range(MONTHS[0])]
    lines = [f"# Fewer than five: * or <5. {wanted}", ",".join(heads)]
    lines += [month + "," * (len(heads) - 1) for month in months]
    cohort = ["# Fewer than five: * or <5; use after the start: the same names with _post, shown and never entered",
              "column,value,meaning"]  # fmt: skip
    for one in (row.cells for row in columns().values() if row.cells["file"] == COHORT):
        name = input_of(scenario, one["enters"])
        whole = one["column"] == NIGHTS and input_of(scenario, columns()[OUT_OF_AREA].cells["enters"])
        if name or whole or one["needed"] in ("required", "with money"):
            now = f"; {_now(scenario, name)} in the scenario ({name})" if name else ""
            cohort.append(f'{one["column"]},,"{one["meaning"]}; {one["unit"]}{now}"')
    return {FILES[SERVICE]: "\n".join(lines) + "\n", FILES[COHORT]: "\n".join(cohort) + "\n"}
