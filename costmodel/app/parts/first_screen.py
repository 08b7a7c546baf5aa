"""What stands on the first screen. Drawn twice: at central values at once, then with all draws."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from costmodel.app.parts import asked, choice, show
from costmodel.app.parts.records import standing
from costmodel.app.parts.text import literal
from costmodel.model.run import DRAWS
from costmodel.report.charts import cumulative
from costmodel.report.sentence import answer, figures
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario
from costmodel.words import lower_first

CHART_HEIGHT = 352


@dataclass(frozen=True)
class Screen:
    """The places that are filled, and the perspective and the strategy that were chosen."""

    perspective: str
    strategy: str
    sentence: DeltaGenerator
    metrics: DeltaGenerator
    chart: DeltaGenerator
    beside: DeltaGenerator
    warnings: DeltaGenerator
    status: DeltaGenerator

    def working(self) -> None:
        """Said while the draws are under way."""
        self.status.caption(f"Central values shown; {DRAWS:,} simulations under way …")

    def show(self, result: Result, stale: bool) -> None:
        """Fill all places from a result."""
        said = answer(result, self.strategy, self.perspective)
        with self.sentence.container():
            for line in said.verdict.lines:
                st.markdown(literal(line))
        with self.metrics.container():
            _metrics(result, self.perspective, self.strategy)
        with self.chart.container():
            key = f"cumulative {'central' if stale else 'expected'}"
            show.figure(cumulative(result, self.perspective, self.strategy), CHART_HEIGHT, key)
        alone, several = _warned(said.warnings)
        self.beside.markdown("\n\n".join(literal(line) for line in (*alone, *said.beside)))
        self.warnings.markdown("\n".join(f"* {literal(text)}" for text in several))
        if stale:
            self.working()
        else:
            self.status.caption(f"Expected values of {result.draws:,} simulations.")


def prepare(scenario: Scenario) -> Screen:
    """Lay the page out: question and badge, sentence, figures, the chart and what stands beside the money."""
    left, right = st.columns([2, 1], vertical_alignment="center")
    therapy = scenario.model.strategies[asked.therapy(scenario)]
    left.title(literal(f"Does {lower_first(therapy.label)} pay for itself?"), anchor=False)
    with right.container(key="badge", horizontal=True):
        _badge(scenario)
    sentence, metrics = st.container(key="sentence").empty(), st.container(key="metrics").empty()
    left, right = st.columns([2, 1], gap="medium")
    with left:
        row = st.container(key="asked", horizontal=True, vertical_alignment="center")
        perspective = asked.whose_money(scenario.setting, row, "collapsed")
        strategy = asked.which_therapy(scenario, row, "collapsed")
        chart = st.container(key="chart").empty()
    with right:
        status = st.empty()
        beside = st.container(key="beside").empty()
    warnings = st.container(key="warnings").empty()
    return Screen(perspective, strategy, sentence, metrics, chart, beside, warnings, status)


def _warned(warnings: Sequence[str]) -> tuple[list[str], list[str]]:
    """What is said of warnings beside the chart, and in full under it: several would not fit the first screen."""
    if len(warnings) > 1:
        return [f"Warnings: {len(warnings)}, in full under the chart."], [f"Warning: {text}" for text in warnings]
    return [f"Warning: {text}" for text in warnings], []


def _metrics(result: Result, perspective: str, strategy: str) -> None:
    shown = figures(result, perspective, strategy)
    for column, one in zip(st.columns(len(shown)), shown, strict=True):
        column.metric(one.label, one.value, border=True, height="stretch", help=literal(one.help))


def _badge(scenario: Scenario) -> None:
    """What the numbers are."""
    count, changes = standing(scenario), choice.current().changes
    if changes:
        basis = f"Your values: {len(changes)} changed"
    elif choice.current().upload is not None:
        basis = "Your file"
    elif scenario.changes:
        basis = f"Published values as “{scenario.model.label}” changes them"
    elif count["assumptions"] == count["figures"]:
        basis = "Assumptions only"
    else:
        basis = "Published values"
    rest = [f"{count[what]} {what}" for what in ("assumptions", "to be checked") if count[what]]
    st.badge(
        basis if basis == "Assumptions only" else "; ".join([basis, ", ".join(rest)]),
        color="blue" if basis == "Published values" else "orange",
        help=f"Of {count['figures']} figures behind the answer. The Assumptions page lists them all.",
    )
