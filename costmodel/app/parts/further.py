"""The answer in full: money over time, who pays, what the money goes on, what would change it, what it rests on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from costmodel.analysis.incremental import incremental
from costmodel.analysis.purse import purse
from costmodel.app.parts import choice, compute, downloads, question, show
from costmodel.app.parts.records import basis
from costmodel.app.parts.text import literal, literal_table
from costmodel.page import Block, Page, reading_label
from costmodel.report import charts
from costmodel.report.answer import by_convention
from costmodel.report.contents import STANDING
from costmodel.report.saved import command
from costmodel.report.sentence import answer, cash_verdict, figures, pick
from costmodel.result.result import DETERMINISTIC, Result
from costmodel.result.table import in_words
from costmodel.scenario.build import Scenario
from costmodel.words import chance

CHART_HEIGHT, HEIGHT = 352, 330
CHECKED = "checked"
"""The scenario whose checks were asked for, by its SHA-256."""


@dataclass(frozen=True)
class Places:
    """What is filled twice, at central values at once and then with all draws; and what was asked."""

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
        self.status.caption(f"Central values shown; {compute.DRAWS:,} simulations under way …")

    def show(self, result: Result, stale: bool) -> None:
        """Fill all places from a result. stale: it is of central values, and draws are under way."""
        said = answer(result, self.strategy, self.perspective)
        self.sentence.markdown(literal(said.headline))
        with self.metrics.container():
            shown = figures(result, self.perspective, self.strategy)
            for column, one in zip(st.columns(len(shown)), shown, strict=True):
                column.metric(one.label, one.value, border=True, height="stretch", help=literal(one.help))
        with self.chart.container():
            key = f"cumulative {'central' if stale else 'expected'}"
            show.figure(charts.cumulative(result, self.perspective, self.strategy), CHART_HEIGHT, key)
        alone, several = _warned(said.warnings)
        self.beside.markdown("\n\n".join(literal(line) for line in (*alone, *said.beside)))
        self.warnings.markdown("\n".join(f"* {literal(text)}" for text in several))
        if stale:
            self.working()
        else:
            self.status.caption(f"Expected values of {result.draws:,} simulations.")


def prepare(scenario: Scenario) -> Places:
    """Lay the top of the page out: what it is of, figures, the chart and what stands beside the money."""
    therapy, here = scenario.model.strategies[question.therapy(scenario)], choice.current()
    st.title(literal(f"{therapy.label} over {in_words(scenario.model.horizon.months)}"), anchor=False)
    st.caption(literal(basis(choice.base(), scenario, len(here.changes), here.upload is not None)))
    sentence, metrics = st.container(key="sentence").empty(), st.container(key="metrics").empty()
    left, right = st.columns([2, 1], gap="medium")
    with left:
        row = st.container(key="asked", horizontal=True, vertical_alignment="center")
        perspective = question.whose_money(scenario.setting, row, "collapsed")
        strategy = question.which_therapy(scenario, row, "collapsed")
        chart = st.container(key="chart").empty()
    with right:
        status = st.empty()
        beside = st.container(key="beside").empty()
    warnings = st.container(key="warnings").empty()
    return Places(perspective, strategy, sentence, metrics, chart, beside, warnings, status)


def _warned(warnings: Sequence[str]) -> tuple[list[str], list[str]]:
    """What is said of warnings beside the chart, and in full under it: several would not fit the first screen."""
    if len(warnings) > 1:
        return [f"Warnings: {len(warnings)}, in full under the chart."], [f"Warning: {text}" for text in warnings]
    return [f"Warning: {text}" for text in warnings], []


def show_all(result: Result, perspective: str, strategy: str) -> None:
    """Everything, in the order in which one asks."""
    left, right = st.columns(2, gap="large")
    with left:
        st.header("Who pays and who saves", anchor=False)
        show.with_table(charts.parties(result, strategy), HEIGHT, "parties_by_year", result.setting.currency)
    with right:
        st.header("What the money goes on", anchor=False)
        show.with_table(
            charts.bridge(result, perspective, strategy), HEIGHT, "net_cost_by_category", result.setting.currency
        )
    st.header("People in each state", anchor=False)
    show.with_table(charts.states(result, strategy), HEIGHT, "people_in_each_state", result.setting.currency)
    _verdicts(result, perspective, strategy)
    _purse(result, perspective, strategy)
    if result.conventions:
        st.header("If money is counted otherwise", anchor=False)
        _blocks(result, by_convention(result, strategy, [perspective]))
    if len(result.strategies) > 2:
        st.header("Each strategy against the next best", anchor=False)
        show.page(incremental(result, perspective).page())
    if result.strata:
        _parts(result, perspective, strategy)
    if len(result.weights) > 1:
        st.header("Two readings of the evidence", anchor=False)
        st.caption("Each structure alone, and the weighted mixture that the headline uses. The weight is judgement.")
        show.with_table(charts.structures(result, perspective, strategy), HEIGHT, "structures", result.setting.currency)
    stops = st.container()
    _leaves_out(result)
    _sources(result)
    _exact(result, perspective, strategy)
    _checks(result)
    st.header("Take it away", anchor=False)
    downloads.workbook(result)
    with stops:
        _stops(result, perspective, strategy)


def _verdicts(result: Result, perspective: str, strategy: str) -> None:
    st.header("Value, and cash", anchor=False)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(
            f"**Value: what the care avoided is worth, and how likely it repays in {in_words(result.horizons[-1])}**"
        )
        for line in answer(result, strategy, perspective).verdict.beside:
            st.markdown(literal(line))
    with right:
        st.markdown("**Cash: what is released in money**")
        st.markdown(literal(cash_verdict(result, perspective, strategy)))


def _purse(result: Result, perspective: str, strategy: str) -> None:
    """What is spent without the therapy, and what of it goes, to each horizon."""
    found = purse(result, perspective)
    st.header("How much there is to save", anchor=False)
    st.caption(literal(". ".join(found.page().about) + "."))
    for horizon in result.horizons:
        _blocks(result, found.blocks(strategy, horizon, perspective))


def _blocks(result: Result, blocks: Iterable[Block]) -> None:
    """A part of a page about a result."""
    show.page(Page("", tuple(blocks), scenario=result.scenario))


def _parts(result: Result, perspective: str, strategy: str) -> None:
    st.header("For whom", anchor=False)
    st.caption(f"Parts of the cohort apart, and together. Per person, {result.setting.prices}.")
    st.table(literal_table(_strata(result, perspective, strategy)), hide_index=True, border="horizontal")


def _strata(result: Result, perspective: str, strategy: str) -> pd.DataFrame:
    """A row in words for each stratum, the whole cohort last: net saving per person at the follow-up, and payback."""
    currency = result.setting.currency
    follow_up, last = result.horizons[0], result.horizons[-1]
    rows = []
    for name in (*result.strata, result.headline.name):
        at: dict[str, Any] = {"perspective": perspective, "run": name, "strategy": strategy}
        saving = pick(result, "net_saving", horizon=follow_up, **at)
        row = {
            "who": reading_label(result, name) if name in result.strata else "Everybody, by their shares",
            f"net saving over {in_words(follow_up)}": currency.money(saving.value),
            "95% interval": "–" if pd.isna(saving.low) else currency.interval(saving.low, saving.high),
            f"money back within {in_words(last)}": pick(result, "payback_sustained_months", horizon=last, **at).words,
        }
        if result.headline.name != DETERMINISTIC:
            row["its chance"] = chance(pick(result, "chance_payback", horizon=last, **at).value)
        rows.append(row)
    return pd.DataFrame(rows)


def _stops(result: Result, perspective: str, strategy: str) -> None:
    st.header(f"What if? After {literal(result.scenario.model.follow_up.text)}", anchor=False)
    status, chart, table = st.empty(), st.empty(), st.empty()
    found = compute.stops(result, lambda: status.caption("Simulations under way …"))
    drawn = charts.stops(found.results, perspective, strategy)
    with chart.container():
        show.figure(drawn, HEIGHT, "stops")
    table.table(
        literal_table(show.in_words(drawn.table, result.setting.currency)), hide_index=True, border="horizontal"
    )
    status.caption(f"Expected values of {result.draws:,} simulations each.")


def _leaves_out(result: Result) -> None:
    st.header("What this leaves out", anchor=False)
    st.markdown("\n".join(f"- {literal(text)}" for text in result.scenario.left_out))


def _sources(result: Result) -> None:
    scenario = result.scenario
    st.header("Sources", anchor=False)
    ids = dict.fromkeys(source for name in scenario.used for source in scenario.parameters[name].sources)
    rows = [
        {
            "id": source,
            "citation": scenario.sources[source].citation,
            "status": STANDING[scenario.sources[source].status],
        }
        for source in ids
        if source in scenario.sources
    ]
    with st.expander(f"{len(rows)} sources behind the figures used"):
        st.table(literal_table(pd.DataFrame(rows)), hide_index=True, border="horizontal")


def _exact(result: Result, perspective: str, strategy: str) -> None:
    scenario = result.scenario
    with st.expander("Exact figures and how to reproduce them"):
        time = in_words(result.horizons[0])
        st.caption(f"Expected value over {time}, undiscounted, prices of {scenario.setting.price_year}, unrounded.")
        st.table(_unrounded(result, strategy), hide_index=True, border="horizontal")
        st.caption(f"{result.draws:,} draws, seed {result.seed}, scenario SHA-256 {scenario.sha256}.")
        st.caption("The same digits on the command line:")
        st.code(command(result, perspective=perspective), language="sh", wrap_lines=True)


def _unrounded(result: Result, strategy: str) -> pd.DataFrame:
    """Net saving at the follow-up by perspective, per person: digit for digit what the result's table holds."""
    setting = result.setting
    table = result.summary("net_saving", by="perspective", strategy=strategy)
    ends = {"value": f"net saving, {setting.currency.symbol} per person", "low": "95% low", "high": "95% high"}
    words = {title: ["" if pd.isna(x) else repr(float(x)) for x in table[name]] for name, title in ends.items()}
    return pd.DataFrame({"perspective": [setting.name(name) for name in table["perspective"]], **words})


def _checks(result: Result) -> None:
    """An expander with a button; once it was pressed, the checks of this scenario."""
    sha256 = result.scenario.sha256
    with st.expander("Checks of this run"):
        st.caption(
            "Laws that every run must obey: nobody is lost, parts sum to the total, no effect means no saving. "
            "Each is measured on this scenario with your values. It takes a few seconds."
        )
        if st.button("Check this run", key="check this run"):
            st.session_state[CHECKED] = sha256
        if st.session_state.get(CHECKED) != sha256:
            return
        status = st.empty()
        checks = compute.checks(result, lambda: status.caption("Checking …"))
        status.empty()
        (st.error if checks.failed else st.success)(checks.headline)
        rest = checks.page()
        show.page(replace(rest, blocks=rest.blocks[1:]))
