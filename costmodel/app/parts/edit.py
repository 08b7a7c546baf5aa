"""Change one assumption, with its reasons beside the field. The engine says what it allows."""

import streamlit as st

from costmodel.app.parts import choice, show
from costmodel.app.parts.records import Record, why
from costmodel.app.parts.text import literal, number
from costmodel.scenario.build import Scenario

STEP = 0.01
"""What a field offers as its lowest where 0 is refused."""


def panel(base: Scenario, rows: list[Record]) -> None:
    """Choose a row, type a value, apply or reset it; sources and refusals stand beside it."""
    if not rows:
        return
    by_path = {row.path: row for row in rows}
    with st.container(border=True):
        left, right = st.columns([1, 1], gap="medium")
        with left:
            path = st.selectbox(
                "Change an assumption", list(by_path), key="edit", format_func=lambda p: by_path[p].label
            )
            row = by_path[path]
            _form(row)
            if row.path in choice.faults():
                show.refusal(choice.faults()[row.path])
        with right:
            st.markdown(literal(why(base, row)))
            for source in row.source.split(", "):
                if source in base.sources:
                    where = base.sources[source]
                    st.caption(literal(f"{source}: {where.figure} Seen in: {where.where}"))


def _form(row: Record) -> None:
    key = f"typed {row.path} {row.now}"
    with st.form(f"form {row.path}", border=False):
        unit = f" ({literal(row.unit)})" if row.unit else ""
        if row.options:
            now = choice.scenario().parameters[row.name].use if row.kind == "choice" else str(row.now)
            at = row.options.index(now) if now in row.options else 0
            st.selectbox("Your choice", row.options, index=at, key=key, format_func=_words)
        elif row.kind == "text":
            st.text_input(f"Your value{unit}", value=str(row.now), key=key)
        else:
            now = float(row.now or 0)
            low, high = choice.limits(row.path, STEP, *row.support)
            st.number_input(f"Your value{unit}", min(low, now), max(high, now), now, key=key, format="%.10g", step=None)
        with st.container(horizontal=True):
            st.form_submit_button("Apply", type="primary", on_click=_apply, args=(row, key))
            default = number(row.default) if isinstance(row.default, float) else str(row.default)
            st.form_submit_button(
                literal(f"Reset to {default}"), on_click=_reset, args=(row,), disabled=not row.changed
            )


def _apply(row: Record, key: str) -> None:
    typed = st.session_state[key]
    if typed is None or typed == "":
        choice.faults()[row.path] = "Nothing was typed. Wanted: a value, or Reset."
        return
    if row.kind == "choice":
        choice.change(row.path, {f"parameters.{row.name}.use": typed, row.path: None})
        return
    if row.path == "people" and float(typed).is_integer():
        typed = int(typed)
    choice.change(row.path, {row.path: typed})


def _words(option: str) -> str:
    return option.replace("_", " ")


def _reset(row: Record) -> None:
    choice.faults().pop(row.path, None)
    choice.reset(row.path, row.path, f"parameters.{row.name}.use")
