"""Beyond the evidence: how much of a saving nobody has observed, and what is left if effects end with observation."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from costmodel.analysis.psa.monte_carlo import Spread, expected, spread
from costmodel.analysis.psa.table import paid_back, row
from costmodel.content import by_content
from costmodel.errors import InputError, made_by, one_of, some_of
from costmodel.model.run import checked_workers, run_as
from costmodel.page import Block, Column, Heading, Page, Paged, Paragraph, Table, drawn_of, of_run, titled
from costmodel.result.outcomes import cycles_to
from costmodel.result.payback import NEVER, NOTHING
from costmodel.result.result import DETERMINISTIC, Result, Run
from costmodel.result.table import THE_SAME, Row, in_words, payback_words
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
        perspective = self.result.setting.asked(perspective)
        name = self.result.strategies[self.result.compared(strategy)]
        return _unobserved(self.result, self.result.run(run), name, perspective)

    def verdict(
        self, stop: str, perspective: str | None = None, strategy: str | None = None, run: str | None = None
    ) -> Verdict:
        """Net saving, undiscounted, and sustained payback to the horizon under a stop."""
        if isinstance(stop, str) and stop in self.refused:
            raise InputError.at("stop", f'"{stop}" cannot be had here', f"{self.refused[stop].rstrip('.')}.")
        result = self.results[one_of("stop", stop, self.results)]
        perspective = self.result.setting.asked(perspective)
        reading, s, last = result.run(run), result.compared(strategy), len(result.horizons) - 1
        saving = spread(result, reading, lambda of: -result.net_cost(of, last, s, perspective=perspective))
        months = result.curve_payback(s, perspective, last, run=reading)
        words = payback_words(months, result.horizons[last], result.first_payment[s], saving.value)
        drawn = reading.name != DETERMINISTIC
        paid = result.chance_of_payback(reading, last, s, perspective) if drawn else None
        return Verdict(saving, months, paid, words)

    def sentences(self, perspective: str | None = None, strategy: str | None = None) -> list[str]:
        """How much of the saving nobody has observed, and the verdict under each stop."""
        setting = self.result.setting
        money = setting.currency.money
        result, perspective = self.result, self.result.setting.asked(perspective)
        part = self.unobserved(perspective, strategy)
        name, who = result.strategies[result.compared(strategy)], upper_first(setting.name(perspective))
        people, end = result.scenario.model.people, in_words(result.horizons[-1])
        told = [f"{who}: {part.words}."]
        if part.share is not None:
            saved, later = money(part.total * people), money(part.after * people)
            told[0] = (
                f"{who}: of {saved} saved on other care over {end} for {people:,} people, {later} comes after the "
                f"{result.scenario.model.follow_up.text} of follow-up: {part.words}."
            )
        if self.nothing:
            return told
        for stop in self.results:
            own = " (as the scenario says)" if self.results[stop] is result else ""
            known = self.verdict(stop, perspective, name)
            saving = f"net saving {money(known.saving.value * people)}"
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
        setting = self.result.setting
        import pandas as pd

        people, headline = self.result.scenario.model.people, self.result.headline.name
        rows = []
        for name, stop in product(perspectives, self.results):
            row: dict[str, Any] = {"who": setting.name(name), "stop": stop}
            for before, run in (("", headline), ("central_", DETERMINISTIC)):
                known = self.verdict(stop, name, strategy, run)
                words = setting.currency.money(known.saving.value * people)
                row |= {f"{before}saving": known.saving.value, f"{before}saving_words": words}
                row |= {f"{before}payback": known.words}
                if known.chance is not None:
                    row |= {"chance": known.chance, "chance_words": chance(known.chance)}
            rows.append(row)
        of_draws = (
            Column("saving", "net saving", "money", "saving_words"), Column("payback", "payback"),
            Column("chance", "its chance", "share", "chance_words"),
        ) if headline != DETERMINISTIC else ()  # fmt: skip
        columns = (
            Column("who", "", "text"), Column("stop", "", right=False), *of_draws,
            Column("central_saving", "at central values", "money", "central_saving_words"),
            Column("central_payback", "payback then"),
        )  # fmt: skip
        return Table(pd.DataFrame(rows), columns, name="beyond")

    def page(self, perspective: str | None = None, strategies: Collection[str] | None = None) -> Page:
        """What nobody has observed, and the verdict under each stop; perspective, strategies: only these."""
        import pandas as pd

        result, model, others = self.result, self.result.scenario.model, self.result.strategies[1:]
        known = result.setting.perspectives
        perspectives = some_of("perspective", known if perspective is None else [perspective], known)
        wanted = _wanted(result, strategies)
        labels = {name: strategy.label for name, strategy in model.strategies.items()}
        compared = [f"{labels[name]} against {labels[result.comparator]}" for name in wanted]
        blocks: list[Block] = []
        for name, heading in zip(wanted, compared, strict=True):
            blocks += [Heading(heading)] if len(others) > 1 else []
            blocks += [Heading("Beyond the evidence")]
            blocks += map(Paragraph, self.sentences(result.setting.asked(perspective), name))
            blocks += [] if self.nothing else [self._table(perspectives, name)]
        about = (
            f"{' and '.join(compared)}: {result.scenario.setting.prices} for {model.people:,} people over "
            f"{in_words(result.horizons[-1])}, undiscounted; a saving is positive."
        )
        data = {
            "schema": "costmodel/beyond/1", "settings": of_run(result, perspective), "refused": dict(self.refused),
            "lasting": list(self.lasting),
        }  # fmt: skip
        frame = pd.DataFrame(rows(self, perspectives, wanted)).astype(object)
        return Page(
            titled(result.scenario), tuple(blocks), (about,), result.scenario, drawn_of(result), result.warnings, data,
            frame,
        )  # fmt: skip


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
            scenario = result.scenario.changed({"beyond_follow_up": stop}, by="beyond")
        except InputError as error:
            refused[stop] = "; ".join(problem.found for problem in error.problems)
            continue
        results[stop] = result if stop == declared else run_as(result, scenario, workers=workers)
    ceasing = results.get("effects cease", result).scenario
    return Beyond(result, results, refused, tuple(dict.fromkeys(lasting(ceasing))))


def _wanted(result: Result, strategies: Collection[str] | None) -> list[str]:
    """Strategies beside the first, or those of them that are asked for, in their order. Raises InputError."""
    others = result.strategies[1:]
    named = others if strategies is None else some_of("strategy", strategies, others)
    return [name for name in others if name in named]


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


def _unobserved(result: Result, run: Run, strategy: str, perspective: str) -> Unobserved:
    s, last, horizon = result.strategies.index(strategy), len(result.horizons) - 1, in_words(result.horizons[-1])

    def saved(of: Run) -> Any:
        """On everything but the therapy."""
        therapy = result.net_cost(of, last, s, perspective=perspective, category="therapy")
        return therapy - result.net_cost(of, last, s, perspective=perspective)

    total, until = expected(run, saved), _observed_until(result.scenario, strategy)
    if not _lies_beyond(result, strategy):
        return Unobserved(total, 0.0, None, "nothing lies beyond the evidence: the horizon ends with observation")
    months = until * MONTHS_A_YEAR
    if inside := inside_a_cycle(result.scenario.model, months):
        words = f"what falls after the follow-up cannot be said: month {months:.6g} is within a cycle: {inside}"
        return Unobserved(total, NEVER, None, words)
    signs = [
        0 if item.category == "therapy" else result.setting.weight(perspective, item.paid_by, item.received_by)
        for item in result.items
    ]
    cost = (run.outcomes.mean_cost @ run.weights)[cycles_to(result.edges, until) :]
    after = -float((cost[..., s] - cost[..., 0]).sum(axis=0) @ np.array(signs)) + 0.0
    if total < NOTHING:
        costs = "costs the same" if total > -NOTHING else "costs more"
        return Unobserved(total, after, None, f"there is no saving: over {horizon}, other care {costs}")
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
    every = found.result.setting.perspectives
    perspectives = some_of("perspective", every if perspectives is None else perspectives, every)
    for strategy, perspective in product(_wanted(result, strategies), perspectives):
        s, last = result.strategies.index(strategy), len(result.horizons) - 1
        whose: dict[str, Any] = {"perspective": perspective}
        for stop, other in found.results.items():
            for name, run in other.runs.items():
                known, say = found.verdict(stop, perspective, strategy, name), partial(row, other, run, last, s)
                months: dict[str, Any] = {"unit": "months", "words": known.words}
                yield say("net_saving", known.saving, **whose)
                yield say("payback_sustained_months", Spread(known.months), **months, **whose)
                if known.chance is not None:
                    yield say("chance_payback", paid_back(other, run, last, s, perspective), unit="share", **whose)
        for name, run in result.runs.items():
            part, say = found.unobserved(perspective, strategy, name), partial(row, result, run, last, s)
            share = Spread(NEVER if part.share is None else part.share)
            yield say("saving_after_follow_up", Spread(part.after), words=part.words, **whose)
            yield say("share_of_saving_after_follow_up", share, unit="share", words=part.words, **whose)
