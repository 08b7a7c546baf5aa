"""Every number behind an answer: its standing, its share of the uncertainty, and what knowing it would be worth."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.information import Question, ValueOfInformation, question_of, value_of_information
from costmodel.analysis.information.question import drawn_together, uncertain
from costmodel.content import by_content
from costmodel.errors import InputError, can_be_called, path_of, shown
from costmodel.model.draws import Values
from costmodel.model.run import SEED, checked_draws, run, values_of
from costmodel.result.information import Worth, share_between, share_explained, variance
from costmodel.scenario.build import Scenario
from costmodel.scenario.load import kind_of, load
from costmodel.scenario.parameter import STRENGTH
from costmodel.scenario.read import read_file

__all__ = ["DRAWS", "SPREAD_ASSUMED", "STANDINGS", "Bundle", "Evidence", "Figure", "evidence", "evidence_of_all"]

Array = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

DRAWS = 10_000
"""Draws behind the page."""
PERSPECTIVE = "nhs_pss"
SPREAD_ASSUMED = "spread assumed"
STANDINGS = (*STRENGTH[:2], SPREAD_ASSUMED, *STRENGTH[2:])
"""From the best to the weakest. A centre that was read or derived may have a spread that nobody measured."""
MODEL = "model.yaml"
INTERVAL = (0.025, 0.975)


@dataclass(frozen=True)
class Figure:
    """One number behind the answer, in its own unit and price year.

    low, high: 95% interval of its draws, None where it is held fixed. together: the bundle that it is drawn with, empty
    where it stands alone. standing: one of STANDINGS.
    """

    name: str
    label: str
    unit: str
    price_year: str | None
    value: float
    low: float | None
    high: float | None
    sources: tuple[str, ...]
    standing: str
    to_be_checked: bool
    together: str


@dataclass(frozen=True)
class Bundle:
    """Numbers that are known or not known together: one alone, or those that were fitted together.

    standing: the weakest of theirs. share: of the variance of net saving. worth: of knowing them before deciding, GBP
    per person.
    """

    name: str
    label: str
    members: tuple[str, ...]
    standing: str
    to_be_checked: bool
    share: float
    worth: Worth


@by_content
@dataclass(frozen=True)
class Evidence:
    """What the answer of one population rests on.

    strategy: the second, whose net saving is looked at. standard_deviation: of that, GBP per person. by_standing: share
    of its variance that knowing all numbers of a standing would take away; structure: which alternative is true (None
    where there is one). information: the question of which worth is said.
    """

    population: str
    scenario: Scenario
    strategy: str
    horizon_months: float
    standard_deviation: float
    figures: tuple[Figure, ...]
    bundles: tuple[Bundle, ...]
    by_standing: dict[str, float]
    structure: float | None
    information: ValueOfInformation

    @property
    def rest(self) -> float:
        """What no standing and no structure alone takes away: what they do only together."""
        return 1 - sum(self.by_standing.values()) - (self.structure or 0.0)

    @property
    def gaps(self) -> list[Bundle]:
        """What is recalled, or assumed if only in its spread: by what knowing it is worth, then by its share."""
        open_ = [one for one in self.bundles if one.to_be_checked or one.standing in STANDINGS[2:]]
        return sorted(open_, key=lambda one: (-one.worth.value, -one.share))


def evidence_of_all(
    folder: Path, draws: int = DRAWS, seed: int = SEED, progress: Progress | None = None
) -> list[Evidence]:
    """Of the model of every population below a folder that has an answer. Raises InputError as `load`."""
    can_be_called("progress", progress)
    folder = path_of("folder", folder)
    if not os.path.isdir(folder):
        raise InputError.at(f"folder {folder}", "there is no such folder", "Name the folder of the scenarios.")
    homes = [home for home in sorted(folder.iterdir()) if os.path.isfile(home / MODEL)]
    homes = [home for home in homes if kind_of(read_file(home / MODEL).data) == "model"]
    found = []
    for done, home in enumerate(homes):
        if progress:
            progress("Weighing the evidence", done, len(homes))
        found.append(evidence(load(home / MODEL), home.name, draws, seed))
    if progress:
        progress("Weighing the evidence", len(homes), len(homes))
    return found


def evidence(scenario: Scenario, population: str, draws: int = DRAWS, seed: int = SEED) -> Evidence:
    """What the answer of a scenario rests on: net saving of its second strategy against the comparator."""
    if not isinstance(population, str):
        raise InputError.at("population", f"{shown(population)} is no name", "Write it as a text.")
    result = run(scenario, draws=checked_draws(draws, 2), seed=seed)
    information = value_of_information(result, "nmb", PERSPECTIVE)
    values = values_of(result, information.draws)
    headline = question_of(result, "cash", PERSPECTIVE, horizon_months=result.horizons[0])
    outcome = _net_saving(headline, information)
    needed = scenario.used
    varying = [name for name in uncertain(scenario, values) if name in set(needed)]
    bundles = tuple(_bundles(scenario, varying, values, outcome, information))
    standings = {}
    for standing in STANDINGS:
        members = [name for one in bundles if one.standing == standing for name in one.members]
        if members:
            standings[standing] = share_explained(outcome, result.weights, _draws_of(values, members))
    together = {name: one.name for one in bundles if len(one.members) > 1 for name in one.members}
    figures = [_figure(scenario, name, values, together.get(name, "")) for name in needed if name in scenario.leaves]
    return Evidence(
        population=population,
        scenario=scenario,
        strategy=result.strategies[1],
        horizon_months=result.horizons[0],
        standard_deviation=float(np.sqrt(variance(outcome, result.weights))),
        figures=tuple(figures),
        bundles=bundles,
        by_standing=standings,
        structure=share_between(outcome, result.weights) if len(result.weights) > 1 else None,
        information=information,
    )


def standing_of(scenario: Scenario, name: str) -> str:
    """How a number is known: its status, weakened by a source that was recalled and by a spread that is assumed."""
    status, record = scenario.status(name), scenario.parameters[name]
    if status != "assumption" and scenario.is_recalled(name):
        return "recalled"
    return SPREAD_ASSUMED if record.judged and status in STRENGTH[:2] else status


def _net_saving(headline: Question, information: ValueOfInformation) -> Array:
    """Net saving of the second strategy, GBP per person, (alternative, draw)."""
    return np.asarray(headline.net_benefits(information.result)[1])


def _bundles(
    scenario: Scenario, varying: list[str], values: Values, outcome: Array, information: ValueOfInformation
) -> list[Bundle]:
    weights = information.result.weights
    groups = drawn_together(scenario, varying)
    inside = {name for members in groups.values() for name in members}
    found = [(name, f"Fitted together: {name}", members) for name, members in groups.items()]
    found += [(name, scenario.parameters[name].label, (name,)) for name in varying if name not in inside]
    bundles = []
    for name, label, members in found:
        line = next(
            one for one in information.lines
            if one.subject.members == members and one.subject.kind in ("group", "parameter")
        )  # fmt: skip
        bundles.append(
            Bundle(
                name=name,
                label=label,
                members=members,
                standing=max((standing_of(scenario, one) for one in members), key=STANDINGS.index),
                to_be_checked=any(scenario.is_recalled(one) for one in members),
                share=share_explained(outcome, weights, _draws_of(values, members)),
                worth=line.worth,
            )
        )
    return bundles


def _draws_of(values: Values, names: list[str] | tuple[str, ...]) -> Array:
    return np.array([np.asarray(values[name]) for name in names])


def _figure(scenario: Scenario, name: str, values: Values, together: str) -> Figure:
    record, leaf = scenario.parameters[name], scenario.leaves[name]
    drawn = np.asarray(values[name]) / leaf.price_factor
    low, high = (float(one) for one in np.quantile(drawn, INTERVAL)) if np.ptp(drawn) > 0 else (None, None)
    return Figure(
        name=name,
        label=record.label,
        unit=record.unit.text,
        price_year=record.price_year,
        value=leaf.central,
        low=low,
        high=high,
        sources=record.sources,
        standing=standing_of(scenario, name),
        to_be_checked=scenario.is_recalled(name),
        together=together,
    )
