"""What stands on the first screen, without scrolling. Drawn twice: at central values at once, then with all draws."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from costmodel.model.run import DRAWS
from costmodel.perspectives import PERSPECTIVE_NAMES, PERSPECTIVES
from costmodel.report.charts import cumulative
from costmodel.report.sentence import answer, pick
from costmodel.report.words import chance, interval, money, short_money
from costmodel.result.result import DETERMINISTIC, Result
from costmodel.result.table import in_words
from costmodel.scenario.build import Scenario
from views.parts import choice, show
from views.parts.records import standing
from views.parts.text import literal

CHART_HEIGHT = 318
DEFAULT = "nhs_pss"


@dataclass(frozen=True)
class Screen:
    """The places that are filled, and the perspective that was chosen."""

    perspective: str
    sentence: DeltaGenerator
    metrics: DeltaGenerator
    chart: DeltaGenerator
    beside: DeltaGenerator
    status: DeltaGenerator

    def working(self) -> None:
        """Said while the draws are under way."""
        self.status.caption(f"Central values shown; {DRAWS:,} simulations under way …")

    def show(self, result: Result, stale: bool) -> None:
        """Fill all places from a result."""
        said = answer(result)
        with self.sentence.container(key="stale sentence" if stale else "sentence"):
            st.markdown(literal(said.headline))
        with self.metrics.container():
            _metrics(result, self.perspective)
        with self.chart.container():
            show.figure(cumulative(result, self.perspective), CHART_HEIGHT)
        with self.beside.container():
            for line in (*said.beside, *(f"Warning: {text}" for text in said.warnings)):
                st.markdown(literal(line))
        if stale:
            self.working()
        else:
            self.status.caption(f"Expected values of {result.draws:,} simulations; people and money as on the left.")


def prepare(scenario: Scenario) -> Screen:
    """Lay the page out: question and badge, sentence, figures, then the chart with what stands beside the money."""
    left, right = st.columns([3, 2], vertical_alignment="center")
    therapy = list(scenario.model.strategies.values())[1]
    left.title(literal(f"Does {_lower_first(therapy.label)} pay for itself?"), anchor=False)
    with right.container(key="badge", horizontal=True):
        _badge(scenario)
    sentence, metrics = st.empty(), st.empty()
    left, right = st.columns([2, 1], gap="medium")
    with left:
        if "perspective" not in st.session_state:
            st.session_state["perspective"] = DEFAULT
        perspective = st.segmented_control(
            "Whose money?", list(PERSPECTIVES), key="perspective", persist_state="session", required=True,
            format_func=lambda name: _upper_first(PERSPECTIVE_NAMES[name]), label_visibility="collapsed",
        )  # fmt: skip
        chart = st.empty()
    with right:
        status = st.empty()
        beside = st.container(key="beside").empty()
    return Screen(perspective or DEFAULT, sentence, metrics, chart, beside, status)


def _metrics(result: Result, perspective: str) -> None:
    people, last = result.scenario.model.people, result.horizons[-1]
    time = in_words(result.horizons[0])
    columns = st.columns(4)
    for column, who in zip(columns, ("nhs_pss", "public_sector"), strict=False):
        row = pick(result, "net_saving", perspective=who)
        between = "" if pd.isna(row.low) else f" 95% interval {interval(row.low, row.high, exact=True)}."
        column.metric(
            f"{_upper_first(PERSPECTIVE_NAMES[who])}, {time}", _more_or_less(row.value * people), border=True,
            help=literal(f"Net cost for {people:,} people. Net saving per person, exactly: {row.value!r}.{between} Undiscounted."),
        )  # fmt: skip
    who = PERSPECTIVE_NAMES[perspective]
    row = pick(result, "payback_sustained_months", perspective=perspective, horizon=last)
    columns[2].metric(
        f"Money back, {who}", _upper_first(row.words), border=True,
        help="Sustained payback: when the money saved has covered the cost, and stays so to the horizon. On the expected curve.",
    )  # fmt: skip
    if result.headline.name == DETERMINISTIC:
        share = "…"
    else:
        share = chance(pick(result, "chance_payback", perspective=perspective, horizon=last).value)
    columns[3].metric(
        f"Chance of saving within {in_words(last)}", _upper_first(share), border=True,
        help=literal(f"Share of simulations in which the {who} has its money back by then."),
    )  # fmt: skip


def _badge(scenario: Scenario) -> None:
    """What the numbers are."""
    count, changes = standing(scenario), choice.current().changes
    if changes:
        st.badge(f"Your values: {len(changes)} changed", color="orange")
    elif choice.current().upload is not None:
        st.badge("Your file", color="orange")
    if count["assumptions"] == count["figures"]:
        st.badge("Assumptions only", color="gray")
        return
    checked = f", {count['to be checked']} to be checked" if count["to be checked"] else ""
    st.badge(
        f"Published values and {count['assumptions']} assumptions{checked}", color="blue",
        help=f"Of {count['figures']} figures behind the answer. The Assumptions page lists them all.",
    )  # fmt: skip


def _more_or_less(saving: float) -> str:
    if saving == 0:
        return "no change"
    return f"{short_money(abs(saving))} {'saved' if saving > 0 else 'more'}"


def _lower_first(text: str) -> str:
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def _upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]
