"""What is asked: who is treated, with what, instead of what, over how long, whose money. One choice for all pages."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from costmodel.app.parts import catalogue, choice
from costmodel.app.parts.text import literal
from costmodel.report.screen import months_offered, same_money
from costmodel.result.result import Result
from costmodel.result.table import in_words
from costmodel.scenario.build import Scenario
from costmodel.scenario.schema import SettingFile
from costmodel.words import upper_first

WIDTHS = (2.2, 2.3, 1.7, 1.7, 2.1)
AS_STUDIED = 0.0
"""Chosen in the place of months: those of the evidence, whoever is treated."""
ONLY = "Nothing else was compared for these people."


@dataclass(frozen=True)
class Question:
    """What is asked: strategy, perspective, and months over which savings count."""

    strategy: str
    perspective: str
    months: float


def therapy(scenario: Scenario) -> str:
    """The strategy that was chosen on whatever page: the first after usual care where none was, or it is not there."""
    strategies = list(scenario.model.strategies)[1:]
    chosen = st.session_state.get("strategy")
    return chosen if chosen in strategies else strategies[0]


# Elsewhere than on the first page


def whose_money(setting: SettingFile, place: DeltaGenerator, label_visibility: str = "visible") -> str:
    """A switch between the perspectives of a setting."""
    now = st.session_state.get("perspective")
    st.session_state["perspective"] = now if now in setting.perspectives else setting.main  # anew, as on the first page
    chosen = place.segmented_control(
        "Whose money?",
        list(setting.perspectives),
        key="perspective",
        persist_state="session",
        required=True,
        format_func=lambda name: upper_first(setting.name(name)),
        label_visibility=label_visibility,
        wrap=True,
    )
    return chosen or setting.main


def which_therapy(
    scenario: Scenario, place: DeltaGenerator, label_visibility: str = "visible", first: bool = False
) -> str:
    """A menu of the strategies against the comparator; of a single one on the first page alone."""
    strategies = list(scenario.model.strategies)[1:]
    now, alone = therapy(scenario), len(strategies) == 1
    if alone and not first:
        return now
    st.session_state["strategy"] = now
    return place.selectbox(
        "Therapy" if first else "Which therapy?",
        strategies,
        key="strategy",
        persist_state="session",
        format_func=lambda name: scenario.model.strategies[name].label,
        label_visibility=label_visibility,
        help="The only therapy that this scenario holds." if alone else None,
    )


# On the first page, in one row


def row() -> list[DeltaGenerator]:
    """The places of the controls."""
    return st.container(key="question").columns(WIDTHS, vertical_alignment="bottom")


def who(place: DeltaGenerator) -> None:
    """Who is treated."""
    populations = catalogue.populations()
    st.session_state["population"] = choice.current().population

    def moved() -> None:
        name = st.session_state["population"]
        choice.select(name, populations[name].path.name)

    place.selectbox(
        "Who is treated",
        list(populations),
        key="population",
        format_func=lambda name: populations[name].people,
        on_change=moved,
    )


def rest(places: list[DeltaGenerator], scenario: Scenario, central: Result) -> Question:
    """The other controls; central: the run at central values, which tells what changes nothing."""
    strategy = which_therapy(scenario, places[0], first=True)
    _instead(places[1], scenario)
    months = _over(places[2], scenario)
    return Question(strategy, _whose(places[3], scenario, same_money(central, strategy, months)), months)


def _instead(place: DeltaGenerator, scenario: Scenario) -> None:
    """What therapy is compared with: the comparator of the population's base, or of another of its files."""
    here = choice.current()
    files = catalogue.scenarios(here.population)
    base = catalogue.populations()[here.population].path.name
    others = {name: entry.instead_of for name, entry in files.items() if entry.instead_of}
    now = scenario.model.strategies[next(iter(scenario.model.strategies))].label
    usual = "Usual care" if here.file in others else now
    options = {base: usual, **others}
    st.session_state["instead"] = here.file if here.file in others else base

    def moved() -> None:
        choice.select(here.population, st.session_state["instead"])

    place.selectbox(
        "Instead of",
        list(options),
        key="instead",
        format_func=lambda name: options[name],
        on_change=moved,
        help=ONLY if len(options) == 1 else None,
    )


def _over(place: DeltaGenerator, scenario: Scenario) -> float:
    studied = float(scenario.model.follow_up.months)
    offered = [AS_STUDIED if months == studied else months for months in months_offered(scenario)]
    over = st.session_state.get("over")
    st.session_state["over"] = over if over in offered else AS_STUDIED  # set anew: a browser keeps the words it had

    def shown(months: float) -> str:
        return f"{in_words(studied)}, as studied" if months == AS_STUDIED else in_words(months)

    chosen = place.selectbox("Counting savings over", offered, key="over", persist_state="session", format_func=shown)
    return studied if chosen == AS_STUDIED else chosen


def _whose(place: DeltaGenerator, scenario: Scenario, same: Mapping[str, str]) -> str:
    setting, chosen = scenario.setting, st.session_state.get("perspective")
    st.session_state["perspective"] = chosen if chosen in setting.perspectives else setting.main  # anew, as above
    why = "; ".join(f"{setting.name(name)}: {reason}" for name, reason in same.items())
    return place.selectbox(
        "Whose money",
        list(setting.perspectives),
        key="perspective",
        persist_state="session",
        format_func=lambda name: f"{upper_first(setting.name(name))}{' (same)' if name in same else ''}",
        help=literal(f"(same): {why}.") if same else None,
    )
