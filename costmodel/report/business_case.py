"""For a business case: what may be said of an answer and what may not, the strongest objection, the trials to cite.

    found = business_case(board(result))

- `sentences`: four that may be used, each with its chance and its source. `paragraph`: one to be copied; it always has
  the range and the objection. `unsaid`: two that may not, from the claims that bear on these people, with the reason.
- `trials`: what the effects of the therapy rest on. `page()`: all of it, for every medium.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from costmodel.analysis.claims import FILE, FOLDER, Claim, claims
from costmodel.analysis.psa.comparison import Comparison
from costmodel.content import by_content
from costmodel.page import Block, Notes, Page, Paged, Paragraph, of_run, page_of
from costmodel.report.board import Board, health_is_modelled
from costmodel.report.saved import command
from costmodel.result.purse import purse
from costmodel.result.table import in_words
from costmodel.scenario import joint
from costmodel.scenario.load import catalogue
from costmodel.synthesis.file import read_synthesis
from costmodel.synthesis.rows import ASSUMED
from costmodel.version import engine
from costmodel.words import in_100, lower_first, upper_first

SCHEMA = "costmodel/business-case/1"
MOST_UNSAID = 2
"""Sentences that may not be used, the first of the claims that bear on these people."""


@by_content
@dataclass(frozen=True, repr=False)
class BusinessCase(Paged):
    """What may be said of a board page in a business case."""

    board: Board

    @property
    def sentences(self) -> tuple[str, ...]:
        """Four that may be used, each with chance and source: money, the range, health, the price.

        Where health is not modelled, the chance within what was observed stands in its place.
        """
        of, verdict = self.board.of, self.board.verdict
        scenario = of.result.scenario
        who, people = upper_first(of.result.setting.payer(of.perspective)), f"{scenario.model.people:,}"
        therapy = scenario.model.strategies[of.name].therapy
        price = [one for one in (therapy.price,) if isinstance(one, str)] if therapy else []
        course, back = (of.expected(one) for one in (Comparison.therapy, Comparison.elsewhere))
        returned = f"{of.money(back)} comes back" if back >= 0 else f"{of.money(-back)} more is spent on other care"
        chance = f" (chance of repaying: {in_100(verdict.chance)})" if verdict.chance is not None else ""
        money = f"Therapy for {people} people costs {of.money(course)}; over {in_words(of.months)} {returned}{chance}"
        effects, within = [*price, *self._acting(money=True)], f"of repaying within {in_words(of.months)} is 50 in 100"
        even = f"There is no price of a session at which the chance {within}"
        if verdict.price is None:
            even = f"At which price of a session the chance {within} is not known here"
        elif verdict.price > 0 and therapy is not None:
            asked, now = (
                of.result.setting.currency.money(one) for one in (verdict.price, scenario.value(therapy.price))
            )
            even = f"At {asked} a session the chance {within}; a session costs {now} here"
        third = upper_first(verdict.health.removeprefix("Health: ")), self._acting(money=False)
        if not health_is_modelled(of):
            seen = of.to(0)
            third = f"Within the {in_words(seen.months)} observed, chance of repaying: {self._chance(seen)}", effects
        said = (money, effects), (f"{who}: {self.range}", effects), third, (even, price)
        return tuple(f"{one}. {self._given}Source: {self._ours}; {self._sources(names)}." for one, names in said)

    def _chance(self, of: Comparison) -> str:
        return in_100(of.paid_back().value) if of.result.draws else "not known without draws"

    @property
    def range(self) -> str:
        """Net saving with its 95% interval, and the chance that it is above 0, in a sentence."""
        of = self.board.of
        saving = of.spread(Comparison.saving)
        ends = [of.money(end) for end in (saving.low, saving.high) if end is not None]
        between = f" (95% interval {' to '.join(ends)}" if ends else ""
        chance = f"; chance that it is above 0: {in_100(of.mean(of.saving() > 0))})" if between else ""
        return f"net saving over {in_words(of.months)} is {of.money(saving.value)}{between}{chance}"

    @property
    def objection(self) -> str:
        """What moves the chance most, within a sentence; else why there is none."""
        none = (
            "no other reading of the evidence was tried." if self.board.verdict.chances else "no chance is told here."
        )
        return lower_first(self.board.objection) or none

    @property
    def paragraph(self) -> str:
        """What evidence is wanting, the verdict, the range and the objection, to be copied as they stand."""
        of, model = self.board.of, self.board.of.result.scenario.model
        label, first = model.strategies[of.name].label, model.strategies[of.result.comparator].label
        money, health = self.board.verdict.lines
        lacks = f"{model.lacks} " if model.lacks else ""
        about = f"{lacks}{label} instead of {lower_first(first)}, {model.people:,} people, {of.result.setting.prices}"
        against = f"The strongest objection: {self.objection} ({self._ours}.)"
        return f"{about}. {money}. {health}. {upper_first(self.range)}. {against}"

    @property
    def unsaid(self) -> tuple[str, ...]:
        """Two sentences that may not be used, with the reason and the claim; fewer where fewer are known."""
        if not os.path.isfile(catalogue() / FOLDER / FILE):  # scenarios of the reader's own, without claims
            return ()
        home = self.board.of.result.scenario
        about = (home.base or home).path.resolve().parent.name
        found = [one for one in claims().of if about in one.record.populations and one.record.not_so]
        return tuple(map(_unsaid, found[:MOST_UNSAID]))

    @property
    def trials(self) -> tuple[str, ...]:
        """What the effects rest on: trials taken together, then those of health, each with how it is known."""
        scenario = self.board.of.result.scenario
        found: dict[str, None] = {}
        used = {scenario.leaves[name].posterior for name in self._acting(money=True) if name in scenario.leaves}
        for path in dict.fromkeys(one[0] for one in sorted(filter(None, used), key=str)):
            label = joint.label_of(scenario.posteriors[path], path.name)
            file = (path.parent / label.file).resolve() if label and label.file else path
            if isinstance(label, joint.SynthesisLabel) and file != path and os.path.isfile(file):
                rows = read_synthesis(file).of(label.position)
                seen = [one for one in rows if one.design != ASSUMED and one.trial not in label.without]
                found |= {f"{one.name}: {one.source} ({one.status})": None for one in seen}
        for source in self._estimands():
            one = scenario.sources[source]
            found[f"{source}: {one.citation} ({one.status})"] = None
        return tuple(found)

    def page(self) -> Page:
        """The paragraph, what may be used and what may not, the objection, the trials."""
        of = self.board.of
        blocks: tuple[Block, ...] = (
            Paragraph(self.paragraph, strong=True),
            Notes("Four sentences that may be used", self.sentences),
            Notes("Sentences that may not be used, and why", self.unsaid),
            Notes("The strongest objection", (upper_first(self.objection),)),
            Notes("The trials to cite", self.trials),
        )
        data: dict[str, Any] = {"schema": SCHEMA, "settings": of_run(of.result, of.perspective)}
        found = page_of(of.result, blocks, (), data, self.board.frame)
        asked = self.board.asked | {"for": "business-case"}
        again = command(of.result, "report", of.perspective, "case.html", **asked)
        return self.board.ended(replace(found, title=f"For a business case: {found.title}"), again)

    @property
    def _given(self) -> str:
        verdict = self.board.verdict
        given = verdict.chances[0].given if verdict.chances else ""
        withheld = f"No verdict: {verdict.withheld}. " if verdict.withheld else ""
        return withheld + (f"Chance given: {given}. " if given else "")

    @property
    def _ours(self) -> str:
        return f"{engine()}, scenario {self.board.of.result.scenario.sha256[:12]}"

    def _effects(self) -> Iterator[Any]:
        of = self.board.of
        for structure in of.result.scenario.structures:
            yield from structure.model.strategies[of.name].effects.values()

    def _acting(self, money: bool) -> list[str]:
        """Parameters of effects on money that the payer pays, or on health."""
        of, names = self.board.of, dict[str, None]()
        ours = purse(of.result, of.run, of.horizon, of.strategy, perspective=of.perspective)
        for effect in self._effects():
            on_money = effect.cost_ratio is not None
            of_others = bool(effect.channels) and not set(effect.channels or ()) & set(ours)
            if on_money == money and effect.jobs is None and not of_others:
                keys = ("cost_ratio",) if money else ("hazard_ratio", "relative_risk", "rate")
                names |= dict.fromkeys(str(found) for key in keys if (found := getattr(effect, key, None)) is not None)
        return list(names)

    def _estimands(self) -> dict[str, None]:
        """Sources of what was measured of health."""
        found = (one.estimand for one in self._effects() if one.cost_ratio is None and one.jobs is None)
        return dict.fromkeys(one.source for one in found if one is not None)

    def _sources(self, names: Iterable[str]) -> str:
        """Ids of the sources behind some parameters."""
        scenario = self.board.of.result.scenario
        behind = scenario.behind([name for name in names if name in scenario.parameters])
        return ", ".join(dict.fromkeys(one for name in behind for one in scenario.parameters[name].sources))


def _unsaid(claim: Claim) -> str:
    walked = f" On controlled evidence: {claim.walked}." if claim.walked else ""
    sources = ", ".join(dict.fromkeys((claim.name, *claim.record.source)))
    return f"“{claim.record.not_so}.” {claim.record.verdict}.{walked} Source: {sources}."


def business_case(board: Board) -> BusinessCase:
    """What may be said of a board page in a business case, and what may not."""
    return BusinessCase(board)
