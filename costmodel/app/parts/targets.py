"""The Evidence page: targets of this population or of all, and what its model says of them."""

import os
from functools import lru_cache, partial
from pathlib import Path

import pandas as pd
import streamlit as st

from costmodel.analysis.validation import Validation, targets_name, validate
from costmodel.app.parts import catalogue, choice, compute, show
from costmodel.app.parts.text import literal
from costmodel.report import validation_table
from costmodel.scenario.build import Scenario

ONE, ALL = "This population", "All populations"


def show_targets(scenario: Scenario) -> None:
    """The table of targets, asked of the files as shipped."""
    st.title("What did studies find, and what does the model predict?", anchor=False)
    population, folder = choice.current().population, catalogue.folder()
    known, any_at_all = _declared(folder, population, catalogue.stamp())
    if not known and not any_at_all:
        st.write("No targets are declared in this folder of scenarios.")
        return
    whose = st.segmented_control(
        "Whose targets?", [ONE, ALL], default=ONE if known else ALL, key="targets", required=True
    )
    asked = population if known and whose == ONE else None
    status = st.empty()
    name = f"targets {asked} {catalogue.stamp()}"
    found = compute.analysis(
        name, scenario, partial(validate, folder, asked, compute.DRAWS), lambda: status.caption("Asking the models …")
    )
    status.caption(
        "Roles, tolerances and greatest widths were declared before the comparison. Asked of the scenarios as shipped, "
        "without your changes. Only predicted rows score."
    )
    _table(found)


@lru_cache(maxsize=64)
def _declared(folder: Path, population: str, stamp: str) -> tuple[bool, bool]:
    """Whether targets are declared of a population, and of any; looked for again where the folder has changed."""
    return bool(targets_name(folder, population)), os.path.exists(folder / "validation.yaml")


def _table(found: Validation) -> None:
    st.markdown(f"**{literal(validation_table.headline(found))}**")
    columns = ["Row", *validation_table.HEADINGS[1:]]
    show.words(pd.DataFrame(validation_table.cells(found), columns=columns), "targets")
    st.header("Row by row", anchor=False)
    for remark in validation_table.remarks(found):
        st.markdown(f"* {literal(remark)}")
    st.header("What the roles mean", anchor=False)
    for role, meaning in validation_table.ROLES.items():
        st.markdown(f"* {literal(f'{role}: {meaning}')}")
    st.caption(literal(validation_table.footing(found)))
