"""Beyond the evidence: how much of a saving nobody has observed, and what is left if effects end with observation."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from costmodel.analysis.psa.comparison import Comparison, Spread
from costmodel.analysis.psa.draws import asked_for
from costmodel.content import by_content
from costmodel.errors import InputError, made_by, one_of
from costmodel.model.run import checked_workers, run_as
from costmodel.page import LONGEST, Block, Column, Heading, Page, Paged, Paragraph, Table, cut, of_run, page_of, titled
from costmodel.result.outcomes import SAME_YEARS, cycles_to
from costmodel.result.payback import NEVER, NOTHING
from costmodel.result.result import DETERMINISTIC, Result
from costmodel.result.table import THE_SAME, Row, in_words
from costmodel.scenario.build import Scenario
from costmodel.scenario.clock import MONTHS_A_YEAR, inside_a_cycle, instant, window
from costmodel.scenario.fields import Instant
from costmodel.words import chance, lower_first, upper_first

STOPS = {
    "gap closes": "The gap closes at once",
    "effects cease": "Effects cease",
    "effects persist": "Effects persist",
}
"""What may happen after the last observation, from the most to the least cautious."""
FOLLOW_UP = Instant("follow-up", 0.0, "follow-up")


@dataclass(frozen=True)
class Unobserved:
    """Savings on everything but the therapy, money per person: to the horizon, and of that after the last observation.

    after: NEVER where the follow-up ends inside a cycle, because no sum ends there. share: None where there is no
    saving to share out, or no sum. words: the finding.
    """

    total: float
    after: float
    share: float | None
    words: str


@dataclass(frozen=True)
class Verdict:
    """Net saving and payback to the horizon if effects end in one way. chance: None in the deterministic run."""

    saving: Spread
    months: float
    chance: float | None
    words: str
    """The payback in words."""


@by_content
@dataclass(frozen=True, repr=False)
class Beyond(Paged):
    """A result under each way in which effects may end, with the same draws.

    results: by a key of STOPS, the scenario's own among them; that one alone where nothing lies beyond the evidence.
    refused: why a way cannot be had. lasting: effects that last beyond the last observation even where effects cease,
    because the scenario says until when, by strategy and name.
    """

    result: Result
    results: Mapping[str, Result]
    refused: Mapping[str, str]
    lasting: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        """Whether the horizon ends with observation."""
        return not any(_lies_beyond(self.result, strategy) for strategy in self.result.strategies[1:])

    def unobserved(
        self, perspective: str | None = None, strategy: str | None = None, run: str | None = None
    ) -> Unobserved:
        """How much of the saving falls after the last observation, as the scenario stands."""
        return _unobserved(_compared(self.result, perspective, strategy, run))

    def verdict(
        self, stop: str, perspective: str | None = None, strategy: str | None = None, run: str | None = None
    ) -> Verdict:
        """Net saving, undiscounted, and sustained payback to the horizon under a stop."""
        if isinstance(stop, str) and stop in self.refused:
            raise InputError.at("stop", f'"{stop}" cannot be had here', f"{self.refused[stop].rstrip('.')}.")
        of = _compared(self.results[one_of("stop", stop, self.results)], perspective, strategy, run)
        months = of.payback()
        paid = None if of.run.name == DETERMINISTIC else of.paid_back().value
        return Verdict(of.spread(Comparison.saving), months, paid, of.when(months))

    def sentences(self, perspective: str | None = None, strategy: str | None = None) -> list[str]:
        """How much of the saving nobody has observed, and the verdict under each stop."""
        of = _compared(self.result, perspective, strategy)
        part, model, name = _unobserved(of), of.result.scenario.model, of.name
        who = upper_first(of.result.setting.name(of.perspective))
        told = [f"{who}: {part.words}."]
        if part.share is not None:
            told[0] = (
                f"{who}: of {of.money(part.total)} saved on other care over {in_words(of.months)} for {model.people:,} "
                f"people, {of.money(part.after)} comes after the {model.follow_up.text} of follow-up: {part.words}."
            )
        if self.nothing:
            return told
        for stop, result in self.results.items():
            own, known = " (as the scenario says)" * (result is self.result), self.verdict(stop, of.perspective, name)
            saving = f"net saving {of.money(known.saving.value)}"
            text = f"{saving} at central values, money back {known.words}"
            if known.words == THE_SAME:
                text = "it costs the same, and there is nothing to pay back"
            elif known.chance is not None:
                text = f"{saving} on average, money back {known.words}, and in {chance(known.chance)} simulations"
            told.append(f"If {lower_first(STOPS[stop])} after the follow-up{own}: {text}.")
        told += [f"That {lower_first(STOPS[stop])} cannot be asked here: {why}." for stop, why in self.refused.items()]
        if lasting := [one.partition(": ")[2] for one in self.lasting if one.startswith(f"{name}: ")]:
            told.append(f"The scenario itself lets {', '.join(lasting)} last longer, whatever is said of the others.")
        return told

    def _table(self, perspectives: Collection[str], strategy: str) -> Table:
        """The verdicts for some payers, in the headline and at central values."""
        rows, drawn, people = [], bool(self.result.draws), self.result.scenario.model.people
        for name, stop in product(perspectives, self.results):
            known, central = (self.verdict(stop, name, strategy, run) for run in (None, DETERMINISTIC))
            rows.append(
                {
                    "who": self.result.setting.name(name), "stop": stop, "saving": known.saving.value,
                    "payback": known.words, "chance": known.chance, "central_saving": central.saving.value,
                    "central_payback": central.words,
                }
            )  # fmt: skip
        of_draws = (
            Column("saving", "net saving", "money", people=people), Column("payback", "payback"),
            Column("chance", "its chance", "chance"),
        ) if drawn else ()  # fmt: skip
        columns = (
            Column("who", "", "text"), Column("stop", "", right=False), *of_draws,
            Column("central_saving", "at central values", "money", people=people),
            Column("central_payback", "payback then"),
        )  # fmt: skip
        return Table(pd.DataFrame(rows), columns, name="beyond")

    def page(self, perspective: str | None = None, strategies: Collection[str] | None = None) -> Page:
        """What nobody has observed, and the verdict under each stop; perspective, strategies: only these."""
        result = self.result
        payers, wanted = asked_for(result, None if perspective is None else [perspective], strategies)
        blocks: list[Block] = []
        for name in wanted:
            blocks += [Heading(_compared(result, strategy=name).compared)] if len(result.strategies) > 2 else []
            blocks += [Heading("Beyond the evidence"), *map(Paragraph, self.sentences(perspective, name))]
            blocks += [] if self.nothing else [self._table(payers, name)]
        data = {
            "schema": "costmodel/beyond/1", "settings": of_run(result, perspective), "refused": dict(self.refused),
            "lasting": list(self.lasting),
        }  # fmt: skip
        frame = pd.DataFrame(rows(self, payers, wanted)).astype(object)
        return page_of(result, blocks, (self._about(wanted),), data, frame)

    def _about(self, strategies: Iterable[str]) -> str:
        compared = " and ".join(_compared(self.result, strategy=name).compared for name in strategies)
        people, end = self.result.scenario.model.people, in_words(self.result.horizons[-1])
        prices = self.result.setting.prices
        return f"{compared}: {prices} for {people:,} people over {end}, undiscounted; a saving is positive."

    def __repr__(self) -> str:
        """What nobody has observed of each strategy, without the page."""
        others = self.result.strategies[1:]
        each = [_compared(self.result, strategy=name) for name in others]
        told = [f"{one.label}: {_unobserved(one).words}" for one in each]
        return cut("\n".join((titled(self.result.scenario), self._about(others), *told)), LONGEST)


def beyond(result: Result, *, workers: int | None = None) -> Beyond:
    """Run the scenario of a result again under the other ways in which effects may end, with the same draws.

    workers: as in `run`.
    """
    made_by("result", result, Result, "costmodel.run")
    checked_workers(workers)
    declared = result.scenario.model.beyond_follow_up
    found = Beyond(result, {declared: result}, {}, ())
    if found.nothing:
        return found
    results: dict[str, Result] = {}
    refused: dict[str, str] = {}
    for stop in STOPS:
        try:
            whole = bool(result.scenario.conventions)
            scenario = result.scenario.changed({"beyond_follow_up": stop}, by="beyond", whole=whole)
        except InputError as error:
            refused[stop] = "; ".join(problem.found for problem in error.problems)
            continue
        results[stop] = result if stop == declared else run_as(result, scenario, workers=workers)
    ceasing = results.get("effects cease", result).scenario
    return Beyond(result, results, refused, tuple(dict.fromkeys(lasting(ceasing))))


def _compared(
    result: Result, perspective: str | None = None, strategy: str | None = None, run: str | None = None
) -> Comparison:
    """A strategy against the comparator to the horizon, in any reading. Raises InputError."""
    last, payer = len(result.horizons) - 1, result.setting.asked(perspective)
    return Comparison(result, result.run(run), last, result.compared(strategy), payer)


def _observed_until(scenario: Scenario, strategy: str) -> float:
    """Years from referral to the last observation of those who had a strategy."""
    return float(instant(scenario.model, strategy, FOLLOW_UP, "follow_up"))


def _lies_beyond(result: Result, strategy: str) -> bool:
    return _observed_until(result.scenario, strategy) < float(result.edges[-1]) - 1e-9


def lasting(scenario: Scenario) -> Iterator[str]:
    """Effects that the file itself lets last beyond the last observation, whatever is said of the others."""
    for structure in made_by("scenario", scenario, Scenario, "costmodel.load").structures:
        ceasing = structure.model.model_copy(update={"beyond_follow_up": "effects cease"})
        for name, strategy in ceasing.strategies.items():
            observed = _observed_until(scenario, name)
            for effect_name, effect in strategy.effects.items():
                _, last = window(ceasing, name, effect_name, effect)
                if effect.half_life is not None or last > observed + 1e-9:
                    yield f"{name}: {effect_name}"


def _unobserved(of: Comparison) -> Unobserved:
    result, s = of.result, of.strategy
    total, until = of.expected(Comparison.elsewhere), _observed_until(result.scenario, of.name)
    if not _lies_beyond(result, of.name):
        ends = "with" if until <= float(result.edges[-1]) + SAME_YEARS else "before"
        return Unobserved(total, 0.0, None, f"nothing lies beyond the evidence: the horizon ends {ends} observation")
    months = until * MONTHS_A_YEAR
    if inside := inside_a_cycle(result.scenario.model, months):
        words = f"what falls after the follow-up cannot be said: month {months:.6g} is within a cycle: {inside}"
        return Unobserved(total, NEVER, None, words)
    signs = [
        0 if item.category == "therapy" else result.setting.weight(of.perspective, item.paid_by, item.received_by)
        for item in result.items
    ]
    cost = (of.run.outcomes.mean_cost @ of.run.weights)[cycles_to(result.edges, until) :]
    after = -float((cost[..., s] - cost[..., 0]).sum(axis=0) @ np.array(signs)) + 0.0
    if total < NOTHING:
        costs = "costs the same" if total > -NOTHING else "costs more"
        words = f"there is no saving: over {in_words(of.months)}, other care {costs}"
        return Unobserved(total, after, None, words)
    share = after / total
    if after < NOTHING:
        words = "none of the saving falls after the last observation"
    elif share > 1:
        words = "all of the saving falls after the last observation; before it, other care costs more"
    else:
        words = f"{share:.0%} of the saving falls after the last observation"
    return Unobserved(total, after, share, words)


def rows(
    found: Beyond, perspectives: Collection[str] | None = None, strategies: Collection[str] | None = None
) -> Iterator[Row]:
    """Net saving and payback to the horizon under each stop, then what nobody has observed; in every reading."""
    result = made_by("found", found, Beyond, "costmodel.beyond").result
    payers, named = asked_for(result, perspectives, strategies)
    for strategy, perspective in product(named, payers):
        for other in found.results.values():
            for run in other.runs:
                of = _compared(other, perspective, strategy, run)
                months = of.payback()
                yield of.row("net_saving", of.spread(Comparison.saving))
                yield of.row("payback_sustained_months", Spread(months), unit="months", words=of.when(months))
                if run != DETERMINISTIC:
                    yield of.row("chance_payback", of.paid_back(), unit="share")
        for run in result.runs:
            of = _compared(result, perspective, strategy, run)
            part = _unobserved(of)
            share = Spread(NEVER if part.share is None else part.share)
            yield of.row("saving_after_follow_up", Spread(part.after), words=part.words)
            yield of.row("share_of_saving_after_follow_up", share, unit="share", words=part.words)
