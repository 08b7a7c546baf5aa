"""The map of all populations: what is asked of all at once, the map, and the way to the purse of each."""

import html
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from costmodel.analysis.spectrum_map import HEIGHT, Map, Place, bases, mapped, offered, places_of, priced
from costmodel.app.parts import catalogue, choice, compute, question, show, sidebar
from costmodel.app.parts.choice import Choice
from costmodel.app.parts.text import literal
from costmodel.errors import InputError
from costmodel.model.run import SEED, run_at
from costmodel.page import Figure, Paragraph
from costmodel.report.screen import YEARS, months_offered
from costmodel.result.table import in_words
from costmodel.scenario.load import Refused
from costmodel.scenario.schema import SettingFile

TITLE = "Where does it pay?"
OWN = ""
"""Chosen in the place of a price basis: each file's own."""
BASIS, GO = "basis", "to the purse"
PURSE = Path(__file__).parents[1] / "purse.py"
NO_ANSWER, NOT_SO_FAR = "for which no answer is given", "which has no answer at that time"


@dataclass(frozen=True)
class Known:
    """What is known of a population. why: there are no places."""

    setting: SettingFile | None
    prices: tuple[str, ...]
    places: tuple[Place, ...]
    why: str = ""


def show_map() -> None:
    """The whole page."""
    if st.session_state.pop(GO, None):
        st.switch_page(PURSE)
    st.title(TITLE, anchor=False)
    sidebar.said()
    status = st.empty()
    names = list(catalogue.populations())

    def reading() -> None:
        status.caption("Reading every population …")

    own = {name: _known(name, OWN, 0, reading) for name in names}
    settings = [one.setting for one in own.values() if one.setting is not None]
    if not settings:
        st.info("There is no population with an answer.")
        return
    perspective, months, price = _controls(settings[0], [one.prices for one in own.values()])
    central = own if price == OWN else {name: _known(name, price, 0, reading) for name in names}
    body = st.empty()

    def working() -> None:
        status.caption(literal(f"An estimate at central values; {compute.DRAWS:,} tries of the model under way …"))

    found = _map(central, settings[0], perspective, months, price)
    keys = [_key(name, price, compute.DRAWS) for name in names]
    if not all(map(compute.has, keys)):
        with body.container():
            _show(found, "central", tables=False)
        working()
        compute.settle(working)
    drawn = {name: _known(name, price, compute.DRAWS, working) for name in names}
    found = _map(drawn, settings[0], perspective, months, price)
    with body.container():
        _show(found, "expected")
    asked = found.page().about[0]
    status.caption(literal(f"The base of every population. {compute.DRAWS:,} tries of the model. {asked}."))


def _key(population: str, price: str, draws: int) -> tuple[str, ...]:
    return ("map", population, catalogue.stamp(), price, str(draws), str(SEED))


def _known(population: str, price: str, draws: int, meanwhile: Callable[[], object]) -> Known:
    """Where the therapies of a population stand, for every payer and time; worked out beside the page."""

    def work() -> Known:
        try:
            start = choice.scenario_of(Choice(population, catalogue.base_name(population)), whole=False)
            scenario = priced(start, price or None)
            months = months_offered(scenario)
            result = run_at(scenario, months, draws, SEED, alone=True, views=0)
        except Refused:
            return Known(None, (), (), NO_ANSWER)
        except InputError as error:
            return Known(None, (), (), f"because {error.problems[0].found}")
        prices = tuple(sorted(set().union(*bases(scenario).values())))
        return Known(scenario.setting, prices, places_of(result, population, months))

    return compute.shared(_key(population, price, draws), work, "answer", meanwhile)


def _map(known: dict[str, Known], setting: SettingFile, perspective: str, months: float | None, price: str) -> Map:
    """The map of what is known, in one country's money."""
    titles = catalogue.populations()
    places, left_out = [], []
    for name, one in known.items():
        alike = one.setting is not None and one.setting.currency == setting.currency
        there = [place for place in one.places if months is None or place.horizon_months == months]
        places += there if alike else []
        if not there or not alike:
            left_out.append((titles[name].people, one.why or NOT_SO_FAR))
    return mapped(places, setting, perspective, months, price or None, left_out)


def _controls(setting: SettingFile, prices: list[tuple[str, ...]]) -> tuple[str, float | None, str]:
    """What is asked of all at once: payer, months (None for each one's own follow-up), and the basis of prices."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    perspective = question.whose_money(setting, row)
    times, bases_offered = [question.AS_STUDIED, *YEARS], [OWN, *offered(prices)]
    for key, known, first in (("over", times, question.AS_STUDIED), (BASIS, bases_offered, OWN)):
        now = st.session_state.get(key)
        st.session_state[key] = now if now in known else first  # anew: a browser keeps the words it had
    months = row.selectbox(
        "Counting savings over", times, key="over", persist_state="session",
        format_func=lambda one: in_words(one) if one else "each as it was studied",
    )  # fmt: skip
    price = row.selectbox(
        "Price of a session", bases_offered, key=BASIS, persist_state="session",
        format_func=lambda one: one.replace("_", " ") or "each population's own",
        help="A population without this basis keeps its own; the notes say which.",
    )  # fmt: skip
    return perspective, months or None, price or OWN


def _show(found: Map, key: str, tables: bool = True) -> None:
    """The sentences beside the map, the way to each purse, then tables and notes; these not of an estimate."""
    first, *rest = found.sentences()
    page = found.page()
    left, right = st.columns([1, 1.7], gap="large")
    lines = "".join(f"<p>{html.escape(line)}</p>" for line in rest)
    left.html(f"<div role=status class=under><p><b>{html.escape(first)}</b></p>{lines}</div>")
    if not found.places:
        return
    with right:
        made = found.figure()
        made.figure.update_layout(title=None, margin={"t": 44})
        st.plotly_chart(
            made.figure, height=HEIGHT, config=show.CONFIG, alt=made.alt, key=f"map {key}",
            on_select=lambda: _clicked(f"map {key}", found), selection_mode="points",
        )  # fmt: skip
    with left.container(horizontal=True, key=f"purses {key}"):
        st.caption("Open the purse of:")
        for name in dict.fromkeys(one.population for one in found.places):
            st.button(
                literal(catalogue.populations()[name].people), key=f"purse {name} {key}",
                on_click=_open, args=(name, None, found.price),
            )  # fmt: skip
    if tables:
        show.page(replace(page, blocks=tuple(one for one in page.blocks if not isinstance(one, Figure | Paragraph))))


def _clicked(key: str, found: Map) -> None:
    """Open the purse of the point that was chosen."""
    points = st.session_state[key].selection.points
    if points and (at := points[0].get("customdata")):
        _open(str(at[0]), str(at[1]), found.price)


def _open(population: str, strategy: str | None, price: str | None) -> None:
    """Choose a population, and with it the basis of prices that was asked for, where it has that."""
    if population != choice.current().population:
        choice.select(population, catalogue.base_name(population))
    if strategy is not None:
        st.session_state["strategy"] = strategy
    if price is not None:
        known = bases(choice.base())
        choice.change(BASIS, {f"parameters.{name}.use": price for name, of in known.items() if price in of})
    st.session_state[GO] = True
