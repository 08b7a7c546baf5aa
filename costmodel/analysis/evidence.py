"""Every number behind an answer: its standing, its share of the uncertainty, and what knowing it would be worth."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from costmodel.analysis.voi import (
    Question,
    ValueOfInformation,
    drawn_together,
    question_of,
    uncertain,
    value_of_information,
)
from costmodel.content import by_content
from costmodel.currency import MINUS
from costmodel.errors import InputError, can_be_called, made_by, path_of, shown
from costmodel.model.draws import Values
from costmodel.model.run import SEED, Progress, checked_draws, run, values_of
from costmodel.page import NONE, Block, Column, Heading, Notes, Page, Paged, Paragraph, Table
from costmodel.result.information import Worth, share_between, share_explained, variance
from costmodel.result.table import in_words
from costmodel.scenario.build import Scenario
from costmodel.scenario.load import MODEL, base_file, kind_of, load
from costmodel.scenario.parameter import STRENGTH
from costmodel.scenario.read import read_file

__all__ = ["DRAWS", "STANDINGS", "Bundle", "Evidence", "evidence", "evidence_of_all"]

Array = NDArray[np.float64]
DRAWS = 10_000
"""Draws behind the page."""
SPREAD_ASSUMED, TO_BE_CHECKED = "spread assumed", "to be checked"
STANDINGS = {
    "read": "read at the source, spread and all",
    "derived": "derived from what was read",
    SPREAD_ASSUMED: "read or derived, and its spread an assumption",
    "recalled": "recalled, to be checked",
    "assumption": "assumption",
}
"""From the best to the weakest. A centre that was read or derived may have a spread that nobody measured."""
PENNY, HALF_A_PERCENT = 0.005, 0.005
ABOUT = (
    "For each population: every number behind the answer of its model, who says so, how we know it, and how much of "
    "the uncertainty of the headline rests on it. The headline is the net saving to the NHS and personal social "
    "services at the follow-up, undiscounted, of the first therapy against the comparator. Share of the "
    "uncertainty: by how much its variance would fall if the number were known (its first-order share, by "
    "regression on the draws). Shares need not sum to 1: the rest lies in what numbers do only together. Numbers "
    "that were fitted together are known together. A number that is made of others is as well known as the weakest "
    "of them, and is not listed. What was held fixed adds nothing to the uncertainty, however little is known of "
    "it.",
    "Worth of knowing it: the expected value of partial perfect information on net benefit, as `costmodel voi` says "
    "it. Where no single number could change which strategy is best, all are worth nothing, and the order is that "
    "of the uncertainty.",
)
SHARE = Column("share", "Share of the uncertainty", words="share_words", width=24)
STATUS_COLUMNS = (
    Column("status", "Status", right=False, width=44),
    Column("numbers", "Uncertain numbers", "count"),
    SHARE,
)
GAP_KEYS = ["place", "label", "status", "worth", "error", "share", "share_words"]
GAP_COLUMNS = (
    Column("place", "", "count", width=5), Column("label", "What is not known", "text", right=False, width=60),
    Column("status", "Status", right=False), Column("worth", "Worth of knowing it, a person", "money"),
    Column("error", "Standard error", "money"), SHARE,
)  # fmt: skip
NUMBER_COLUMNS = (
    Column("label", "Number", "text", width=60), Column("value", "Value", "rounded", "value_words"),
    Column("low", "95% interval", "rounded", "interval_words"), Column("source_words", "Sources", right=False),
    Column("status_words", "Status", right=False), SHARE,
)  # fmt: skip
INTERVAL = (0.025, 0.975)


@dataclass(frozen=True)
class Bundle:
    """Numbers that are known or not known together: one alone, or those that were fitted together.

    standing: the weakest of theirs. share: of the variance of net saving. worth: of knowing them before deciding, money
    per person.
    """

    name: str
    label: str
    members: tuple[str, ...]
    standing: str
    to_be_checked: bool
    share: float
    worth: Worth

    @property
    def unknown(self) -> bool:
        """Whether it is recalled, or assumed if only in its spread."""
        return self.to_be_checked or self.standing in list(STANDINGS)[2:]


@by_content
@dataclass(frozen=True, repr=False)
class Evidence(Paged):
    """What the answer of one population rests on.

    strategy: the second, whose net saving is looked at. standard_deviation: of that, money per person. intervals: of
    every number behind the answer, 95% of its draws in its own unit and price year, None where it is held fixed.
    by_standing: share of the variance that knowing all numbers of a standing would take away; structure: which
    alternative is true (None where there is one). information: the question of which worth is said.
    """

    population: str
    scenario: Scenario
    strategy: str
    horizon_months: float
    standard_deviation: float
    intervals: dict[str, tuple[float, float] | None]
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
        """What is not known: by what knowing it is worth, then by its share."""
        return sorted((one for one in self.bundles if one.unknown), key=lambda one: (-one.worth.value, -one.share))

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each number behind the answer, as its file states it."""
        bundle_of = {name: one for one in self.bundles for name in one.members}
        return pd.DataFrame(
            [_row(self, name, interval, bundle_of.get(name)) for name, interval in self.intervals.items()]
        ).astype(object)

    def page(self) -> Page:
        """As `page_of`, of this population alone."""
        return page_of([self])

    def blocks(self) -> Iterator[Block]:
        """What is said of this population."""
        currency = self.scenario.setting.currency
        money = currency.money

        model, question = self.scenario.model, self.information
        comparator, whole = model.strategies[next(iter(model.strategies))].label, question.everything.worth
        yield Heading(model.title)
        yield Paragraph(
            f"{model.strategies[self.strategy].label} against {comparator.lower()}, over "
            f"{in_words(self.horizon_months)}. Net saving varies with a standard deviation of "
            f"{money(self.standard_deviation)} a person (prices of {self.scenario.setting.price_year}). About this "
            f"population: scenarios/{self.population}/README.md."
        )
        shares: dict[str, tuple[int | None, float]] = {
            STANDINGS[standing]: (sum(len(one.members) for one in self.bundles if one.standing == standing), share)
            for standing, share in self.by_standing.items()
        }
        if self.structure is not None:
            shares["which structure is true"] = (None, self.structure)
        shares["what these do only together"] = (None, max(self.rest, 0.0))
        by_status = [
            {"status": status, "numbers": count, "share": share, "share_words": _percent(share)}
            for status, (count, share) in shares.items()
        ]
        yield Table(pd.DataFrame(by_status).astype(object), STATUS_COLUMNS, name=f"{self.population} status")
        yield Paragraph(
            f"The gaps in order of value. {question.asked}. Knowing everything would be worth {money(whole.value)} "
            f"± {money(whole.error)}."
        )
        large = [gap for gap in self.gaps if gap.worth.value >= PENNY or gap.share >= HALF_A_PERCENT]
        gaps = [
            {
                "place": place,
                "label": self._members(gap),
                "status": _status(self.scenario, gap.members, gap.standing),
                "worth": gap.worth.value,
                "error": gap.worth.error,
                "share": gap.share,
                "share_words": _percent(gap.share),
            }
            for place, gap in enumerate(large, start=1)
        ]
        worth = pd.DataFrame(gaps, columns=GAP_KEYS).astype(object)
        yield Table(worth, GAP_COLUMNS, name=f"{self.population} gaps", currency=currency)
        fixed = sum(
            interval is None
            and (self.scenario.is_recalled(name) or standing_of(self.scenario, name) in ("recalled", "assumption"))
            for name, interval in self.intervals.items()
        )
        yield Paragraph(
            f"{len(self.gaps) - len(large)} more are worth nothing alone and carry under 1% of the uncertainty each. "
            f"{fixed} that are recalled or assumed are held fixed: nothing can be said of what knowing them is worth."
        )
        yield Table(self.frame, NUMBER_COLUMNS, name=f"{self.population} numbers")
        cited = dict.fromkeys(source for name in self.intervals for source in self.scenario.parameters[name].sources)
        sources = [(name, self.scenario.sources[name]) for name in cited]
        lines = (
            f"{name}: {one.citation}, {one.status}{f' ({TO_BE_CHECKED})' if one.status == 'recalled' else ''}"
            for name, one in sources
        )
        yield Notes(f"Sources: {model.title}", tuple(lines))

    def _members(self, gap: Bundle) -> str:
        labels = [self.scenario.parameters[name].label for name in gap.members]
        return gap.label + (f" ({'; '.join(labels)})" if len(labels) > 1 else "")


def page_of(found: Sequence[Evidence]) -> Page:
    """What the answers of some populations, at least one, rest on: number by number, and the gaps by their value."""
    draws, seed = found[0].information.draws, found[0].information.result.seed
    return Page(
        "What the answers rest on",
        (
            Notes("How a number is known", tuple(f"{name}: {meaning}" for name, meaning in STANDINGS.items())),
            *(block for one in found for block in one.blocks()),
            Paragraph(f"{draws:,} draws, seed {seed}."),
        ),
        ABOUT,
        data={"schema": "costmodel/evidence/1", "settings": {"draws": draws, "seed": seed}},
        frame=pd.concat([one.frame for one in found], ignore_index=True),
    )


def _row(found: Evidence, name: str, interval: tuple[float, float] | None, bundle: Bundle | None) -> dict[str, Any]:
    """A number as its file states it, and what rests on it."""
    scenario, record = found.scenario, found.scenario.parameters[name]
    value, (low, high) = scenario.leaves[name].central, interval or (None, None)
    together = f" ({bundle.name}, together)" if bundle and len(bundle.members) > 1 else ""
    return {
        "population": found.population,
        "name": name,
        "label": record.label,
        "value": value,
        "unit": record.unit.text,
        "price_year": record.price_year,
        "low": low,
        "high": high,
        "sources": list(record.sources),
        "status": standing_of(scenario, name),
        "to_be_checked": scenario.is_recalled(name),
        "share": bundle.share if bundle else None,
        "value_words": f"{_number(value)} {record.unit.text}{f' ({record.price_year})' if record.price_year else ''}",
        "interval_words": f"{_number(interval[0])} to {_number(interval[1])}" if interval else "held fixed",
        "source_words": ", ".join(record.sources),
        "status_words": _status(scenario, (name,)),
        "share_words": _percent(bundle.share) + together if bundle else NONE,
    }


def _status(scenario: Scenario, members: tuple[str, ...], standing: str = "") -> str:
    said = standing or standing_of(scenario, members[0])
    return f"{said}, {TO_BE_CHECKED}" if any(map(scenario.is_recalled, members)) else said


def _percent(share: float) -> str:
    """A share of the variance in whole per cent; below one, the regression cannot tell it from nothing."""
    return "under 1%" if share < HALF_A_PERCENT else f"{share:.0%}"


def _number(value: float) -> str:
    """A value as the files state it, at most four figures where it was drawn or fitted."""
    size = abs(value)
    text = (
        f"{size:,.0f}" if size >= 1_000 and size == round(size) else f"{size:,.2f}" if size >= 1_000 else f"{size:.4g}"
    )
    return MINUS * (value < 0) + text


def evidence_of_all(
    folder: Path, draws: int = DRAWS, seed: int = SEED, progress: Progress | None = None
) -> list[Evidence]:
    """Of the base of every population below a folder that has an answer. Raises InputError as `load`."""
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
        found.append(evidence(load(base_file(home)), home.name, draws, seed))
    if progress:
        progress("Weighing the evidence", len(homes), len(homes))
    return found


def evidence(scenario: Scenario, population: str, draws: int = DRAWS, seed: int = SEED) -> Evidence:
    """What the answer of a scenario rests on: net saving of its second strategy against the comparator."""
    made_by("scenario", scenario, Scenario, "costmodel.load")
    if not isinstance(population, str):
        raise InputError.at("population", f"{shown(population)} is no name", "Write it as a text.")
    alone = replace(scenario, conventions={})  # nothing here is asked of conventions about money, nor of strata apart
    result = run(alone, draws=checked_draws(draws, 2), seed=seed, strata=False)
    information = value_of_information(result, "nmb", result.setting.main)
    values = values_of(result, information.draws)
    headline = question_of(result, "cash", result.setting.main, horizon_months=result.horizons[0])
    outcome = _net_saving(headline, information)
    needed = scenario.used
    varying = [name for name in uncertain(scenario, values) if name in set(needed)]
    bundles = tuple(_bundles(scenario, varying, values, outcome, information))
    standings = {}
    for standing in STANDINGS:
        members = [name for one in bundles if one.standing == standing for name in one.members]
        if members:
            standings[standing] = share_explained(outcome, result.weights, _draws_of(values, members))
    return Evidence(
        population=population,
        scenario=scenario,
        strategy=result.strategies[1],
        horizon_months=result.horizons[0],
        standard_deviation=float(np.sqrt(variance(outcome, result.weights))),
        intervals={name: _interval(scenario, name, values) for name in needed if name in scenario.leaves},
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
    """Net saving of the second strategy, money per person, (alternative, draw)."""
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
                standing=max((standing_of(scenario, one) for one in members), key=list(STANDINGS).index),
                to_be_checked=any(scenario.is_recalled(one) for one in members),
                share=share_explained(outcome, weights, _draws_of(values, members)),
                worth=line.worth,
            )
        )
    return bundles


def _draws_of(values: Values, names: list[str] | tuple[str, ...]) -> Array:
    return np.array([np.asarray(values[name]) for name in names])


def _interval(scenario: Scenario, name: str, values: Values) -> tuple[float, float] | None:
    drawn = np.asarray(values[name]) / scenario.leaves[name].price_factor
    low, high = np.quantile(drawn, INTERVAL)
    return (float(low), float(high)) if np.ptp(drawn) > 0 else None
