"""Below the first screen: who pays, what the money goes on, what the answer rests on, what would change it."""

import pandas as pd
import streamlit as st

from costmodel.errors import InputError
from costmodel.perspectives import PERSPECTIVE_NAMES, PERSPECTIVES
from costmodel.report import charts
from costmodel.report.sentence import pick, verdict
from costmodel.report.words import chance, money
from costmodel.result.result import Result
from costmodel.result.table import in_words
from costmodel.scenario.used import used
from views.parts import compute, downloads, show
from views.parts.records import STATUS
from views.parts.text import literal, literal_table

HEIGHT = 330


def show_all(result: Result, perspective: str) -> None:
    """Everything, in the order in which one asks."""
    left, right = st.columns(2, gap="large")
    with left:
        st.header("Who pays and who saves", anchor=False)
        show.with_table(charts.parties(result), HEIGHT, "parties_by_year")
    with right:
        st.header("What the money goes on", anchor=False)
        show.with_table(charts.bridge(result, perspective), HEIGHT, "net_cost_by_category")
    st.header("People in each state", anchor=False)
    show.with_table(charts.states(result), HEIGHT, "people_in_each_state")
    _verdicts(result, perspective)
    if len(result.weights) > 1:
        st.header("Two readings of the evidence", anchor=False)
        st.caption("Each structure on its own, and the weighted mixture that the headline uses. The weight is judgement.")
        show.with_table(charts.structures(result, perspective), HEIGHT, "structures")
    _stops(result, perspective)
    _leaves_out(result)
    _sources(result)
    _exact(result)
    downloads.workbook(result)


def _verdicts(result: Result, perspective: str) -> None:
    last = result.horizons[-1]
    st.header("Value, and cash", anchor=False)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Value: what the care avoided is worth**")
        st.markdown(literal(verdict(result, perspective)))
    cash = pick(result, "cash_net_saving", perspective=perspective, horizon=last)
    paid = pick(result, "cash_payback_sustained_months", perspective=perspective, horizon=last)
    share = pick(result, "chance_cash_payback", perspective=perspective, horizon=last)
    people, who = result.scenario.model.people, PERSPECTIVE_NAMES[perspective]
    costs = f"{money(abs(cash.value) * people)} {'less' if cash.value > 0 else 'more'}"
    with right:
        st.markdown("**Cash: what is released in money**")
        st.markdown(
            literal(
                f"For the {who}: over {in_words(last)}, {costs} in cash for {people:,} people; cash back {paid.words} on "
                f"average, and in {chance(share.value)} simulations. A bed-day avoided is not cash until a bed closes."
            )
        )


def _stops(result: Result, perspective: str) -> None:
    st.header(f"What if? After {literal(result.scenario.model.follow_up.text)}", anchor=False)
    place = st.empty()
    scenario = result.scenario
    results = {}
    try:
        for name in charts.STOPS:
            same = name == scenario.model.beyond_follow_up
            stop = scenario if same else scenario.changed({"beyond_follow_up": name})
            results[name] = compute.expected(stop, lambda: place.caption("Simulating the other two …"))
    except InputError as error:
        show.refusal(str(error), kept=False)
        return
    with place.container():
        show.with_table(charts.stops(results, perspective), HEIGHT, "after_the_follow_up")
        st.table(literal_table(show.in_pounds(charts.stops(results, perspective).table)), hide_index=True, border="horizontal")


def _leaves_out(result: Result) -> None:
    st.header("What this leaves out", anchor=False)
    st.markdown("\n".join(f"- {literal(text)}" for text in result.scenario.model.leaves_out))


def _sources(result: Result) -> None:
    scenario = result.scenario
    st.header("Sources", anchor=False)
    ids = dict.fromkeys(source for name in used(scenario) for source in scenario.parameters[name].sources)
    rows = [
        {"id": source, "citation": scenario.sources[source].citation, "status": STATUS[scenario.sources[source].status]}
        for source in ids
        if source in scenario.sources
    ]
    with st.expander(f"{len(rows)} sources behind the figures used"):
        st.table(literal_table(pd.DataFrame(rows)), hide_index=True, border="horizontal")


def exact(result: Result) -> pd.DataFrame:
    """The headline's figures as they are, per person, unrounded."""
    rows = []
    for perspective in PERSPECTIVES:
        row = pick(result, "net_saving", perspective=perspective)
        rows.append(
            {
                "perspective": PERSPECTIVE_NAMES[perspective],
                "net saving, £ per person": repr(float(row.value)),
                "95% low": repr(float(row.low)),
                "95% high": repr(float(row.high)),
            }
        )
    return pd.DataFrame(rows)


def _exact(result: Result) -> None:
    scenario = result.scenario
    with st.expander("Exact figures and how to reproduce them"):
        time = in_words(result.horizons[0])
        st.caption(f"Expected value over {time}, undiscounted, prices of {scenario.setting.price_year}, unrounded.")
        st.table(exact(result), hide_index=True, border="horizontal")
        st.caption(f"{result.draws:,} draws, seed {result.seed}, scenario SHA-256 {scenario.sha256}.")
