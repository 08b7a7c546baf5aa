"""Your service and your beliefs: what a reader may set beside the question. Every control moves the scenario."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from costmodel.app.parts import choice, sidebar
from costmodel.app.parts.question import Question
from costmodel.app.parts.records import Record, record, records
from costmodel.app.parts.text import literal
from costmodel.currency import Currency
from costmodel.report.screen import inputs_of_purse, levers
from costmodel.result.result import Result
from costmodel.scenario.build import Scenario
from costmodel.words import upper_first

BARS = 4
"""Inputs of the grey bars that are offered."""
BASE = ""
WORDS = {"price": "Price of a session", "dial": "Which evidence counts"}


def yours(base: Scenario, scenario: Scenario, central: Result, question: Question) -> None:
    """Price, sessions, and what the grey bars are made of."""
    st.markdown("**Your service**")
    left, right = st.columns([1.5, 1], vertical_alignment="bottom")
    with left:
        _price(base, scenario, question)
    with right:
        _sessions(base, scenario, question)
    names = inputs_of_purse(central, question.strategy, question.perspective, question.months)[:BARS]
    for first in range(0, len(names), 2):
        for column, name in zip(st.columns(2, vertical_alignment="bottom"), names[first : first + 2], strict=False):
            with column:
                _number(base, scenario, name)


def beliefs(base: Scenario, scenario: Scenario, question: Question) -> None:
    """What the evidence says, each to be replaced by what the reader believes."""
    found = levers(base, question.strategy)
    paths = [f"parameters.{name}.value" for name in found]
    dial = menu(base, "dial")
    paths += [path for changes in dial.values() for path in changes]
    moved = [path for path in paths if path in choice.current().changed]
    with st.expander(f"Your beliefs ({f'{len(moved)} moved' if moved else 'now: the evidence'})"):
        for name in found:
            _number(base, scenario, name)
        if not any("half_life" in name for name in found):
            sidebar.durability_field(base, records(base, scenario, choice.current().changed))
        if dial:
            _menu(base, "dial", dial)
        st.button("Back to the evidence", disabled=not moved, on_click=choice.reset, args=("beliefs", *moved))


def _number(base: Scenario, scenario: Scenario, name: str) -> None:
    row = record(base, scenario, choice.current().changed, name)
    sidebar.number_field(base, row, label(row, base.setting.currency), step=_step(row), whole=False)


def label(row: Record, currency: Currency) -> str:
    """What a field is of, with its unit."""
    unit = row.unit.replace(currency.code, currency.symbol)
    return literal(f"{upper_first(row.label)}{f', {unit}' if unit and unit not in row.label.lower() else ''}")


def _step(row: Record) -> float:
    size = abs(float(row.default or 0))
    return next(
        step for most, step in ((1, 0.01), (5, 0.1), (100, 1), (1_000, 10), (float("inf"), 100)) if size <= most
    )


def _sessions(base: Scenario, scenario: Scenario, question: Question) -> None:
    strategies = base.model.strategies
    therapy = strategies[question.strategy].therapy if question.strategy in strategies else None
    if therapy is not None and isinstance(therapy.sessions, str) and therapy.sessions in base.leaves:
        row = record(base, scenario, choice.current().changed, therapy.sessions)
        sidebar.number_field(base, row, "Sessions planned", step=1, whole=False)


def _price(base: Scenario, scenario: Scenario, question: Question) -> None:
    options, strategies = menu(base, "price"), scenario.model.strategies
    if not options:
        sidebar.price_field(base, scenario)
        return
    _menu(base, "price", options)
    therapy = strategies[question.strategy].therapy
    if therapy is not None and isinstance(therapy.price, str):
        row = record(base, scenario, choice.current().changed, therapy.price)
        symbol = base.setting.currency.symbol
        sidebar.number_field(base, row, f"{symbol} a session, or your own", step=5, whole=False)


def menu(base: Scenario, kind: str) -> dict[str, Mapping[str, Any]]:
    """The conventions of a kind that are only changes, by name, each with the changes that make it the base."""
    return {
        name: {**one.change, f"money_base.{kind}": one.label}
        for name, one in base.model.money_alternatives.items()
        if one.kind == kind and not one.add and not one.remove and kind in base.model.money_base
    }


def _menu(base: Scenario, kind: str, options: Mapping[str, Mapping[str, Any]]) -> None:
    """A choice between the base and its conventions of a kind."""
    changed, key = choice.current().changed, f"counted {kind}"
    now = next(
        (name for name, one in options.items() if changed.get(f"money_base.{kind}") == one[f"money_base.{kind}"]), BASE
    )
    st.session_state[key] = now
    alternatives = base.model.money_alternatives

    def moved() -> None:
        every = dict.fromkeys(path for one in options.values() for path in one)
        choice.change(key, every | dict(options.get(st.session_state[key], {})))

    def shown(name: str) -> str:
        return upper_first(base.model.money_base[kind] if name == BASE else alternatives[name].label)

    st.selectbox(WORDS[kind], [BASE, *options], key=key, format_func=shown, on_change=moved)
    sidebar.fault(key)
