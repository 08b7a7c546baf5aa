"""What stands on the first page. Drawn twice: as an estimate at central values at once, then with all draws."""

import html
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from costmodel.app.parts import catalogue, choice, compute, downloads, link, show, sidebar
from costmodel.app.parts.choice import Choice
from costmodel.app.parts.question import Question
from costmodel.app.parts.records import basis
from costmodel.app.parts.text import literal
from costmodel.drawing import Chart
from costmodel.errors import InputError
from costmodel.report.saved import command
from costmodel.report.screen import Fact, Screen, net, screen, with_length
from costmodel.result.result import Result
from costmodel.result.table import in_words
from costmodel.scenario.build import Scenario

CHIPS = ("cautious", "base", "favourable")
"""Files whose results stand at the foot, where a population has them."""


@dataclass(frozen=True)
class Places:
    """What is filled: the verdict, the chart, four facts; and where the reader's service stands."""

    verdict: DeltaGenerator
    chart: DeltaGenerator
    facts: DeltaGenerator
    right: DeltaGenerator
    status: DeltaGenerator
    basis: str
    """What the figures are."""

    def working(self) -> None:
        """Said while the draws are under way."""
        self._status(f"An estimate at central values; {compute.DRAWS:,} tries of the model under way …")

    def _status(self, text: str) -> None:
        self.status.caption(literal(f"{self.basis} {text}"))

    def show(self, result: Result, asked: Question, estimate: bool) -> Screen:
        """Fill all places from a result; what was said."""
        found = screen(result, asked.strategy, asked.perspective, asked.months)
        with self.verdict.container():
            st.html(
                f"<div role=status>{_line(found.money, estimate)}{_line(found.health, estimate)}"
                f"<div class=under>{html.escape(found.under)}</div></div>"
            )
        with self.chart.container():
            _chart(found.chart, "central" if estimate else "expected")
        self._facts(found)
        if estimate:
            self.working()
        else:
            self._status(f"{result.draws:,} tries of the model. {found.beside}")
        return found

    def complete(self, found: Screen, scenario: Scenario, asked: Question) -> None:
        """Add the fact that takes longest to work out."""
        question = asked.strategy, asked.perspective, asked.months
        length = compute.length(scenario, choice.source(whole=False), question, lambda: None)
        self._facts(with_length(found, length))

    def _facts(self, found: Screen) -> None:
        with self.facts.container():
            for column, fact in zip(st.columns(len(found.facts), gap="small"), found.facts, strict=True):
                column.html(_fact(fact))


def prepare(base: Scenario, scenario: Scenario) -> Places:
    """Lay the page out: the verdict and the chart on the left, the reader's own on the right, facts under both."""
    left, right = st.columns([2.15, 1], gap="medium")
    verdict = left.container(key="verdict").empty()
    status, chart = left.empty(), left.container(key="bars").empty()
    here = choice.current()
    of = basis(base, scenario, len(here.changes), here.upload is not None)
    return Places(verdict, chart, st.container(key="facts").empty(), right, status, of)


def _chart(chart: Chart, key: str) -> None:
    """The bars under their title and what their colours mean, which wraps; their sentence where there are none."""
    layout = chart.figure.layout
    names = [(bar.name, bar.marker) for bar in chart.figure.data if bar.x]
    swatches = [
        f"<i style='background-color:{marker.color};outline-color:{marker.line.color or 'transparent'}' "
        f"class='{'hatched' if marker.pattern.shape else ''}'></i>{html.escape(name)}"
        for name, marker in names
    ]
    st.html(f"<div class=legend><b>{html.escape(chart.title)}</b> {' '.join(swatches)}</div>")
    if chart.figure.data:
        chart.figure.update_layout(showlegend=False, title=None, margin={"t": 4, "b": 4, "l": 0, "r": 0})
        st.plotly_chart(
            chart.figure, height=layout.meta["bars alone"], config=show.CONFIG, alt=chart.alt, key=f"purse {key}"
        )


def _line(text: str, estimate: bool) -> str:
    """A line of the verdict; what stands behind its first comma or bracket in smaller letters."""
    at = min((place for mark in (", ", " (") if (place := text.find(mark)) > 0), default=len(text))
    lead, small = html.escape(text[:at]), html.escape(text[at:])
    return f"<div class='verdict{' estimate' if estimate else ''}'>{lead}<small>{small}</small></div>"


def _fact(fact: Fact) -> str:
    label, value, note = (html.escape(text) for text in (fact.label, fact.value, fact.note))
    return f"<div class=fact>{label}<br><b>{value}</b><br><span>{note}</span></div>"


def others(place: DeltaGenerator, scenario: Scenario, asked: Question, result: Result) -> None:
    """Other scenarios of these people with their results, and what can be taken away."""
    here = choice.current()
    files = catalogue.scenarios(here.population)
    base = catalogue.populations()[here.population].path.name
    chips = [base if name == "base" else f"{name}.yaml" for name in CHIPS]
    place.caption(f"A person, over {in_words(asked.months)}, at central values:")
    with place.container(key="others", horizontal=True, vertical_alignment="center"):
        for file, word in zip(chips, CHIPS, strict=True):
            if file in files:
                st.button(
                    literal(f"{word.capitalize()}: {_net(Choice(here.population, file), asked)}"),
                    key=f"chip {word}",
                    type="primary" if here.file == file and not here.changes else "secondary",
                    on_click=_choose,
                    args=(file,),
                )
        if here.changes:
            st.button("Reset all", key="reset all", on_click=choice.reset, args=("all",))
        with st.popover("Share"):
            _share(scenario, asked, result)


def _choose(file: str) -> None:
    here = choice.current()
    choice.reset("all")
    choice.select(here.population, file)


def _net(chosen: Choice, asked: Question) -> str:
    """The result of a scenario at central values, for the same question; words where it has none."""
    try:
        other = compute.central(choice.scenario_of(chosen))
        return net(other, asked.strategy, asked.perspective, asked.months)
    except InputError:
        return "not for this question"


def _share(scenario: Scenario, asked: Question, result: Result) -> None:
    here = choice.current()
    linked = link.text(here)
    if linked:
        st.caption("The address of this page holds all that was set. Or add this to the page's own address:")
        st.code(f"?{link.NAME}={linked}", language=None, wrap_lines=True)
    else:
        st.caption("No link holds a file of your own: send that file.")
    with st.container(horizontal=True):
        downloads.changes(here)
        downloads.workbook(result)
        downloads.board(asked)
    st.caption("The camera above the chart on the board page saves the chart as a picture (PNG).")
    downloads.business_case(scenario, asked)
    st.caption("The same digits on the command line:")
    st.code(command(result, perspective=asked.perspective), language="sh", wrap_lines=True)
    sidebar.uploader()
