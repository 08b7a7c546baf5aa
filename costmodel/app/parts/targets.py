"""The Evidence page: targets of this population or of all and what its model says of them, and claims about money."""

import os
from functools import lru_cache, partial
from pathlib import Path

import streamlit as st

from costmodel.analysis import claims
from costmodel.analysis.validation import targets_name, validate
from costmodel.app.parts import catalogue, choice, compute, show
from costmodel.scenario.build import Scenario

ONE, ALL = "This population", "All populations"
EVERY = "All claims"


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
    show.page(found.page())


def show_claims() -> None:
    """The list of claims that therapy pays for itself, or one of them; nothing where the folder has none."""
    path = catalogue.folder() / claims.FOLDER / claims.FILE
    if not os.path.exists(path):
        return
    found = _claims(path, catalogue.stamp())
    labels = {EVERY: EVERY, **{one.name: f"{one.name}: {one.record.label}" for one in found.of}}
    st.header("What is claimed, and does it hold?", anchor=False)
    name = st.selectbox("Which claim?", list(labels), format_func=labels.__getitem__, key="claim")
    show.page((found if name == EVERY else found.claim(name)).page())


@lru_cache(maxsize=4)
def _claims(path: Path, stamp: str) -> claims.Claims:
    """The claims of a file; read again where the folder has changed."""
    return claims.claims(path)


@lru_cache(maxsize=64)
def _declared(folder: Path, population: str, stamp: str) -> tuple[bool, bool]:
    """Whether targets are declared of a population, and of any; looked for again where the folder has changed."""
    return bool(targets_name(folder, population)), os.path.exists(folder / "validation.yaml")
