"""The sections of the Uncertainty page, in the order in which one asks."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from costmodel.analysis import sensitivity, voi
from costmodel.analysis.psa import Psa, charts, psa
from costmodel.analysis.psa import page as words
from costmodel.analysis.psa.comparison import Comparison
from costmodel.app.parts import compute, question, show
from costmodel.app.parts.text import literal
from costmodel.result.result import Result
from costmodel.result.table import in_words
from costmodel.scenario.build import Scenario

HEIGHT = 380


@dataclass(frozen=True)
class Page:
    """What is asked: whose money, which strategy; and where is said what is under way."""

    perspective: str
    strategy: str
    status: DeltaGenerator

    def working(self) -> None:
        """Said while something is under way."""
        self.status.caption(f"{compute.DRAWS:,} simulations and the analyses below are under way …")

    def done(self, result: Result) -> None:
        """Said of the simulations."""
        self.status.caption(f"From {result.draws:,} simulations, seed {result.seed}.")


def prepare(scenario: Scenario) -> Page:
    """Title and controls."""
    st.title("How sure is this, and what would have to be true?", anchor=False)
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    perspective, strategy = question.whose_money(scenario.setting, left), question.which_therapy(scenario, right)
    return Page(perspective, strategy, st.empty())


def chances(page: Page, result: Result) -> None:
    """By when the money is back."""
    st.header("By when is the money back?", anchor=False)
    found, of = _asked(page, result)
    show.with_table(
        charts.chances(found, page.perspective, page.strategy), HEIGHT, "chance_by_month", result.setting.currency
    )
    _say([*words.by_when(found, of), *words.how_much(of)])


def tornado(page: Page, scenario: Scenario) -> None:
    """Which inputs move the answer."""
    st.header("Which inputs move it?", anchor=False)
    found = compute.analysis(
        f"tornado {page.perspective} {page.strategy}",
        scenario,
        lambda: sensitivity.tornado(scenario, perspective=page.perspective, strategy=page.strategy),
        page.working,
    )
    show.page(found.page())


def break_even(page: Page, scenario: Scenario) -> None:
    """What would have to be true."""
    st.header("What would have to be true?", anchor=False)
    found = compute.analysis(
        f"break-even {page.perspective} {page.strategy}",
        scenario,
        lambda: sensitivity.break_even(scenario, perspective=page.perspective, strategy=page.strategy),
        page.working,
    )
    show.page(found.page())


def choices(page: Page, result: Result) -> None:
    """Money against health."""
    st.header("Money against health", anchor=False)
    found, of = _asked(page, result)
    left, right = st.columns(2, gap="large")
    with left:
        show.with_table(charts.plane(found, page.perspective, page.strategy), HEIGHT, "plane", result.setting.currency)
    with right:
        show.with_table(charts.acceptability(found, page.perspective), HEIGHT, "acceptability", result.setting.currency)
    _say([words.in_the_plane(found, of), words.wrong_decision(found, of, result.threshold)])


def information(page: Page, result: Result) -> None:
    """What knowing more is worth."""
    st.header("What would it be worth to know more?", anchor=False)
    for kind, name in (("nmb", "Which strategy is best"), ("cash", "Whether it pays for itself")):
        found = compute.analysis(
            f"voi {kind} {page.perspective}",
            result.scenario,
            partial(voi.value_of_information, result, kind, page.perspective),
            page.working,
        )
        st.markdown(f"**{name}**")
        show.page(found.page())


def exactness(page: Page, result: Result) -> None:
    """How exactly the draws know it."""
    st.header("How exact are the simulations?", anchor=False)
    found, of = _asked(page, result)
    _say([*words.how_exact(found, of), words.against_central(found, of)])


def beyond(page: Page, result: Result) -> None:
    """What nobody has observed."""
    st.header(f"Beyond the evidence of {literal(in_words(result.horizons[0]))}", anchor=False)
    found = compute.stops(result, page.working)
    _say(found.sentences(page.perspective, page.strategy))


def _asked(page: Page, result: Result) -> tuple[Psa, Comparison]:
    """The draws, and what is asked of them."""
    found = compute.analysis("psa", result.scenario, lambda: psa(result), page.working)
    return found, found.comparison(page.perspective, page.strategy)


def _say(lines: Iterable[str]) -> None:
    st.markdown("\n\n".join(literal(line) for line in lines))
