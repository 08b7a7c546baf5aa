"""The Plan page: a service's plan in fields; its budget in sentences, a chart and tables; the way to take it away."""

import html
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from costmodel.analysis.budget import Budget, ServicePlan, budget
from costmodel.analysis.service_plan import LIMITS, WHOLE, YEAR, defaults, plan_of
from costmodel.app.parts import choice, question, show
from costmodel.app.parts.records import basis
from costmodel.app.parts.text import literal
from costmodel.errors import InputError
from costmodel.page import Figure, Page, Paragraph
from costmodel.report.saved import command
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario
from costmodel.scenario.schema import SettingFile

PLAN = "plan"
"""What was typed, in the session and in the link: names and numbers as JSON."""
LABELS = {
    "starts": "People a month", "months": "For so many months", "ramp": "Months of build-up",
    "waiting": "Waiting already", "therapists": "Whole-time therapists", "years": "Financial years",
    "sessions_a_week": "Contact hours a week of one therapist", "weeks_a_year": "Working weeks a year",
    "hours_a_session": "Therapist's hours a session", "missed": "Share of slots missed", "set_up": "Set-up, once",
    "training": "Training, once", "supervision": "Supervision, a year", "room": "Rooms, a year",
    "ward_nights": "Nights a year that close a ward", "growth": "Growth of prices a year",
    "first_month": "Month of the first start", "first_year": "Year of the first start",
    "year_begins": "A financial year begins in month",
}  # fmt: skip
FIRST = ("starts", "months", "ramp", "waiting", "therapists", "years")
"""Fields in one row; the others are folded."""
MONEY = ("set_up", "training", "supervision", "room")
OPEN = {"therapists": "no limit", "first_year": "none"}
"""Fields that may be empty, and what that means."""
HEIGHT, COLUMNS = 330, 3


def typed() -> dict[str, Any]:
    """What the reader has typed, or the link has; nothing where that cannot be read."""
    try:
        found = json.loads(st.session_state.get(PLAN) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def current(scenario: Scenario) -> ServicePlan:
    """The plan in use: at first, as many starts a month as treat the people of the scenario in a year."""
    usual = {"starts": max(1, round(scenario.model.people / YEAR))}
    try:
        return plan_of({**usual, **typed()}, LABELS.__getitem__)
    except InputError as error:
        choice.faults()[PLAN] = f"The plan of the link was left out. {error}"
        st.session_state[PLAN] = None
        return plan_of(usual)


def _change(name: str, plan: ServicePlan) -> None:
    """Take over what was typed into a field, or say why not."""
    value, before = st.session_state[_key(name)], typed()
    wanted = {one: each for one, each in before.items() if one != name}
    if value is not None:
        wanted[name] = value
    choice.faults().pop(PLAN, None)
    try:
        plan_of({"starts": plan.starts, **wanted}, LABELS.__getitem__)
    except InputError as error:
        choice.faults()[_key(name)] = str(error)
        return
    choice.faults().pop(_key(name), None)
    st.session_state[PLAN] = json.dumps(wanted)


def _key(name: str) -> str:
    return f"{PLAN} {name}"


def _field(place: DeltaGenerator, name: str, plan: ServicePlan, setting: SettingFile) -> None:
    value, key = getattr(plan, name), _key(name)
    whole = name in WHOLE
    low, high = WHOLE.get(name) or LIMITS[name]
    kind = int if whole else float
    st.session_state[key] = None if value is None else kind(value)
    about = defaults()[name].cells if name in defaults() else None
    with place:
        st.number_input(
            f"{LABELS[name]}, {setting.currency.symbol}" if name in MONEY else LABELS[name],
            min_value=kind(low), max_value=kind(high), value=None, step=kind(1) if whole or name in FIRST else None,
            key=key, format=None if whole else "%.10g", placeholder=OPEN.get(name),
            on_change=_change, args=(name, plan),
            help=literal(f"{about['note']} ({about['status']}: {about['source']})") if about else None,
        )  # fmt: skip
        if key in choice.faults():
            show.refusal(choice.faults()[key])


def show_plan(scenario: Scenario, result: Result) -> None:
    """The whole page."""
    here = choice.current()
    st.title("What does a service cost, year by year?", anchor=False)
    st.caption(literal(basis(choice.base(), scenario, len(here.changes), here.upload is not None)))
    plan = current(scenario)
    if PLAN in choice.faults():
        show.refusal(choice.faults()[PLAN], kept=False)
    for place, name in zip(st.columns(len(FIRST), vertical_alignment="bottom"), FIRST, strict=True):
        _field(place, name, plan, scenario.setting)
    with st.expander("Therapists, sums, wards, prices and months"):
        rest = [name for name in LABELS if name not in FIRST]
        columns = st.columns(COLUMNS)
        for i, name in enumerate(rest):
            _field(columns[i % COLUMNS], name, plan, scenario.setting)
    row = st.container(horizontal=True, vertical_alignment="center")
    perspective = question.whose_money(scenario.setting, row, "collapsed")
    strategy = question.which_therapy(scenario, row, "collapsed")
    found = budget(result, plan, strategy=strategy, perspective=perspective)
    _budget(found)


def _budget(found: Budget) -> None:
    page, (first, *rest) = found.page(), found.sentences()
    left, right = st.columns(2, gap="large")
    lines = "".join(f"<p>{html.escape(line)}</p>" for line in rest)
    left.html(f"<div role=status class=under><p><b>{html.escape(first)}</b></p>{lines}</div>")
    with right:
        show.figure(found.figure(), HEIGHT, "budget")
    first_chart = next(block for block in page.blocks if isinstance(block, Figure))
    blocks = tuple(block for block in page.blocks if block is not first_chart and not isinstance(block, Paragraph))
    st.caption(literal(page.about[1]))
    show.page(replace(page, blocks=blocks))
    st.header("Take it away", anchor=False)
    show.numbers(found.frame, "plan")
    st.caption("The same digits on the command line:")
    st.code(_command(found, page), language="sh", wrap_lines=True)


def _command(found: Budget, page: Page) -> str:
    """The command that gives the same plan's budget."""
    usual: Mapping[str, Any] = vars(plan_of({"starts": found.plan.starts}))
    asked = ["--strategy", found.strategy]
    for name, value in page.data["plan"].items():
        if name == "starts" or value != usual[name]:
            asked += [f"--{name.replace('_', '-')}", f"{value:.15g}" if isinstance(value, float) else str(value)]
    return command(found.result, "budget", found.perspective, asked=asked)
